// The checkpoints of one training stage: step-00000200 and so on, in one folder.
//
// Resuming takes the newest one that is whole; a damaged one is named, removed, and the one before it is used.
#pragma once

#include <filesystem>
#include <optional>

#include "framework/base/log.h"
#include "framework/comm/groups.h"
#include "framework/store/manifest.h"
#include "framework/tensor/parameter.h"
#include "framework/train/trainer.h"

namespace ft {

class Checkpoints {
 public:
  Checkpoints(std::filesystem::path folder, Groups groups, Logger& log);

  // Collective: fills parameters, moments and cursor from the newest sound checkpoint; false when there is none.
  bool restore(ParameterSet& parameters, Trainer& trainer);

  // Collective: seals the state, then removes what the retention (last `keep`, and the best one) does not want.
  void save(const ParameterSet& parameters, Trainer& trainer, const TrainCursor& cursor, const std::string& stage,
            const std::vector<std::pair<std::string, std::string>>& files, const std::vector<Parent>& parents, int keep);

  // Collective: the weights of one step, which must have been kept.
  void load_weights(std::int64_t step, ParameterSet& parameters);

 private:
  std::filesystem::path path_of(std::int64_t step) const;
  std::vector<std::int64_t> steps() const;
  std::optional<std::int64_t> newest_sound();

  std::filesystem::path folder_;
  Groups groups_;
  Logger& log_;
};

}  // namespace ft

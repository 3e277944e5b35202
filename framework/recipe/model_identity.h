// What identifies a model of the run file: a preset's shape, seed and vocabulary, or the content of the files of its
// folder that are read. Where it lies does not count.
//
//   plan.model_identities["base"] = model_identity(settings, plan.prompts, services);
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "framework/recipe/input_content.h"
#include "framework/text/prompt.h"

namespace ft {

struct ModelSettings;
struct RunServices;

struct ModelIdentity {
  std::string identity;           // one line; of a preset without the seed
  bool is_drawn = false;          // its weights are a function of the seed
  std::string settings;           // lines "key: value"
  std::vector<FileDigest> files;  // that it is read from

  [[nodiscard]] std::string with(std::int64_t seed) const;
};

// Digests of the model's files, by services.digest_files: collective. The settings have been
// checked: exactly one of preset and path. Throws UserError without a place where the tokenizer or an index cannot be
// read.
[[nodiscard]] ModelIdentity model_identity(const ModelSettings& model, const PromptTemplates& prompts,
                                           const RunServices& services);

}  // namespace ft

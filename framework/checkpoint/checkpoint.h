// Weights, and where wanted optimiser moments, in sealed folders of HDF5 files in logical coordinates.
//
//   step-000200/
//     manifest.json      format, metadata, table of slices (parameter, rows, file, digest), digests of files; written last
//     rank-0000.h5 ...   one file a rank: the row slices that this rank owns, under /weights, /first_moment and
//                        /second_moment
//     index.h5           virtual datasets that show the whole tensors to h5py; never read by ftrun
//     <extra files>      config.json, tokenizer.json, ...
//
// Any topology reads its own slices through the manifest's table; every slice's XXH3-128 is checked on reading, and a
// parameter that is not covered exactly once is refused. Data ranks share the reading: each reads what it owns, then
// they exchange, and the digest of the whole is compared. In Python:
//
//   import h5py
//   with h5py.File("step-000200/index.h5") as f:
//       w = f["weights/model.norm.weight"][:]      # float32, the whole tensor; NaN where a file is missing
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "framework/comm/groups.h"
#include "framework/store/manifest.h"
#include "framework/tensor/parameter.h"

namespace ft {

inline constexpr std::string_view kCheckpointFormatName = "ftrun-checkpoint";
inline constexpr int kCheckpointFormat = 1;

// Moments as they lie in memory: elements [begin, end) of the flat buffer.
struct MomentsView {
  std::int64_t begin = 0, end = 0;
  at::Tensor first;   // [end - begin]
  at::Tensor second;  // [end - begin]
};

struct CheckpointContent {
  const ParameterSet* parameters = nullptr;
  std::optional<MomentsView> moments;                      // absent in finished models
  std::string metadata;                                    // JSON object: kind, stage, cursor, lineage...
  std::vector<std::pair<std::string, std::string>> files;  // extra files (name, content), rank 0 writes them
  std::vector<Parent> parents;                             // for the sealed manifest: what the weights come from
};

struct CheckpointInfo {
  std::string metadata;  // as written
  std::string weights_digest;
  std::string manifest_digest;
};

// Collective over groups.world. Returns once the folder is sealed under its final name on every rank; on a failure on
// any rank all ranks throw the same Error, the target does not exist, and what was there before is untouched.
CheckpointInfo write_checkpoint(const std::filesystem::path& target, const CheckpointContent& content, Groups groups);

// Collective. Fills this rank's parameters and, where given, its moments. Throws, on all ranks alike: BrokenFolder naming
// the damaged file, where bytes were read and are not those that were written, or the folder is not whole; Error where
// a file could not be read, or a parameter is missing, surplus, misshapen or covered twice. The parameters' values are
// then undefined, and the caller reads another checkpoint or gives up.
CheckpointInfo read_checkpoint(const std::filesystem::path& folder, ParameterSet& parameters, MomentsView* moments,
                               Groups groups);

// Not collective: reads the manifest alone. Throws Error when the folder is not a sealed checkpoint of this format.
[[nodiscard]] CheckpointInfo inspect_checkpoint(const std::filesystem::path& folder);

}  // namespace ft

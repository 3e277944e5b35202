// The digests of large inputs, the files of a model's folder: all ranks hash, each some of them, and what was hashed
// before and is the same file still (store/digest_notes.h) is not hashed again.
//
//   services.digest_files = [&](const auto& list) { return digests_by_all(world, list, check_stop, notes, look); };
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "framework/comm/communicator.h"
#include "framework/recipe/input_content.h"
#include "framework/store/digest_notes.h"

namespace ft {

// Collective: the digests of the files that `list` names; it is called on rank 0. `notes`: of rank 0 what is known, and there
// it grows. `check_stop` is called before each file; `examine` with each that this rank has just hashed, whose bytes
// are in memory then; what is known already was examined when it was hashed. What one rank throws, all throw.
[[nodiscard]] std::vector<FileDigest> digests_by_all(Communicator& world,
                                                     const std::function<std::vector<std::filesystem::path>()>& list,
                                                     const std::function<void()>& check_stop, DigestNotes& notes,
                                                     const std::function<void(const std::filesystem::path&)>& examine);

// Of files with these sizes: which of `ranks` hashes each, the largest first, so that all come to the end together.
[[nodiscard]] std::vector<int> share_out(const std::vector<std::int64_t>& sizes, int ranks);

}  // namespace ft

// How the folders of stages and of their outputs are named: by the beginnings of digests, so that the same work is found
// and other work never taken for it.
//
//   stages/solver-59dc569e19b1/output-e3b0c44298fc
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ft {

inline constexpr std::size_t kFolderDigits = 12;  // of an identity or an extent

// `identity`, `extent`: digests of at least that many digits.
[[nodiscard]] std::string stage_folder_name(std::string_view stage, std::string_view identity);
[[nodiscard]] std::string output_folder_name(std::string_view extent);

struct StageFolderName {
  std::string stage, identity;  // kFolderDigits of it
};
// Both empty where a folder of that name is no stage's.
[[nodiscard]] StageFolderName read_stage_folder_name(std::string_view name);

}  // namespace ft

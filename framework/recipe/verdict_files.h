// Where a stage that grades keeps its pieces: for the stage itself, and for those who look at what it has done.
//
//   verdict_work(stage.folder, stage.output)      // "<stage>/work/output-0123456789ab": of other attempts they are others
//   count_verdict_pieces(stage.folder)            // finished and not yet sealed, for whichever output
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace ft {

inline constexpr std::string_view kVerdictsPrefix = "verdicts-";

[[nodiscard]] std::filesystem::path verdict_work(const std::filesystem::path& stage,
                                                 const std::filesystem::path& output);

// In a folder of verdict_work(), and in all of them under a stage's folder. Throw Unreadable.
[[nodiscard]] std::int64_t count_verdict_pieces_in(const std::filesystem::path& work);
[[nodiscard]] std::int64_t count_verdict_pieces(const std::filesystem::path& stage);

}  // namespace ft

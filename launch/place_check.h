// Whether what is sealed lies where a run has put it. Its bytes may all be sound and it may be another stage's, moved or copied
// there by hand: then a name leads to other work than it says.
//
//   if (const std::string why = why_out_of_place(output); !why.empty()) fail_user(why);
#pragma once

#include <filesystem>
#include <string>

namespace ft {

// Of a sealed output or checkpoint in a folder <stage>-<identity>: what is wrong, as a sentence that begins with its path; empty
// where nothing is, where the folder has another form of name, and where it cannot be read. Throws Unreadable.
[[nodiscard]] std::string why_out_of_place(const std::filesystem::path& sealed);

}  // namespace ft

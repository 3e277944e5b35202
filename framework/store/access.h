// Whether a folder could be written, asked without writing: for plans, which start nothing.
//
//   if (const std::string why = why_not_writable("runs/x"); !why.empty()) fail_user("run.folder 'runs/x': " + why);
#pragma once

#include <filesystem>
#include <string>

namespace ft {

// Empty where this process may make files in `folder`, or may make the folder where it is not there yet; otherwise what
// stands in the way, with the path that it is about: "/data is a file, not a folder", "you may not write into /data
// (Permission denied)". What the rights say now; a full disk or a quota is not looked at.
[[nodiscard]] std::string why_not_writable(const std::filesystem::path& folder);

}  // namespace ft

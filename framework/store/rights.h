// Whether this user may go on with what is there, and make what is not there yet: asked before anything is touched.
//
//   require_rights({run, run / "stages", run / "ledger.jsonl"});
//   if (const std::string why = why_not_writable("runs/x"); !why.empty()) fail_user("run.folder 'runs/x': " + why);
//
// A colleague who continues a shared run without all rights would otherwise learn of it in the middle of the work, and
// a plan, which starts nothing, not at all.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ft {

// Throws UserError naming the first of `paths` that is there and may not be read and written (folders: entered, too),
// as the system says it: rights, access lists, a disk mounted read-only. Paths that are not there are fine. Throws
// Unreadable where it cannot be known.
void require_rights(const std::vector<std::filesystem::path>& paths);

// Empty where this process may make files in `folder`, or may make the folder where it is not there yet; otherwise what
// stands in the way, with the path that it is about: "/data is a file, not a folder", "you may not write into /data
// (Permission denied)". What the rights say now; a full disk or a quota is not looked at. Throws Unreadable where it cannot
// be known.
[[nodiscard]] std::string why_not_writable(const std::filesystem::path& folder);

}  // namespace ft

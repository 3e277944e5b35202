// Whether this user may go on with what is there, asked before anything is touched.
//
//   require_rights({run, run / "stages", run / "ledger.jsonl"});
//
// A colleague who continues a shared run without all rights would otherwise learn of it in the middle of the work.
#pragma once

#include <filesystem>
#include <vector>

namespace ft {

// Throws UserError naming the first of `paths` that is there and may not be read and written (folders: entered, too),
// as the system says it: rights, access lists, a disk mounted read-only. Paths that are not there are fine. Throws
// Unreadable where it cannot be known.
void require_rights(const std::vector<std::filesystem::path>& paths);

}  // namespace ft

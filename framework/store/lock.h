// One run at a time in one folder.
//
//   RunLock lock(run_folder);                       // rank 0; throws UserError naming who holds it
//   broadcast lock.token(); every rank: FT_CHECK(RunLock::token_in(run_folder) == token)   // all see the same folder
//
// flock(2) on <folder>/lock: the kernel releases it when the process dies, however it dies. The file stays; its content
// (process, host, since when) is for people and for the ranks' comparison.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "framework/store/files.h"

namespace ft {

class RunLock {
 public:
  // Makes the folder where needed.
  explicit RunLock(const std::filesystem::path& folder);

  // Different for every lock ever taken.
  [[nodiscard]] const std::string& token() const { return token_; }
  // Does the folder of this name still hold this lock? False once it was moved, removed, or another took its place.
  [[nodiscard]] bool is_in_place() const;
  // False on file systems that know no locks (some Lustre mounts): the caller warns.
  [[nodiscard]] bool exclusive() const { return exclusive_; }

  // The token in a folder's lock file, empty when there is none. Throws Unreadable.
  [[nodiscard]] static std::string token_in(const std::filesystem::path& folder);
  // Who works in the folder now: "process 17 on node3, since 2026-11-29T17:45:00Z". Nothing where nobody does, or where
  // it cannot be known: no right to look, a file system without locks. Changes nothing.
  [[nodiscard]] static std::optional<std::string> holder_of(const std::filesystem::path& folder);

 private:
  FileHandle file_;
  std::string token_;
  bool exclusive_ = true;
};

}  // namespace ft

// Files that survive: written whole or not at all, on the disk when the call returns, and errors that say which path
// and why.
//
//   replace_file(run / "state.json", text);          // the old text or the new one, never a mixture, never half
//   require_space(run, 3 * bytes_of_model);          // before hours of work, not after
//
// Missing rights to write, a read-only disk or a path that leads nowhere are UserErrors (another folder helps); a full
// disk and everything else are Errors. What cannot be read is Unreadable (base/reading.h). All texts hold the system's
// own words.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "framework/base/reading.h"

namespace ft {

// Throws for `error` (an errno): "cannot <action> <path>: <the system's words>", and what to do about a full disk.
[[noreturn]] void fail_system(std::string_view action, const std::filesystem::path& path, int error);

// The same of a file or folder that is being made or opened: where another path or other rights would help, a UserError.
[[noreturn]] void fail_making(std::string_view action, const std::filesystem::path& path, int error);

// A file descriptor that is closed at the end.
class FileHandle {
 public:
  // As open(2) with O_CLOEXEC; throws.
  FileHandle(const std::filesystem::path& path, int flags, unsigned mode = 0644);
  ~FileHandle();
  FileHandle(FileHandle&& other) noexcept;
  FileHandle& operator=(FileHandle&& other) noexcept;

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::int64_t size() const;
  // Takes the blocks of the first `bytes` bytes now, so that a full disk shows before the work. Where the file system
  // cannot reserve, the free space is compared. The file's size becomes at least `bytes`.
  void reserve(std::int64_t bytes);
  // Writes all of it, at the file's position.
  void write(std::string_view bytes);
  // Returns when content and size are on the disk.
  void sync();
  // Closing can fail, too (network file systems); the destructor would not tell.
  void close();

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

// A new file, reserved, written and synced. Throws when it exists; on any failure nothing remains.
void write_new_file(const std::filesystem::path& path, std::string_view content);
// Puts `content` in the place of what was there, atomically and durably (a temporary name beside it, rename).
void replace_file(const std::filesystem::path& path, std::string_view content);

void sync_file(const std::filesystem::path& path);
// Makes names in a folder durable: after creating, renaming or removing them.
void sync_folder(const std::filesystem::path& folder);
// rename(2), then both parents synced.
void rename_durably(const std::filesystem::path& from, const std::filesystem::path& to);

// Makes a folder and its parents; fine when it is there.
void make_folder(const std::filesystem::path& folder);

// Throws Error unless `bytes` can be written into `folder` now: takes the blocks for a moment, so quotas count, too.
void require_space(const std::filesystem::path& folder, std::int64_t bytes);

// Removes a folder so that no kill leaves half of it under its name: renamed to ".<name>.discarded" first. Fine when it
// is not there.
void discard_folder(const std::filesystem::path& folder);

// Gives the folder `fresh` the name of the folder `old`, which comes to stand under the name of `fresh`: at no moment is
// there none of that name. Where the file system cannot exchange names, `old` is moved to ".<name>.previous" first; a
// kill in that moment is mended by remove_leftovers().
void exchange_folders(const std::filesystem::path& fresh, const std::filesystem::path& old);

// Removes what kills have left in `folder`: entries ".<name>.partial" and ".<name>.discarded", and ".<name>.previous"
// where <name> is there; where it is not, the previous one gets its name back. Returns how many. Only for who holds the
// run's lock.
int remove_leftovers(const std::filesystem::path& folder);

}  // namespace ft

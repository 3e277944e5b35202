// Remembers that every byte of a sealed folder was hashed and found intact, so that the next start of a run need not
// read gigabytes again to learn the same.
//
//   const IntactNote note(stage / "intact-output.json");
//   if (!note.vouches_for(folder)) { folder.require_intact(); note.remember(folder); }
//
// The note holds the manifest's digest and, of each file, size, inode, and the times of its last change of content
// (mtime) and of anything (ctime, which no program can set back). Whoever writes to a file, replaces, copies or touches
// it, changes one of them, and the folder is hashed again. What it does not see is a disk that returns other bytes than
// it was given without anyone having written: so whoever uses what was sealed checks it while it is read
// (store/sealed_folder.h), and `ftrun verify` reads every byte. The note is a cache: removing it costs a hash, no more.
#pragma once

#include <filesystem>

#include "framework/store/sealed_folder.h"

namespace ft {

class IntactNote {
 public:
  explicit IntactNote(std::filesystem::path path) : path_(std::move(path)) {}

  // False when there is no note, a torn one, or one of another state of the folder. Throws Unreadable.
  [[nodiscard]] bool vouches_for(const SealedFolder& folder) const;
  // Replaces the note. The caller has just hashed the folder, or has just written and sealed it. Throws as
  // replace_file().
  void remember(const SealedFolder& folder) const;
  // Removes the note: somebody has seen other bytes than it vouches for.
  void forget() const;

 private:
  std::filesystem::path path_;
};

// Where a run keeps the note of a stage's output: <stage>/intact-<output>.json.
[[nodiscard]] IntactNote intact_note_of(const std::filesystem::path& output);

}  // namespace ft

// Digests of input files for who only looks at what a start would do: small files are hashed, of large ones the digest is
// taken that the last start of the run has noted (store/digest_notes.h), as long as the file is the same. Else it is not
// read, and that is said.
//
//   KnownDigests digests(run_folder);
//   make_services(solo, log, [&](const auto& list) { return digests.of(list()); });
//   fmt::print("{}\n", digests.unread_text());
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "framework/recipe/input_content.h"
#include "framework/store/digest_notes.h"

namespace ft {

class KnownDigests {
 public:
  // A run folder that cannot be read has no notes here: who looks at it otherwise will tell.
  explicit KnownDigests(const std::filesystem::path& run);
  // SHA-256 or kNotRead of each. Throws Unreadable.
  [[nodiscard]] std::vector<FileDigest> of(const std::vector<std::filesystem::path>& files);
  // One sentence about what was not read, without a full stop; empty where all was.
  [[nodiscard]] std::string unread_text() const;

 private:
  std::string of(const std::filesystem::path& file);

  DigestNotes notes_;
  std::vector<std::filesystem::path> unread_;
  double unread_bytes_ = 0;
};

}  // namespace ft

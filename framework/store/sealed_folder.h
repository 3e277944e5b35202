// A folder whose manifest says that it is whole; only such folders are ever read as results.
//
// Damage (BrokenFolder) is what was seen: a file that is missing or no plain file, a wrong size, a wrong hash, a manifest
// that is missing or does not match its digest. What cannot be looked at throws Unreadable (base/reading.h) from any of
// these functions, which is never damage.
//
//   SealedFolder attempts = SealedFolder::open(path, "ftrun-attempts", 1);   // manifest, presence and sizes: cheap
//   attempts.require_intact();                                               // every byte: as long as reading it
//   const std::string config = attempts.read("config.json");                 // checked while it is read
//
// Whoever uses what an earlier stage has sealed reads it by read() or SealedFile, or checks it by hashes of its own, as
// tensors are: that it was intact when somebody looked last says nothing of the bytes that a disk returns now.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/store/manifest.h"

namespace ft {

// What is wrong with one file of a folder.
struct Complaint {
  enum class Kind { missing, strange, size, content, foreign };  // strange: no plain file
  Kind kind;
  std::string name;
  std::string text;  // a whole sentence, with the name
};

class SealedFolder {
 public:
  // Throws BrokenFolder: the folder or its manifest is not there, the manifest is damaged or of another format; a file
  // is missing or has another size (all such files are named). Throws UserError when it is of a newer version than
  // `version`: nothing is broken, and nothing may be redone in its place. `format` empty: any.
  [[nodiscard]] static SealedFolder open(const std::filesystem::path& folder, std::string_view format = "",
                                         int version = 0);
  // Whether a manifest is there; says nothing of its content.
  [[nodiscard]] static bool looks_sealed(const std::filesystem::path& folder);

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] const Manifest& manifest() const { return manifest_; }
  [[nodiscard]] const std::string& digest() const { return manifest_.digest; }
  // A file of the manifest; throws Error for other names.
  [[nodiscard]] std::filesystem::path path(std::string_view name) const;
  // Its record; null for other names.
  [[nodiscard]] const FileRecord* find(std::string_view name) const;

  // The whole content of a small file, the same bytes that were sealed. Throws BrokenFolder where they are others. Large
  // ones: store/sealed_file.h.
  [[nodiscard]] std::string read(std::string_view name) const;
  // The same; nothing where the manifest has no such file.
  [[nodiscard]] std::optional<std::string> read_if_there(std::string_view name) const;
  // Throws BrokenFolder unless the file holds the bytes that were sealed: hashes it.
  void check(std::string_view name) const;

  // Everything that differs from the manifest, all files hashed, foreign files last. Empty: intact.
  [[nodiscard]] std::vector<Complaint> verify() const;
  // Those of verify() that are foreign; hashes nothing.
  [[nodiscard]] std::vector<Complaint> foreign() const;
  // Throws BrokenFolder naming all damage. Foreign files are no damage: they are returned.
  std::vector<Complaint> require_intact() const;

 private:
  SealedFolder(std::filesystem::path folder, Manifest manifest)
      : folder_(std::move(folder)), manifest_(std::move(manifest)) {}
  std::filesystem::path folder_;
  Manifest manifest_;
};

// Throws BrokenFolder naming all damage to these files of `folder`: for ranks that share the hashing of one.
void require_intact(const std::filesystem::path& folder, const std::vector<FileRecord>& files);

}  // namespace ft

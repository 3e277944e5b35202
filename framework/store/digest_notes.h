// Remembers the SHA-256 of large files that lie outside of the run folder, so that neither the next start nor whoever only
// wants to tell what it would do need read gigabytes. Kept as <run folder>/input_digests.json.
//
//   DigestNotes notes;                                         // a run: hashes, and writes down what it found
//   const std::string sha256 = notes.hash(file);
//   notes.write(run);
//
//   const DigestNotes notes = DigestNotes::read(run);          // a look at it
//   if (const auto sha256 = notes.find(file)) ...              // the file is the one that was hashed, as far as one sees
//
// A file is the same one where path, size, inode and both times are (store/intact_note.h says what that does not see).
// The note is a cache: removing it costs a hash.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace ft {

class DigestNotes {
 public:
  // Empty where there is no note, or a torn one. Throws Unreadable.
  [[nodiscard]] static DigestNotes read(const std::filesystem::path& run);
  // The same; empty where it cannot be read: a run folder that cannot be is told of when it is used.
  [[nodiscard]] static DigestNotes read_if_readable(const std::filesystem::path& run);
  // Replaces the note. Throws as replace_file().
  void write(const std::filesystem::path& run) const;

  [[nodiscard]] std::optional<std::string> find(const std::filesystem::path& file) const;
  // The file's SHA-256, computed; remembered unless the file has changed meanwhile. Throws Unreadable.
  std::string hash(const std::filesystem::path& file);

  // The same; what is remembered, where the file is the one that was hashed.
  std::string hash_if_touched(const std::filesystem::path& file);

  // What is remembered of one file, for the notes of another rank; empty where that is nothing.
  [[nodiscard]] std::string note_text(const std::filesystem::path& file) const;
  // What note_text() gave. Throws Error where it is none.
  void add(std::string_view note);

 private:
  struct Note {
    nlohmann::ordered_json state;
    std::string sha256;
  };
  std::map<std::string, Note> notes_;  // by absolute path
};

}  // namespace ft

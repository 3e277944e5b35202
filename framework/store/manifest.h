// The last file of a sealed folder and the proof that it is whole: what it is, where it comes from, what belongs to it.
//
//   {
//     "format": "ftrun-attempts", "version": 1,
//     "parents": [{"role": "model", "path": "../solver", "digest": "..."}],
//     "body": { ... whatever the format says ... },
//     "files": [{"name": "attempts-0000.jsonl", "size": 1234, "sha256": "..."}],
//     "digest": "..."
//   }
//
// The digest is the SHA-256 of all bytes before its own line, so public tools check it: head -n -2 manifest.json |
// sha256sum. Nothing is added that differs from run to run (no times, no host names): equal work gives equal manifests,
// unless the body says otherwise.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/error.h"

namespace ft {

inline constexpr std::string_view kManifestName = "manifest.json";

struct FileRecord {
  std::string name;  // relative to the folder
  std::int64_t size = 0;
  std::string sha256;
  friend bool operator==(const FileRecord&, const FileRecord&) = default;
};
// For the exchange between ranks: text <-> records. read_file_records throws Error on any other text.
[[nodiscard]] std::string to_text(const std::vector<FileRecord>& records);
[[nodiscard]] std::vector<FileRecord> read_file_records(std::string_view text);

// What a folder was made from.
struct Parent {
  std::string role;    // "model", "attempts", ...
  std::string path;    // relative to the folder that holds the manifest, where it lies on the same tree
  std::string digest;  // of the parent's manifest; empty for an outside source that has none
  friend bool operator==(const Parent&, const Parent&) = default;
};

struct Manifest {
  std::string format;
  int version = 1;
  std::vector<Parent> parents;
  nlohmann::ordered_json body = nlohmann::ordered_json::object();
  std::vector<FileRecord> files;  // sorted by name when written
  std::string digest;             // set by print and parse
};

// A folder that is no sealed one, or no longer: the caller may redo the work or take an older one. Never thrown for what
// could not be read (base/reading.h).
class BrokenFolder : public Error {
  using Error::Error;
};

// The manifest's text; sorts the files and sets the digest.
[[nodiscard]] std::string print_manifest(Manifest& manifest);
// Throws BrokenFolder with `path` in its text: no JSON, a wrong digest (any flipped bit), a missing or mistyped member.
[[nodiscard]] Manifest parse_manifest(std::string_view text, const std::filesystem::path& path);

}  // namespace ft

// What a stage's input is, key by key and file by file, so that two can be compared in words: "model 'base':
// config.json changed". The identity's digest says that something changed; this says what.
//
//   InputContent base{.key = "model", .what = "model", .name = "base", .files = digests_of(model_files(folder))};
//   replace_file(stage / kInputsFile, to_json(contents));
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ft {

inline constexpr std::string_view kInputsFile = "inputs.json";  // in a stage's folder, beside identity.txt

// In place of the digest of a file that was not read: then nobody knows what a stage that is made from it has done.
inline constexpr std::string_view kNotRead = "0000000000000000000000000000000000000000000000000000000000000000";

struct FileDigest {
  std::string name;  // in its folder: another folder of the same content is the same
  std::string sha256;
  friend bool operator==(const FileDigest&, const FileDigest&) = default;
};

struct InputContent {
  std::string key;       // of the recipe: "model", "problems", "attempts"
  std::string what;      // "model", "problem set", "stage", "file"
  std::string name;      // in the run file; of a file: its path
  std::string settings;  // lines "key: value"
  std::vector<FileDigest> files;
  friend bool operator==(const InputContent&, const InputContent&) = default;
};

// The SHA-256 of a file, or kNotRead.
using FileDigester = std::function<std::string(const std::filesystem::path& file)>;

// Collective: the digests of the files that `list` names on one rank.
using SharedDigester =
    std::function<std::vector<FileDigest>(const std::function<std::vector<std::filesystem::path>()>& list)>;

// The digest of each file, which is named by its last component. `check_stop` is called before each one; may be empty.
// `digest` empty: SHA-256.
[[nodiscard]] std::vector<FileDigest> digests_of(const std::vector<std::filesystem::path>& files,
                                                 const std::function<void()>& check_stop,
                                                 const FileDigester& digest = {});
// Lines "name digest\n", for the exchange between ranks and for digests of whole lists; and back.
[[nodiscard]] std::string to_text(const std::vector<FileDigest>& files);
[[nodiscard]] std::vector<FileDigest> read_file_digests(std::string_view text);

// "config.json changed, vocab.txt is gone"; empty where the two are the same.
[[nodiscard]] std::string changed_files(const std::vector<FileDigest>& before, const std::vector<FileDigest>& now);

[[nodiscard]] std::string to_json(const std::vector<InputContent>& inputs);
// Throws Error where the text is none of to_json().
[[nodiscard]] std::vector<InputContent> read_input_contents(std::string_view json);

}  // namespace ft

// Tokenised examples on disk, so that a restart does not tokenise again. A cache and nothing more: what is in it can be
// rebuilt, a damaged file is, and a disk that cannot be written to costs time, never the run.
//
//   const std::string key = example_key({problems_digest, tokenizer_digest, templates, fmt::format("{}", max_length)});
//   PreparedExamples prepared = cached_examples(run / "cache", key, may_write, [&] { return prepare(problems); });
//
// The file's name carries the key, its head the key and the XXH3-128 of what follows; it appears by rename.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/batching/example.h"

namespace ft {

struct PreparedExamples {
  std::vector<Example> examples;
  std::int64_t num_dropped = 0;
  std::string summary;  // ExampleSet::summary()
};

// SHA-256 over everything that decides the examples (each part with its length, so that no two lists read alike) and
// the format of the cache.
[[nodiscard]] std::string example_key(std::span<const std::string> parts);

// What the cache holds under `key`, or what `build` gives, written to the cache where `may_write` (one rank a file
// system). Throws only what `build` throws.
[[nodiscard]] PreparedExamples cached_examples(const std::filesystem::path& folder, const std::string& key,
                                               bool may_write, const std::function<PreparedExamples()>& build);

// The two halves. load: nothing when the file is missing, damaged, cut, or of another key. store: false when it could
// not be written; nothing remains then.
[[nodiscard]] std::optional<PreparedExamples> load_examples(const std::filesystem::path& folder,
                                                            const std::string& key);
bool store_examples(const std::filesystem::path& folder, const std::string& key, const PreparedExamples& prepared);

[[nodiscard]] std::filesystem::path cache_path(const std::filesystem::path& folder, const std::string& key);

}  // namespace ft

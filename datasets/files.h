// What the data sets that come as files share: where the files lie, and which problems belong to a split and a limit.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/dataset.h"
#include "framework/records/reader.h"

namespace ft {

// The environment variable FT_DATA, or its default.
[[nodiscard]] std::filesystem::path data_folder();

// Where `name` of the spec's data set lies: spec.path or data_folder()/<dataset>, then `name`.
[[nodiscard]] std::filesystem::path dataset_file(const ProblemSetSpec& spec, std::string_view name);

// Throws UserError when the file is not there: which one was looked for, what to set.
void require_file(const ProblemSetSpec& spec, const std::filesystem::path& file);

// The records of one of a spec's files, as many as it wants to see (spec.first_lines).
class ProblemLines {
 public:
  ProblemLines(const ProblemSetSpec& spec, const std::filesystem::path& file)
      : reader_(file), left_(spec.first_lines), all_(left_ == 0) {}
  [[nodiscard]] std::optional<JsonRecord> next() { return all_ || left_-- > 0 ? reader_.next() : std::nullopt; }

 private:
  RecordReader reader_;
  std::int64_t left_;
  bool all_;
};

// A name for a problem's text that does not depend on its white space.
[[nodiscard]] std::uint64_t text_hash(std::string_view text);

// The id of a problem whose file names none: made of its text. Where another set of a mix holds that text, it is the same
// problem.
[[nodiscard]] std::string text_id(std::string_view text);
[[nodiscard]] bool is_text_id(std::string_view id);

// spec.valid_share or its default.
[[nodiscard]] double valid_share(const ProblemSetSpec& spec);

// Whether a problem of the training file belongs to the split that the spec asks for ("train" or "valid").
[[nodiscard]] bool in_split(const ProblemSetSpec& spec, std::string_view text);

// Keeps spec.limit of the problems, the same ones for the same texts, in their order; all where the limit is 0.
void apply_limit(const ProblemSetSpec& spec, std::vector<Problem>& problems);

}  // namespace ft

// Which field of a file of attempts plays which part. Files come from many programs; what is recognised is said in a note,
// and what could be read in two ways is refused with the options that decide.
//
//   LayoutFinder finder(fields);
//   for (record : records) finder.see(record);           // once over all records: which fields there are
//   finder.find_problems(num_files);
//   for (record : records) finder.see_attempts(record, id);
//   const Layout layout = finder.find_attempts();
#pragma once

#include <string>
#include <vector>

#include "framework/rerank/labelled_file.h"
#include "framework/rerank/labelled_values.h"

namespace ft::rerank {

// Names or paths of fields; empty where no field plays the part. `attempts`, `id`, `problem_text` and `reference` are
// fields of a record, the others of an attempt, which is the record itself where `attempts` is empty.
struct Layout {
  std::string attempts, id, problem_text, reference;
  std::string text, answer, label, score, log_prob, tokens;
  bool score_is_steps = false;
  std::vector<std::string> notes;
};

// The attempts of a record as objects: those of its list, each with what stands at its place in lists of the same length
// ("scores", "labels"). Throws UserError where there is no list, or a named part's list has another length.
[[nodiscard]] std::vector<records::Value> attempts_of(const JsonRecord& record, const std::string& attempts);

class LayoutFinder {
 public:
  explicit LayoutFinder(const LabelledFields& fields);
  void see(const JsonRecord& record);
  // Settles `attempts`, `id`, `problem_text`. Throws UserError where nothing says which problem a line belongs to.
  void find_problems(std::size_t num_files, const std::string& first_file);
  void see_attempts(const JsonRecord& record, const std::string& id);
  // Settles the rest. Throws UserError.
  [[nodiscard]] Layout find_attempts();
  [[nodiscard]] const Layout& so_far() const { return layout_; }

 private:
  [[nodiscard]] std::string find_list() const;
  void find_texts();
  void find_answer();
  void find_label();
  void find_score();
  void refuse_unequal_lists() const;
  void check_whole() const;

  const LabelledFields& fields_;
  Roles outer_, inner_;
  Layout layout_;
  std::map<std::string, std::string> unequal_;  // list beside the attempts of another length: what to say
  std::map<std::string, std::optional<std::string>> first_answer_;  // of field `answer`, by problem
  bool answer_varies_ = false;
  std::map<std::string, std::set<std::string>> makers_;  // values of fields that say who made an attempt
};

}  // namespace ft::rerank

// The embedded default: word problems about a few people and one kind of thing, drawn from a seed, on no disk.
//
//   Bob has 24 cups. Dan has 13 more than Bob. Cat has 21. How many cups in all?
//
//   style "fine":   Dan: 24+13=37          style "terse":   Dan=37, Total 24+37+21=\boxed{82}
//                   21+37=58
//                   58+24=82
//                   # Answer
//                   82
//
// The first person has U[value_min, value_max] things. Each other one has, with relation_probability, c more or fewer
// than an earlier one, c in U[relation_min, relation_max], else U[value_min, value_max]. Problems whose values are not
// all at least least_value, or whose total is above most_total, are drawn again: with the defaults every true number
// has two digits. Statements stand in a random order in which nobody is referred to before; totals add in random order.
//
// Slips, in training solutions only: with swap_probability a relation is read the wrong way round (where all values
// stay at least least_value; a wrong total may be above most_total), with omit_probability one person is left out of
// the total. About 72 % of training solutions stay right. Slips stand for the errors of solutions that people and
// models write, and make checking easier than solving. `Problem::answer` is always the truth.
//
// Splits share no problem, also up to names and items: a hash of the numbers and of how they hang together belongs to exactly
// one split (`split_by: story`, as it was once: of the problem with its names, whatever the order of its statements).
// `Problem::level` is one more than the number of relations. A `hard_share` of the problems has as many as there can be.
// Problem i is a function of (options, split, i) and of the problems before it, which it does not repeat: a larger
// limit gives the same problems and more.
//
// Prompt: the templates' defaults. Answer: "# Answer" and the number on the last line, or \boxed{}.
// Licence: the generator is part of this project (Apache-2.0); its problems are nobody's.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/choice.h"
#include "framework/base/error.h"
#include "framework/problem/problem.h"
#include "framework/text/prompt.h"

namespace ft {

class Binder;

enum class ArithmeticSplit { story, structure };
constexpr auto names_of(ArithmeticSplit) { return std::to_array<std::string_view>({"story", "structure"}); }

struct ArithmeticOptions {
  std::int64_t seed = 1;
  int people = 3;  // 2 to 8
  int value_min = 10, value_max = 30;
  double relation_probability = 0.6;
  double hard_share = 0;
  ArithmeticSplit split_by = ArithmeticSplit::structure;
  int relation_min = 10, relation_max = 20;
  int least_value = 10, most_total = 99;
  double swap_probability = 0.42;
  double omit_probability = 0.12;  // of 3 people or more
  std::string styles = "both";     // "both", "fine", "terse"
};

void describe(ArithmeticOptions& options, Binder& binder);

// Throws UserError at `place` when no problem can fit the options.
void check(const ArithmeticOptions& options, const Place& place);

// The first `count` problems of a split ("train", "valid", "test"); each has its solutions, "fine" first. Throws
// UserError at `place` when the options do not give so many different problems.
[[nodiscard]] std::vector<Problem> arithmetic_problems(const ArithmeticOptions& options, std::string_view split,
                                                       std::int64_t count, const Place& place = {});

// How many problems a split has when no limit is given.
[[nodiscard]] std::int64_t arithmetic_default_count(std::string_view split);

// Words for make_word_tokenizer(): they cover all problems, all solutions, and the templates with their labels, whose
// fixed phrases are one word each. 47 words with the default templates.
[[nodiscard]] std::vector<std::string> arithmetic_vocabulary(const PromptTemplates& templates = {});

}  // namespace ft

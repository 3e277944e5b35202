// A maths problem: what the model is asked, how a person solved it, and what the answer is.
//
// Problem sets (datasets/) produce these; recipes consume them. One problem may carry several reference solutions, in
// several styles (terse, fine-grained): each (problem, solution) is one training example, and the problem is sampled once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ft {

struct Solution {
  std::string text;   // steps and final answer, in the format of its data set: X = S ++ A of the method
  std::string style;  // "terse", "fine", "gsm8k", "math", "prm800k": what reports group by; may be empty
};

struct Problem {
  std::string id;      // unique within a run's problem sets; attempts and scores refer to it
  std::string text;    // the question alone, without any prompt wrapper
  std::string answer;  // reference answer as written; empty where unknown
  std::vector<Solution> solutions;
  std::string dataset;       // "arithmetic", "gsm8k", ...
  std::string subject;       // "" where the data set has none
  std::optional<int> level;  // 1 (easy) to 5, where the data set has it
};

}  // namespace ft

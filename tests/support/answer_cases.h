// Cases for the grader, generated from real answers: other ways to write one, and ways to change it in one place.
// formula_value.h judges both without knowing the grader.
//
//   AnswerCases cases(seed);
//   for (const std::string& same : cases.same("\frac{1}{2}")) ...      // "$\dfrac{1}{2}$", "1/2 ", full-width digits,
//   ... if (const auto changed = cases.changed("x^2+1")) ...               // "x^3+1" exact_value(a) == exact_value(b)
//   // where both have a value
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace ft {

class AnswerCases {
 public:
  explicit AnswerCases(std::uint64_t seed) : random_(seed) {}

  // The answer in other dress and spelling.
  [[nodiscard]] std::vector<std::string> same(const std::string& answer);
  // The answer with something behind or before it that changes its value or makes it unknown, whatever the answer is
  // but zero: "3 dozen", "3 or more", "-3", "3^{-1}", "3\pi". Never equal to the answer.
  [[nodiscard]] std::vector<std::string> enlarged(const std::string& answer);
  // Texts that end with this answer as people and models say it: marks, bold type, boxes, sentences, several languages.
  [[nodiscard]] std::vector<std::string> texts(const std::string& answer);
  // Texts in which the answer is only a part of what is said, or is denied, asked or supposed: none may be found equal.
  [[nodiscard]] std::vector<std::string> texts_of_more(const std::string& answer);
  // The answer with one digit, sign, letter or exponent changed; nothing where there is none. It may by chance have the
  // same value ("0" and "-0"): exact_value tells.
  [[nodiscard]] std::optional<std::string> changed(const std::string& answer);

 private:
  [[nodiscard]] std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
  }

  template <typename Frames>
  [[nodiscard]] std::vector<std::string> some_of(const Frames& frames, const std::string& answer, std::size_t count);

  std::mt19937_64 random_;
};

}  // namespace ft

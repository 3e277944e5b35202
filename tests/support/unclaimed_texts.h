// Texts that say a number and do not claim it, put together from parts: guesses ("Perhaps the total is 45."), bounds
// ("There are fewer than 45."), names ("She lives in room 45."), and beside them texts of the same words that do claim
// it ("The most it could be is 45.").
//
//   UnclaimedTexts texts(seed);
//   for (const std::string& text : texts.guesses("45")) ...      // none may be found equal to 45
//   for (const std::string& text : texts.claims("45")) ...       // each must be
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace ft {

class UnclaimedTexts {
 public:
  explicit UnclaimedTexts(std::uint64_t seed) : random_(seed) {}

  [[nodiscard]] std::vector<std::string> guesses(std::string_view number);
  [[nodiscard]] std::vector<std::string> bounds(std::string_view number);
  [[nodiscard]] std::vector<std::string> names(std::string_view number);
  [[nodiscard]] std::vector<std::string> claims(std::string_view number);

 private:
  // One of the parts.
  template <typename Parts>
  [[nodiscard]] std::string one_of(const Parts& parts);

  std::mt19937_64 random_;
};

}  // namespace ft

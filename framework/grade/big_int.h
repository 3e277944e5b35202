// Whole numbers of any reasonable size, for exact answers.
//
// Answers such as 100! or 2^4950 must be compared digit by digit, and a comparison must never wrap around. The size is
// bounded (kMaxBits): what would grow past it throws Undecided, so that no input can make the grader hang.
//
//   BigInt a = BigInt::parse("384956219213331276939737002152967117209600000000");
//   auto [quotient, remainder] = divide(a, BigInt(7));
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ft::grade {

// Thrown inside the grader when an answer cannot be decided (too large, too deep, outside what is understood). Never
// leaves grade::equal, which turns it into Verdict::unknown with this reason.
struct Undecided {
  std::string reason;
};

class BigInt {
 public:
  static constexpr std::size_t kMaxBits = 20000;

  BigInt() = default;
  BigInt(long long value);  // NOLINT(google-explicit-constructor): numbers convert as numbers do
  // `digits`: decimal digits only, at least one.
  [[nodiscard]] static BigInt parse(std::string_view digits);

  [[nodiscard]] bool is_zero() const { return limbs_.empty(); }
  [[nodiscard]] bool is_one() const { return limbs_.size() == 1 && limbs_[0] == 1 && !negative_; }
  [[nodiscard]] bool is_negative() const { return negative_; }
  [[nodiscard]] bool is_odd() const { return !limbs_.empty() && (limbs_[0] & 1U) != 0; }
  [[nodiscard]] std::size_t num_limbs() const { return limbs_.size(); }
  [[nodiscard]] std::optional<long long> as_long() const;
  [[nodiscard]] std::string to_string() const;
  // Least significant first, base 2^32, without the sign.
  [[nodiscard]] const std::vector<std::uint32_t>& limbs() const { return limbs_; }

  [[nodiscard]] BigInt operator-() const;
  friend BigInt operator+(const BigInt& a, const BigInt& b);
  friend BigInt operator-(const BigInt& a, const BigInt& b) { return a + -b; }
  friend BigInt operator*(const BigInt& a, const BigInt& b);
  friend bool operator==(const BigInt& a, const BigInt& b) = default;
  friend std::strong_ordering operator<=>(const BigInt& a, const BigInt& b);

  struct Division;
  // Truncates towards zero, as the built-in types do. `divisor` must not be zero.
  friend Division divide(const BigInt& dividend, const BigInt& divisor);
  friend BigInt gcd(BigInt a, BigInt b);

 private:
  void trim();
  static int compare_magnitude(const BigInt& a, const BigInt& b);
  static BigInt add_magnitude(const BigInt& a, const BigInt& b);
  static BigInt subtract_magnitude(const BigInt& a, const BigInt& b);  // |a| >= |b|
  static void divide_long(const BigInt& dividend, const BigInt& divisor, std::vector<std::uint32_t>* quotient,
                          std::vector<std::uint32_t>* remainder);
  [[nodiscard]] std::size_t bit_length() const;
  [[nodiscard]] std::uint64_t bits_from(std::size_t first) const;  // the 64 bits of which the lowest is `first`
  static void reduce_leading(BigInt* a, BigInt* b);                // some steps of Euclid's algorithm; a > b > 0

  std::vector<std::uint32_t> limbs_;
  bool negative_ = false;
};

struct BigInt::Division {
  BigInt quotient;
  BigInt remainder;
};

[[nodiscard]] BigInt::Division divide(const BigInt& dividend, const BigInt& divisor);
[[nodiscard]] BigInt abs(const BigInt& value);
// Never negative; gcd(0, 0) = 0.
[[nodiscard]] BigInt gcd(BigInt a, BigInt b);
[[nodiscard]] BigInt pow(const BigInt& base, unsigned exponent);

}  // namespace ft::grade

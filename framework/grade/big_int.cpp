#include "framework/grade/big_int.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <utility>

#include "framework/base/error.h"

namespace ft::grade {

BigInt::BigInt(long long value) : negative_(value < 0) {
  auto magnitude = negative_ ? 0ULL - static_cast<unsigned long long>(value) : static_cast<unsigned long long>(value);
  for (; magnitude != 0; magnitude >>= 32U) limbs_.push_back(static_cast<std::uint32_t>(magnitude));
}

BigInt BigInt::parse(std::string_view digits) {
  FT_CHECK(!digits.empty(), "a number needs at least one digit");
  if (digits.size() > kMaxBits / 4) throw Undecided{"number too long"};
  BigInt value;
  for (const char digit : digits) {
    FT_CHECK(digit >= '0' && digit <= '9', "not a digit: '{}'", digit);
    std::uint64_t carry = static_cast<std::uint64_t>(digit - '0');
    for (auto& limb : value.limbs_) {
      carry += std::uint64_t{limb} * 10U;
      limb = static_cast<std::uint32_t>(carry);
      carry >>= 32U;
    }
    if (carry != 0) value.limbs_.push_back(static_cast<std::uint32_t>(carry));
  }
  return value;
}

std::optional<long long> BigInt::as_long() const {
  if (limbs_.size() > 2) return std::nullopt;
  std::uint64_t magnitude = 0;
  for (std::size_t i = limbs_.size(); i-- > 0;) magnitude = (magnitude << 32U) | limbs_[i];
  if (magnitude > static_cast<std::uint64_t>(std::numeric_limits<long long>::max())) return std::nullopt;
  const auto value = static_cast<long long>(magnitude);
  return negative_ ? -value : value;
}

std::string BigInt::to_string() const {
  if (is_zero()) return "0";
  std::string digits;
  std::vector<std::uint32_t> rest = limbs_;
  while (!rest.empty()) {
    std::uint64_t remainder = 0;
    for (std::size_t i = rest.size(); i-- > 0;) {
      remainder = (remainder << 32U) | rest[i];
      rest[i] = static_cast<std::uint32_t>(remainder / 1000000000U);
      remainder %= 1000000000U;
    }
    while (!rest.empty() && rest.back() == 0) rest.pop_back();
    for (int i = 0; i < 9 && (remainder != 0 || !rest.empty()); ++i, remainder /= 10) {
      digits.push_back(static_cast<char>('0' + remainder % 10));
    }
  }
  if (negative_) digits.push_back('-');
  std::reverse(digits.begin(), digits.end());
  return digits;
}

BigInt BigInt::operator-() const {
  BigInt value = *this;
  value.negative_ = !value.is_zero() && !negative_;
  return value;
}

void BigInt::trim() {
  while (!limbs_.empty() && limbs_.back() == 0) limbs_.pop_back();
  if (limbs_.empty()) negative_ = false;
  if (limbs_.size() * 32 > kMaxBits) throw Undecided{"number too large"};
}

int BigInt::compare_magnitude(const BigInt& a, const BigInt& b) {
  if (a.limbs_.size() != b.limbs_.size()) return a.limbs_.size() < b.limbs_.size() ? -1 : 1;
  for (std::size_t i = a.limbs_.size(); i-- > 0;) {
    if (a.limbs_[i] != b.limbs_[i]) return a.limbs_[i] < b.limbs_[i] ? -1 : 1;
  }
  return 0;
}

BigInt BigInt::add_magnitude(const BigInt& a, const BigInt& b) {
  BigInt sum;
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < std::max(a.limbs_.size(), b.limbs_.size()) || carry != 0; ++i) {
    if (i < a.limbs_.size()) carry += a.limbs_[i];
    if (i < b.limbs_.size()) carry += b.limbs_[i];
    sum.limbs_.push_back(static_cast<std::uint32_t>(carry));
    carry >>= 32U;
  }
  return sum;
}

BigInt BigInt::subtract_magnitude(const BigInt& a, const BigInt& b) {
  BigInt difference;
  std::int64_t borrow = 0;
  for (std::size_t i = 0; i < a.limbs_.size(); ++i) {
    std::int64_t digit = std::int64_t{a.limbs_[i]} - borrow - (i < b.limbs_.size() ? std::int64_t{b.limbs_[i]} : 0);
    borrow = digit < 0 ? 1 : 0;
    if (digit < 0) digit += std::int64_t{1} << 32U;
    difference.limbs_.push_back(static_cast<std::uint32_t>(digit));
  }
  return difference;
}

BigInt operator+(const BigInt& a, const BigInt& b) {
  BigInt sum;
  if (a.negative_ == b.negative_) {
    sum = BigInt::add_magnitude(a, b);
    sum.negative_ = a.negative_;
  } else if (BigInt::compare_magnitude(a, b) >= 0) {
    sum = BigInt::subtract_magnitude(a, b);
    sum.negative_ = a.negative_;
  } else {
    sum = BigInt::subtract_magnitude(b, a);
    sum.negative_ = b.negative_;
  }
  sum.trim();
  return sum;
}

BigInt operator*(const BigInt& a, const BigInt& b) {
  BigInt product;
  if (a.is_zero() || b.is_zero()) return product;
  if ((a.limbs_.size() + b.limbs_.size()) * 32 > BigInt::kMaxBits + 64) throw Undecided{"number too large"};
  product.limbs_.assign(a.limbs_.size() + b.limbs_.size(), 0);
  for (std::size_t i = 0; i < a.limbs_.size(); ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < b.limbs_.size(); ++j) {
      carry += std::uint64_t{a.limbs_[i]} * b.limbs_[j] + product.limbs_[i + j];
      product.limbs_[i + j] = static_cast<std::uint32_t>(carry);
      carry >>= 32U;
    }
    product.limbs_[i + b.limbs_.size()] = static_cast<std::uint32_t>(carry);
  }
  product.negative_ = a.negative_ != b.negative_;
  product.trim();
  return product;
}

std::strong_ordering operator<=>(const BigInt& a, const BigInt& b) {
  if (a.negative_ != b.negative_) return a.negative_ ? std::strong_ordering::less : std::strong_ordering::greater;
  const int order = BigInt::compare_magnitude(a, b) * (a.negative_ ? -1 : 1);
  return order <=> 0;
}

// Knuth, The Art of Computer Programming, volume 2, algorithm D; short divisors take the simple path.
BigInt::Division divide(const BigInt& dividend, const BigInt& divisor) {
  FT_CHECK(!divisor.is_zero(), "division by zero");
  if (BigInt::compare_magnitude(dividend, divisor) < 0) return {BigInt(), dividend};
  BigInt quotient;
  BigInt remainder;
  if (divisor.limbs_.size() == 1) {
    quotient.limbs_.assign(dividend.limbs_.size(), 0);
    std::uint64_t rest = 0;
    for (std::size_t i = dividend.limbs_.size(); i-- > 0;) {
      rest = (rest << 32U) | dividend.limbs_[i];
      quotient.limbs_[i] = static_cast<std::uint32_t>(rest / divisor.limbs_[0]);
      rest %= divisor.limbs_[0];
    }
    if (rest != 0) remainder.limbs_.push_back(static_cast<std::uint32_t>(rest));
  } else {
    BigInt::divide_long(dividend, divisor, &quotient.limbs_, &remainder.limbs_);
  }
  quotient.negative_ = dividend.negative_ != divisor.negative_;
  remainder.negative_ = dividend.negative_;
  quotient.trim();
  remainder.trim();
  return {quotient, remainder};
}

void BigInt::divide_long(const BigInt& dividend, const BigInt& divisor, std::vector<std::uint32_t>* quotient,
                         std::vector<std::uint32_t>* remainder) {
  const std::size_t n = divisor.limbs_.size();
  const auto shift = static_cast<unsigned>(std::countl_zero(divisor.limbs_.back()));
  const auto shifted = [shift](std::vector<std::uint32_t> limbs) {
    std::uint32_t carry = 0;
    for (auto& limb : limbs) {
      const std::uint64_t wide = (std::uint64_t{limb} << shift) | carry;
      limb = static_cast<std::uint32_t>(wide);
      carry = static_cast<std::uint32_t>(wide >> 32U);
    }
    limbs.push_back(carry);
    return limbs;
  };
  std::vector<std::uint32_t> u = shifted(dividend.limbs_);
  const std::vector<std::uint32_t> v = shifted(divisor.limbs_);
  quotient->assign(u.size() - n, 0);
  for (std::size_t j = u.size() - n; j-- > 0;) {
    const std::uint64_t top = (std::uint64_t{u[j + n]} << 32U) | u[j + n - 1];
    std::uint64_t guess = top / v[n - 1];
    std::uint64_t rest = top % v[n - 1];
    while (guess >> 32U || guess * v[n - 2] > ((rest << 32U) | u[j + n - 2])) {
      --guess;
      rest += v[n - 1];
      if (rest >> 32U) break;
    }
    std::int64_t borrow = 0;
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i <= n; ++i) {
      carry += guess * (i < n ? v[i] : 0);
      const std::int64_t digit = std::int64_t{u[i + j]} - borrow - static_cast<std::int64_t>(carry & 0xffffffffU);
      u[i + j] = static_cast<std::uint32_t>(digit);
      borrow = digit < 0 ? 1 : 0;
      carry >>= 32U;
    }
    if (borrow != 0) {  // the guess was one too large
      --guess;
      std::uint64_t sum = 0;
      for (std::size_t i = 0; i <= n; ++i) {
        sum += std::uint64_t{u[i + j]} + (i < n ? v[i] : 0);
        u[i + j] = static_cast<std::uint32_t>(sum);
        sum >>= 32U;
      }
    }
    (*quotient)[j] = static_cast<std::uint32_t>(guess);
  }
  remainder->assign(n, 0);
  for (std::size_t i = 0; i < n; ++i) {
    (*remainder)[i] = static_cast<std::uint32_t>(((std::uint64_t{u[i + 1]} << 32U) | u[i]) >> shift);
  }
}

BigInt abs(const BigInt& value) { return value.is_negative() ? -value : value; }

std::size_t BigInt::bit_length() const {
  return limbs_.empty() ? 0 : limbs_.size() * 32 - static_cast<std::size_t>(std::countl_zero(limbs_.back()));
}

std::uint64_t BigInt::bits_from(std::size_t first) const {
  const std::size_t limb = first / 32;
  const auto shift = static_cast<unsigned>(first % 32);
  const auto at = [&](std::size_t i) { return i < limbs_.size() ? std::uint64_t{limbs_[i]} : 0; };
  const std::uint64_t low = at(limb) | (at(limb + 1) << 32U);
  return shift == 0 ? low : (low >> shift) | (at(limb + 2) << (64U - shift));
}

// Knuth, volume 2, section 4.5.2, algorithm L (Lehmer 1938): the quotients of Euclid's algorithm are those of the leading
// digits for as long as an error in the last of these cannot change them, so that long numbers are touched once for many
// steps. With a > b > 0 it does one step or more: b becomes smaller.
void BigInt::reduce_leading(BigInt* a, BigInt* b) {
  constexpr std::size_t kLeading = 62;
  constexpr std::int64_t kMostFactor = std::int64_t{1} << 30U;  // times a limb: fits with a carry
  const std::size_t first = std::max(a->bit_length(), kLeading) - kLeading;
  auto x = static_cast<std::int64_t>(a->bits_from(first));
  auto y = static_cast<std::int64_t>(b->bits_from(first));
  std::int64_t ax = 1;
  std::int64_t bx = 0;
  std::int64_t ay = 0;
  std::int64_t by = 1;
  while (y + ay != 0 && y + by != 0) {
    const std::int64_t quotient = (x + ax) / (y + ay);
    if (quotient != (x + bx) / (y + by) || quotient >= kMostFactor) break;
    const std::int64_t next_a = ax - quotient * ay;
    const std::int64_t next_b = bx - quotient * by;
    if (std::max(std::abs(next_a), std::abs(next_b)) >= kMostFactor) break;
    ax = std::exchange(ay, next_a);
    bx = std::exchange(by, next_b);
    x = std::exchange(y, x - quotient * y);
  }
  if (bx == 0) {  // a quotient that is too large, or not to be told
    BigInt rest = divide(*a, *b).remainder;
    *a = std::exchange(*b, std::move(rest));
    return;
  }
  std::int64_t carry_a = 0;
  std::int64_t carry_b = 0;
  for (std::size_t i = 0; i < a->limbs_.size(); ++i) {
    const auto p = std::int64_t{a->limbs_[i]};
    const auto q = i < b->limbs_.size() ? std::int64_t{b->limbs_[i]} : 0;
    carry_a += ax * p + bx * q;
    carry_b += ay * p + by * q;
    a->limbs_[i] = static_cast<std::uint32_t>(carry_a);
    if (i < b->limbs_.size()) b->limbs_[i] = static_cast<std::uint32_t>(carry_b);
    carry_a >>= 32U;
    carry_b >>= 32U;
  }
  a->trim();
  b->trim();
}

BigInt gcd(BigInt a, BigInt b) {
  a.negative_ = b.negative_ = false;
  if (BigInt::compare_magnitude(a, b) < 0) std::swap(a, b);
  // Each round does at least one division of Euclid's algorithm, of which there are fewer than 1.45 for each bit (Lamé).
  for (std::size_t rounds = 3 * b.bit_length() / 2; b.limbs_.size() > 2; --rounds) {
    FT_CHECK(rounds > 0, "a common divisor took more steps than Euclid's algorithm can");
    BigInt::reduce_leading(&a, &b);
  }
  if (b.is_zero()) return a;
  if (a.limbs_.size() > 2) a = std::exchange(b, divide(a, b).remainder);
  const std::uint64_t common = std::gcd(a.bits_from(0), b.bits_from(0));
  a.limbs_ = {static_cast<std::uint32_t>(common), static_cast<std::uint32_t>(common >> 32U)};
  a.trim();
  return a;
}

BigInt pow(const BigInt& base, unsigned exponent) {
  BigInt result(1);
  BigInt square = base;
  for (; exponent != 0; exponent >>= 1U) {
    if ((exponent & 1U) != 0) result = result * square;
    if (exponent > 1) square = square * square;
  }
  return result;
}

}  // namespace ft::grade

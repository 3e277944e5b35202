#include "framework/grade/wide.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ft::grade {
namespace {

constexpr double kUnit = 0x1p-100;  // relative rounding of one operation, with room to spare
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Wide quick_sum(double a, double b) {
  const double sum = a + b;
  return {sum, b - (sum - a)};
}

Wide two_sum(double a, double b) {
  const double sum = a + b;
  const double part = sum - a;
  return {sum, (a - (sum - part)) + (b - part)};
}

Wide two_product(double a, double b) {
  const double product = a * b;
  return {product, std::fma(a, b, -product)};
}

const Wide kLog2{0.6931471805599453, 2.3190468138462996e-17};
const Wide kPi{3.141592653589793, 1.2246467991473532e-16};

}  // namespace

Wide operator+(Wide a, Wide b) {
  Wide high = two_sum(a.high, b.high);
  const Wide low = two_sum(a.low, b.low);
  high = quick_sum(high.high, high.low + low.high);
  return quick_sum(high.high, high.low + low.low);
}

Wide operator-(Wide a) { return {-a.high, -a.low}; }

Wide operator*(Wide a, Wide b) {
  Wide product = two_product(a.high, b.high);
  product.low += a.high * b.low + a.low * b.high;
  return quick_sum(product.high, product.low);
}

Wide operator/(Wide a, Wide b) {
  const double first = a.high / b.high;
  Wide rest = a - b * Wide(first);
  const double second = rest.high / b.high;
  rest = rest - b * Wide(second);
  const double third = rest.high / b.high;
  return quick_sum(first, second) + Wide(third);
}

Wide sqrt(Wide a) {
  if (a.high == 0) return {};
  const double guess = std::sqrt(a.high);
  const Wide once = (Wide(guess) + a / Wide(guess)) * Wide(0.5);
  return (once + a / once) * Wide(0.5);
}

Wide exp(Wide a) {
  if (!(a.high <= 700)) return {kNan};  // what is no number, too
  if (a.high < -700) return {};
  const double turns = std::round(a.high / kLog2.high);
  const Wide rest = (a - kLog2 * Wide(turns)) * Wide(1.0 / 256);
  Wide sum = 1;
  Wide term = 1;
  for (int n = 1; n <= 14; ++n) {
    term = term * rest / Wide(n);
    sum = sum + term;
  }
  for (int i = 0; i < 8; ++i) sum = sum * sum;
  return {std::ldexp(sum.high, static_cast<int>(turns)), std::ldexp(sum.low, static_cast<int>(turns))};
}

// Newton on exp: each step doubles the digits.
Wide log(Wide a) {
  Wide value = std::log(a.high);
  for (int i = 0; i < 2; ++i) value = value + a * exp(-value) - Wide(1);
  return value;
}

void sin_cos(Wide a, Wide* sine, Wide* cosine) {
  if (!(std::fabs(a.high) < 1e6)) {
    *sine = *cosine = Wide(kNan);
    return;
  }
  const double quarters = std::round(a.high / (kPi.high / 2));
  const Wide rest = (a - kPi * Wide(quarters / 2)) * Wide(1.0 / 16);
  const Wide square = rest * rest;
  Wide s = rest;
  Wide c = 1;
  Wide term = rest;
  for (int n = 1; n <= 9; ++n) {
    term = -(term * square) / Wide((2.0 * n) * (2.0 * n + 1));
    s = s + term;
  }
  term = 1;
  for (int n = 1; n <= 9; ++n) {
    term = -(term * square) / Wide((2.0 * n - 1) * (2.0 * n));
    c = c + term;
  }
  for (int i = 0; i < 4; ++i) {
    const Wide doubled = s * c * Wide(2);
    c = Wide(1) - s * s * Wide(2);
    s = doubled;
  }
  switch (((static_cast<long long>(quarters) % 4) + 4) % 4) {
    case 0:
      *sine = s;
      *cosine = c;
      break;
    case 1:
      *sine = c;
      *cosine = -s;
      break;
    case 2:
      *sine = -s;
      *cosine = -c;
      break;
    default:
      *sine = -c;
      *cosine = s;
      break;
  }
}

// Newton on the angle: sin(angle - guess) is the cross product of the two directions.
Wide atan2(Wide y, Wide x) {
  if (x.high == 0 && y.high == 0) return {};
  const Wide length = sqrt(x * x + y * y);
  Wide angle = std::atan2(y.high, x.high);
  for (int i = 0; i < 2; ++i) {
    Wide s;
    Wide c;
    sin_cos(angle, &s, &c);
    angle = angle + (y * c - x * s) / length;
  }
  return angle;
}

Wide wide_pi() { return kPi; }

Wide to_wide(const Rational& value) {
  const auto convert = [](const BigInt& number) {
    if (number.num_limbs() > 31) return Wide(kNan);
    Wide sum;
    for (std::size_t i = number.num_limbs(); i-- > 0;) sum = sum * Wide(4294967296.0) + Wide(number.limbs()[i]);
    return number.is_negative() ? -sum : sum;
  };
  return convert(value.numerator()) / convert(value.denominator());
}

double Approximate::size() const { return std::hypot(real.high, imaginary.high); }
bool Approximate::is_finite() const {
  return std::isfinite(real.high) && std::isfinite(imaginary.high) && std::isfinite(error);
}

Approximate operator+(const Approximate& a, const Approximate& b) {
  return {a.real + b.real, a.imaginary + b.imaginary, a.error + b.error + kUnit * (a.size() + b.size())};
}

Approximate operator-(const Approximate& a) { return {-a.real, -a.imaginary, a.error}; }

namespace {

// What leaves the range of numbers has no value: it must not be taken for zero.
Approximate in_range(const Approximate& value, bool not_zero) {
  constexpr double kSmallest = 1e-270;
  return not_zero && value.size() < kSmallest ? Approximate{Wide(kNan), Wide(kNan), kNan} : value;
}

}  // namespace

Approximate operator*(const Approximate& a, const Approximate& b) {
  const Approximate product{
      a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real,
      a.size() * b.error + b.size() * a.error + a.error * b.error + 4 * kUnit * a.size() * b.size()};
  return in_range(product, a.size() > a.error && b.size() > b.error);
}

Approximate operator/(const Approximate& a, const Approximate& b) {
  const Wide square = b.real * b.real + b.imaginary * b.imaginary;
  const double size = b.size();
  if (!(size > 8 * b.error)) return {Wide(kNan), Wide(kNan), kNan};
  Approximate result{(a.real * b.real + a.imaginary * b.imaginary) / square,
                     (a.imaginary * b.real - a.real * b.imaginary) / square, 0};
  result.error = 1.2 * (a.error + result.size() * b.error) / size + 8 * kUnit * result.size();
  return in_range(result, a.size() > a.error);
}

Approximate exp(const Approximate& a) {
  const Wide scale = exp(a.real);
  Wide s;
  Wide c;
  sin_cos(a.imaginary, &s, &c);
  const Approximate power{scale * c, scale * s, std::fabs(scale.high) * (1.2 * a.error + 64 * kUnit * (1 + a.size()))};
  return in_range(power, true);
}

Approximate log(const Approximate& a) {
  const double size = a.size();
  if (!(size > 8 * a.error)) return {Wide(kNan), Wide(kNan), kNan};
  // On the cut (negative reals) a rounding in the imaginary part must not choose the side.
  const Wide imaginary = std::fabs(a.imaginary.high) <= a.error ? Wide(0) : a.imaginary;
  const Wide length = log(sqrt(a.real * a.real + imaginary * imaginary));
  return {length, atan2(imaginary, a.real), 1.2 * a.error / size + 64 * kUnit * (1 + std::fabs(length.high))};
}

Approximate sqrt(const Approximate& a) {
  const double size = a.size();
  if (size <= 8 * a.error) return {Wide(0), Wide(0), 4 * std::sqrt(a.error + size)};
  const Wide imaginary = std::fabs(a.imaginary.high) <= a.error ? Wide(0) : a.imaginary;
  const Wide length = sqrt(a.real * a.real + imaginary * imaginary);
  Wide re;
  Wide im;
  if (a.real.high >= 0) {
    re = sqrt((length + a.real) * Wide(0.5));
    im = imaginary / (re * Wide(2));
  } else {
    im = sqrt((length - a.real) * Wide(0.5));
    if (imaginary.high < 0) im = -im;
    re = imaginary / (im * Wide(2));
  }
  const double root = std::sqrt(size);
  return {re, im, 0.7 * a.error / root + 16 * kUnit * root};
}

Approximate pow(const Approximate& base, const Approximate& exponent) {
  const double power = exponent.real.high;
  const bool whole = exponent.error == 0 && exponent.imaginary.high == 0 && exponent.real.low == 0 &&
                     power == std::floor(power) && std::fabs(power) <= 4096;
  if (whole) {
    Approximate result{Wide(1), Wide(0), 0};
    Approximate square = base;
    for (auto times = static_cast<unsigned>(std::fabs(power)); times != 0; times >>= 1U) {
      if ((times & 1U) != 0) result = result * square;
      if (times > 1) square = square * square;
    }
    return power < 0 ? Approximate{Wide(1), Wide(0), 0} / result : result;
  }
  if (base.size() == 0 && base.error == 0 && power > 0) return base;
  return exp(exponent * log(base));
}

Approximate cos(const Approximate& a) {
  const Approximate turned{-a.imaginary, a.real, a.error};
  const Approximate sum = exp(turned) + exp(-turned);
  return {sum.real * Wide(0.5), sum.imaginary * Wide(0.5), sum.error};
}

Approximate sin(const Approximate& a) {
  const Approximate turned{-a.imaginary, a.real, a.error};
  const Approximate difference = exp(turned) + -exp(-turned);  // 2 i sin(a)
  return {difference.imaginary * Wide(0.5), -difference.real * Wide(0.5), difference.error};
}

}  // namespace ft::grade

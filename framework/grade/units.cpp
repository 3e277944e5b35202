#include "framework/grade/units.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <utility>
#include <vector>

#include "framework/grade/unit_table.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {
namespace {

// Dimensions that are products of others.
constexpr auto kDerived = std::to_array<std::pair<std::string_view, std::array<int, 4>>>({
    // length, time, mass, current
    {"volume", {3, 0, 0, 0}},
    {"area", {2, 0, 0, 0}},
    {"mph", {1, -1, 0, 0}},
    {"kph", {1, -1, 0, 0}},
    {"force", {1, -2, 1, 0}},
    {"energy", {2, -2, 1, 0}},
    {"power", {2, -3, 1, 0}},
    {"pressure", {-1, -2, 1, 0}},
    {"charge", {0, 1, 0, 1}},
});
bool is_derived(std::string_view dimension) {
  return std::any_of(kDerived.begin(), kDerived.end(), [&](const auto& d) { return d.first == dimension; });
}

constexpr std::array<std::string_view, 4> kBases{"length", "time", "mass", "current"};

// A product of units while it is read.
struct Product {
  std::map<std::string, long long> powers;
  Rational factor = 1;

  void times(const KnownUnit& unit, long long exponent) {
    const Rational size{BigInt(unit.numerator), BigInt(unit.denominator)};
    factor = factor * pow(size, exponent);
    const auto derived =
        std::find_if(kDerived.begin(), kDerived.end(), [&](const auto& d) { return d.first == unit.dimension; });
    if (derived == kDerived.end()) {
      if (!unit.dimension.empty()) powers[std::string(unit.dimension)] += exponent;
      return;
    }
    for (std::size_t i = 0; i < kBases.size(); ++i) {
      if (derived->second[i] != 0) powers[std::string(kBases[i])] += exponent * derived->second[i];
    }
  }
  // "square units" of no length in particular.
  void times_units(long long exponent) {
    if (exponent != 1) powers["unit"] += exponent;
  }
  [[nodiscard]] std::string dimension() const {
    std::string text;
    for (const auto& [name, power] : powers) {
      if (power == 0) continue;
      text += (text.empty() ? "" : " ") + name + (power == 1 ? "" : "^" + std::to_string(power));
    }
    return text;
  }
};

// "cm", "^", "-2", "/", "per", ...
std::vector<std::string> pieces_of(std::string_view label) {
  std::vector<std::string> pieces;
  bool join = false;
  for (const char c : label) {
    if (c == ' ' || c == '{' || c == '}') {
      join = false;
    } else if (c == '/' || c == '*' || c == '^') {
      pieces.emplace_back(1, c);
      join = false;
    } else {
      const bool digit = std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '-';
      const bool was_digit =
          join && (std::isdigit(static_cast<unsigned char>(pieces.back().back())) != 0 || pieces.back().back() == '-');
      if (!join || digit != was_digit) {
        if (join && digit && c != '-') pieces.emplace_back("^");  // "cm2"
        pieces.emplace_back();
      }
      pieces.back().push_back(c);
      join = true;
    }
  }
  return pieces;
}

// The first word says of most labels ("apples in the basket") that they are no product of units, before any is copied.
bool may_open_product(std::string_view label) {
  static constexpr auto kOpenings = std::to_array<std::string_view>({"per", "square", "sq", "cubic", "cu"});
  const std::size_t size = std::min(label.find_first_of(" {}/*^-0123456789"), label.size());
  const std::string_view word = label.substr(0, size);
  return word.empty() || std::find(kOpenings.begin(), kOpenings.end(), word) != kOpenings.end() ||
         find_unit(word) != nullptr || prefixed_unit(word).has_value();
}

// Words behind a unit that only say how it lies: "feet long", "hours in total".
std::string_view without_manner(std::string_view label) {
  static constexpr auto kManner = std::to_array<std::string_view>(
      {"long",  "tall",     "wide",      "high",    "deep",       "old",   "away",   "apart",
       "total", "left",     "remaining", "each",    "altogether", "in",    "in all", "thick",
       "ago",   "in total", "in length", "in area", "in volume",  "of age"});
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view word : kManner) {
      if (!label.ends_with(word) || label.size() <= word.size() || label[label.size() - word.size() - 1] != ' ')
        continue;
      label.remove_suffix(word.size() + 1);
      again = true;
    }
  }
  return label;
}

std::optional<Unit> product_of_units(std::string_view label) {
  if (const KnownUnit* unit = find_unit(label); unit != nullptr && !is_derived(unit->dimension))
    return Unit{std::string(unit->dimension), Rational(BigInt(unit->numerator), BigInt(unit->denominator))};
  if (!may_open_product(label)) return std::nullopt;
  const std::vector<std::string> pieces = pieces_of(label);
  if (pieces.empty() || pieces.size() > 20) return std::nullopt;
  Product product;
  long long sign = 1;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const bool article = (pieces[i] == "an" || pieces[i] == "a") && i > 0;  // "45 miles an hour"
    if (pieces[i] == "/" || pieces[i] == "per" || article) {
      if (pieces.size() == 1) return std::nullopt;
      sign = -1;
      continue;
    }
    if (pieces[i] == "*") continue;
    long long power = 1;
    if (pieces[i] == "square" || pieces[i] == "sq") power = 2;
    if (pieces[i] == "cubic" || pieces[i] == "cu") power = 3;
    if (power > 1 && ++i == pieces.size()) return std::nullopt;
    const KnownUnit* unit = find_unit(pieces[i]);
    Rational scale(1);
    if (unit == nullptr) {
      const auto prefixed = prefixed_unit(pieces[i]);
      if (!prefixed) return std::nullopt;
      unit = prefixed->first;
      scale = prefixed->second;
    }
    if (i + 1 < pieces.size() && (pieces[i + 1] == "squared" || pieces[i + 1] == "cubed")) {
      power *= pieces[i + 1] == "squared" ? 2 : 3;
      ++i;
    } else if (i + 1 < pieces.size() && pieces[i + 1] == "^") {
      if (i + 2 >= pieces.size() || pieces[i + 2].find_first_not_of("-0123456789") != std::string::npos ||
          pieces[i + 2].size() > 2 || pieces[i + 2] == "-")
        return std::nullopt;
      power *= std::stoll(pieces[i + 2]);
      i += 2;
    }
    if (unit->dimension.empty() && pieces.size() > 1 && power == 1) return std::nullopt;
    product.times(*unit, sign * power);
    if (unit->dimension.empty()) product.times_units(power);
    product.factor = product.factor * pow(scale, sign * power);
  }
  return Unit{product.dimension(), product.factor};
}

}  // namespace

bool is_unit_word(std::string_view word) {
  const std::string plain = plain_words(word);
  return plain == "sq" || plain == "cu" || find_unit(plain) != nullptr || prefixed_unit(plain).has_value();
}

bool is_plain_unit(std::string_view letters) {
  static constexpr auto kPlain = std::to_array<std::string_view>(
      {"cm",  "mm",  "km",  "in",  "ft",  "yd",  "mi",  "sec", "min", "hr",  "hrs", "day", "usd",  "kg",  "mg",  "lb",
       "lbs", "oz",  "deg", "ml",  "mL",  "mph", "pct", "sq",  "cu",  "cup", "kph", "kmh", "mol",  "tsp", "ton", "won",
       "yen", "Hz",  "kHz", "MHz", "GHz", "kJ",  "kW",  "kWh", "gal", "eur", "gbp", "yr",  "yrs",  "USD", "EUR", "GBP",
       "INR", "JPY", "Rs",  "rad", "rpm", "bpm", "fps", "psi", "atm", "dpi", "ppi", "cal", "kcal", "pcs"});
  return std::find(kPlain.begin(), kPlain.end(), letters) != kPlain.end();
}

std::string spelled_unit(std::string_view symbol) {
  static const std::map<std::string_view, std::string_view> kSymbols{
      {"Hz", "hertz"},         {"kHz", "kilohertz"},   {"MHz", "megahertz"},
      {"mHz", "millihertz"},   {"GHz", "gigahertz"},   {"W", "watt"},
      {"kW", "kilowatt"},      {"MW", "megawatt"},     {"mW", "milliwatt"},
      {"kWh", "kilowatthour"}, {"J", "joule"},         {"kJ", "kilojoule"},
      {"MJ", "megajoule"},     {"N", "newton"},        {"kN", "kilonewton"},
      {"Pa", "pascal"},        {"kPa", "kilopascal"},  {"MPa", "megapascal"},
      {"A", "ampere"},         {"mA", "milliampere"},  {"V", "volt"},
      {"mV", "millivolt"},     {"kV", "kilovolt"},     {"K", "kelvin"},
      {"F", "farad"},          {"C", "coulomb"},       {"T", "tesla"},
      {"\\Omega", "ohm"},      {"eV", "electronvolt"}, {"\\angstrom", "angstrom"},
      {"\xC3\x85", "angstrom"}};
  const auto found = kSymbols.find(symbol);
  return std::string(found == kSymbols.end() ? symbol : found->second);
}

std::optional<std::string_view> currency_of(std::string_view command) {
  static constexpr auto kCommands =
      std::to_array<std::pair<std::string_view, std::string_view>>({{"\\$", "dollar"},
                                                                    {"\\euro", "euro"},
                                                                    {"\\pounds", "sterling"},
                                                                    {"\\yen", "yen"},
                                                                    {"\\rupee", "rupee"},
                                                                    {"\\won", "won"},
                                                                    {"\\cents", "cent"},
                                                                    {"\\ruble", "ruble"},
                                                                    {"\\peso", "peso"},
                                                                    {"\\lira", "lira"},
                                                                    {"\\shekel", "shekel"},
                                                                    {"\\dong", "dong"},
                                                                    {"\\bitcoin", "bitcoin"}});
  for (const auto& [name, unit] : kCommands) {
    if (name == command) return unit;
  }
  return std::nullopt;
}

namespace {

// "canadian dollars" are no dollars; "us dollars" are. Nothing for other words.
std::optional<Unit> national_dollars(std::string_view words) {
  if (!words.ends_with(" dollars") && !words.ends_with(" dollar")) return std::nullopt;
  const std::string_view country = words.substr(0, words.rfind(' '));
  for (const std::string_view own : {"us", "american", "u s", "usa", "united states"}) {
    if (country == own) return Unit{"money", 100};
  }
  for (const std::string_view other : {"canadian", "australian", "new zealand", "singapore", "hong kong", "taiwan",
                                       "jamaican", "zimbabwean", "namibian", "fijian"}) {
    if (country == other) return Unit{std::string(other) + " dollar", 1};
  }
  return std::nullopt;
}

}  // namespace

Unit unit_of(std::string_view label) {
  std::string words = plain_words(label);
  if (auto dollars = national_dollars(words)) return *dollars;
  for (const auto& [spelling, usual] : {std::pair<std::string_view, std::string_view>{"per cent", "percent"},
                                        {"degrees celsius", "celsius"},
                                        {"degree celsius", "celsius"},
                                        {"degrees fahrenheit", "fahrenheit"},
                                        {"degree fahrenheit", "fahrenheit"},
                                        {"degrees c", "celsius"},
                                        {"degrees f", "fahrenheit"}}) {
    if (words.starts_with(spelling) && (words.size() == spelling.size() || words[spelling.size()] == ' '))
      words.replace(0, spelling.size(), usual);
  }
  std::string_view core = words;
  if (auto unit = product_of_units(core)) return *unit;
  core = without_manner(core);
  if (core.size() < words.size()) {
    if (auto unit = product_of_units(core)) return *unit;
  }
  // "cups of sugar": what is measured is no part of the unit.
  if (const std::size_t of = core.find(" of "); of != std::string_view::npos) {
    if (auto unit = product_of_units(core.substr(0, of))) return *unit;
  }
  if (core.starts_with("of ")) return {"label", 1};
  return {"label", 1};
}

}  // namespace ft::grade

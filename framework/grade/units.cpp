#include "framework/grade/units.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <utility>
#include <vector>

#include "framework/grade/vocabulary.h"

namespace ft::grade {
namespace {

// Dimensions are products of base dimensions: length 1, time -1. Words of money are dimensions of their own.
struct KnownUnit {
  std::string_view name;  // singular
  std::string_view dimension;
  long long numerator;
  long long denominator;
};

constexpr auto kUnits = std::to_array<KnownUnit>({
    // length: metre
    {"m", "length", 1, 1},
    {"meter", "length", 1, 1},
    {"metre", "length", 1, 1},
    {"cm", "length", 1, 100},
    {"centimeter", "length", 1, 100},
    {"centimetre", "length", 1, 100},
    {"mm", "length", 1, 1000},
    {"millimeter", "length", 1, 1000},
    {"millimetre", "length", 1, 1000},
    {"dm", "length", 1, 10},
    {"decimeter", "length", 1, 10},
    {"km", "length", 1000, 1},
    {"kilometer", "length", 1000, 1},
    {"kilometre", "length", 1000, 1},
    {"nm", "length", 1, 1'000'000'000},
    {"nanometer", "length", 1, 1'000'000'000},
    {"micrometer", "length", 1, 1'000'000},
    {"micron", "length", 1, 1'000'000},
    {"angstrom", "length", 1, 10'000'000'000},
    {"inch", "length", 254, 10000},
    {"inche", "length", 254, 10000},
    {"in", "length", 254, 10000},
    {"foot", "length", 3048, 10000},
    {"feet", "length", 3048, 10000},
    {"ft", "length", 3048, 10000},
    {"yard", "length", 9144, 10000},
    {"yd", "length", 9144, 10000},
    {"mile", "length", 1609344, 1000},
    {"mi", "length", 1609344, 1000},
    // time: second
    {"second", "time", 1, 1},
    {"sec", "time", 1, 1},
    {"s", "time", 1, 1},
    {"ms", "time", 1, 1000},
    {"millisecond", "time", 1, 1000},
    {"minute", "time", 60, 1},
    {"min", "time", 60, 1},
    {"hour", "time", 3600, 1},
    {"hr", "time", 3600, 1},
    {"h", "time", 3600, 1},
    {"day", "time", 86400, 1},
    {"week", "time", 604800, 1},
    {"month", "month", 1, 1},
    {"year", "month", 12, 1},
    {"yr", "month", 12, 1},
    {"decade", "month", 120, 1},
    {"century", "month", 1200, 1},
    {"centurie", "month", 1200, 1},
    // mass: gram
    {"gram", "mass", 1, 1},
    {"gramme", "mass", 1, 1},
    {"g", "mass", 1, 1},
    {"gm", "mass", 1, 1},
    {"kg", "mass", 1000, 1},
    {"kilogram", "mass", 1000, 1},
    {"kilo", "mass", 1000, 1},
    {"mg", "mass", 1, 1000},
    {"milligram", "mass", 1, 1000},
    {"tonne", "mass", 1'000'000, 1},
    {"pound", "mass", 45359237, 100'000},
    {"lb", "mass", 45359237, 100'000},
    {"ounce", "mass", 45359237, 1'600'000},
    {"oz", "mass", 45359237, 1'600'000},
    {"ton", "ton", 1, 1},
    // volume: cubic metre
    {"liter", "volume", 1, 1000},
    {"litre", "volume", 1, 1000},
    {"l", "volume", 1, 1000},
    {"ml", "volume", 1, 1'000'000},
    {"milliliter", "volume", 1, 1'000'000},
    {"millilitre", "volume", 1, 1'000'000},
    {"dl", "volume", 1, 10'000},
    {"cc", "volume", 1, 1'000'000},
    // The gallon differs between countries; its parts do not differ from it.
    {"gallon", "gallon", 1, 1},
    {"gal", "gallon", 1, 1},
    {"quart", "gallon", 1, 4},
    {"qt", "gallon", 1, 4},
    {"pint", "gallon", 1, 8},
    {"pt", "gallon", 1, 8},
    {"cup", "gallon", 1, 16},
    {"tablespoon", "gallon", 1, 256},
    {"tbsp", "gallon", 1, 256},
    {"teaspoon", "gallon", 1, 768},
    {"tsp", "gallon", 1, 768},
    // area
    {"acre", "acre", 1, 1},
    {"hectare", "area", 10000, 1},
    {"ha", "area", 10000, 1},
    // angles
    {"degree", "angle", 1, 1},
    {"deg", "angle", 1, 1},
    {"radian", "radian", 1, 1},
    {"rad", "radian", 1, 1},
    {"arcminute", "angle", 1, 60},
    {"arcsecond", "angle", 1, 3600},
    {"revolution", "angle", 360, 1},
    {"turn", "angle", 360, 1},
    {"rotation", "angle", 360, 1},
    {"celsius", "celsius", 1, 1},
    {"centigrade", "celsius", 1, 1},
    {"fahrenheit", "fahrenheit", 1, 1},
    {"kelvin", "kelvin", 1, 1},
    // money
    {"dollar", "money", 100, 1},
    {"usd", "money", 100, 1},
    {"buck", "money", 100, 1},
    {"cent", "money", 1, 1},
    {"penny", "money", 1, 1},
    {"pennie", "money", 1, 1},
    {"euro", "euro", 1, 1},
    {"eur", "euro", 1, 1},
    {"sterling", "gbp", 100, 1},
    {"gbp", "gbp", 100, 1},
    {"quid", "gbp", 100, 1},
    {"pence", "gbp", 1, 1},
    {"yen", "yen", 1, 1},
    {"jpy", "yen", 1, 1},
    {"yuan", "yuan", 1, 1},
    {"rmb", "yuan", 1, 1},
    {"rupee", "rupee", 1, 1},
    {"rs", "rupee", 1, 1},
    {"inr", "rupee", 1, 1},
    {"won", "won", 1, 1},
    {"peso", "peso", 1, 1},
    {"ruble", "ruble", 1, 1},
    {"franc", "franc", 1, 1},
    {"lira", "lira", 1, 1},
    {"shekel", "shekel", 1, 1},
    {"dong", "dong", 1, 1},
    {"bitcoin", "bitcoin", 1, 1},
    {"cad", "canadian dollar", 1, 1},
    {"aud", "australian dollar", 1, 1},
    {"nzd", "new zealand dollar", 1, 1},
    {"sgd", "singapore dollar", 1, 1},
    {"hkd", "hong kong dollar", 1, 1},
    {"chf", "franc", 1, 1},
    {"mxn", "peso", 1, 1},
    {"rub", "ruble", 1, 1},
    {"krw", "won", 1, 1},
    {"cny", "yuan", 1, 1},
    {"renminbi", "yuan", 1, 1},
    // electricity, energy, force, ...: powers of gram, metre, second, ampere are written out
    {"ampere", "current", 1, 1},
    {"amp", "current", 1, 1},
    {"milliampere", "current", 1, 1000},
    {"milliamp", "current", 1, 1000},
    {"volt", "voltage", 1, 1},
    {"millivolt", "voltage", 1, 1000},
    {"kilovolt", "voltage", 1000, 1},
    {"ohm", "resistance", 1, 1},
    {"kiloohm", "resistance", 1000, 1},
    {"farad", "capacity", 1, 1},
    {"coulomb", "charge", 1, 1},
    {"tesla", "tesla", 1, 1},
    {"newton", "force", 1000, 1},
    {"kilonewton", "force", 1'000'000, 1},
    {"joule", "energy", 1000, 1},
    {"kilojoule", "energy", 1'000'000, 1},
    {"megajoule", "energy", 1'000'000'000, 1},
    {"watt", "power", 1000, 1},
    {"milliwatt", "power", 1, 1},
    {"kilowatt", "power", 1'000'000, 1},
    {"megawatt", "power", 1'000'000'000, 1},
    {"kilowatthour", "energy", 3'600'000'000, 1},
    {"pascal", "pressure", 1000, 1},
    {"kilopascal", "pressure", 1'000'000, 1},
    {"megapascal", "pressure", 1'000'000'000, 1},
    {"bar", "pressure", 100'000'000, 1},
    {"atm", "atm", 1, 1},
    {"calorie", "calorie", 1, 1},
    {"cal", "calorie", 1, 1},
    {"kilocalorie", "calorie", 1000, 1},
    {"kcal", "calorie", 1000, 1},
    {"electronvolt", "electronvolt", 1, 1},
    {"hertz", "frequency", 1, 1},
    {"hz", "frequency", 1, 1},
    {"millihertz", "frequency", 1, 1000},
    {"kilohertz", "frequency", 1000, 1},
    {"khz", "frequency", 1000, 1},
    {"megahertz", "frequency", 1'000'000, 1},
    {"gigahertz", "frequency", 1'000'000'000, 1},
    {"ghz", "frequency", 1'000'000'000, 1},
    {"mole", "amount", 1, 1},
    {"mol", "amount", 1, 1},
    {"bit", "information", 1, 1},
    {"byte", "information", 8, 1},
    // Chinese and Japanese
    {"\u5143", "yuan", 1, 1},
    {"\u4EBA\u6C11\u5E01", "yuan", 1, 1},
    {"\u5186", "yen", 1, 1},
    {"\uC6D0", "won", 1, 1},
    {"\u7C73", "length", 1, 1},
    {"\u5398\u7C73", "length", 1, 100},
    {"\u6BEB\u7C73", "length", 1, 1000},
    {"\u5206\u7C73", "length", 1, 10},
    {"\u5343\u7C73", "length", 1000, 1},
    {"\u516C\u91CC", "length", 1000, 1},
    {"\u5E73\u65B9\u7C73", "area", 1, 1},
    {"\u5E73\u65B9\u5398\u7C73", "area", 1, 10000},
    {"\u5E73\u65B9\u5343\u7C73", "area", 1'000'000, 1},
    {"\u7ACB\u65B9\u7C73", "volume", 1, 1},
    {"\u7ACB\u65B9\u5398\u7C73", "volume", 1, 1'000'000},
    {"\u5347", "volume", 1, 1000},
    {"\u6BEB\u5347", "volume", 1, 1'000'000},
    {"\u514B", "mass", 1, 1},
    {"\u5343\u514B", "mass", 1000, 1},
    {"\u516C\u65A4", "mass", 1000, 1},
    {"\u79D2", "time", 1, 1},
    {"\u5206\u949F", "time", 60, 1},
    {"\u5C0F\u65F6", "time", 3600, 1},
    {"\u5929", "time", 86400, 1},
    {"\u5EA6", "angle", 1, 1},
    // others
    {"mph", "mph", 1609344, 3'600'000},
    {"kph", "kph", 1000, 3600},
    {"kmh", "kph", 1000, 3600},
    {"kmph", "kph", 1000, 3600},
    {"percent", "percent", 1, 1},
    {"percentage", "percent", 1, 1},
    {"pct", "percent", 1, 1},
    {"unit", "", 1, 1},
    {"am", "am", 1, 1},
    {"pm", "pm", 1, 1},
});

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
constexpr std::array<std::string_view, 4> kBases{"length", "time", "mass", "current"};

const KnownUnit* find_unit(std::string_view word) {
  static const std::map<std::string_view, const KnownUnit*> kByName = [] {
    std::map<std::string_view, const KnownUnit*> names;
    for (const KnownUnit& unit : kUnits) names.emplace(unit.name, &unit);
    return names;
  }();
  const auto named = [](std::string_view name) {
    const auto found = kByName.find(name);
    return found == kByName.end() ? nullptr : found->second;
  };
  if (const KnownUnit* unit = named(word)) return unit;
  if (word.size() > 2 && word.ends_with('s')) return named(word.substr(0, word.size() - 1));
  return nullptr;
}

// "microgram", "terawatt", "hectoliter": a prefix of the SI before the name of a unit that takes one.
std::optional<std::pair<const KnownUnit*, Rational>> prefixed_unit(std::string_view word) {
  static constexpr auto kPrefixes = std::to_array<std::pair<std::string_view, int>>({{"micro", -6},
                                                                                     {"milli", -3},
                                                                                     {"centi", -2},
                                                                                     {"deci", -1},
                                                                                     {"deca", 1},
                                                                                     {"hecto", 2},
                                                                                     {"kilo", 3},
                                                                                     {"mega", 6},
                                                                                     {"giga", 9},
                                                                                     {"tera", 12},
                                                                                     {"nano", -9},
                                                                                     {"pico", -12},
                                                                                     {"femto", -15}});
  static constexpr auto kTaking = std::to_array<std::string_view>(
      {"meter",   "metre",        "gram",  "gramme",  "second", "liter",  "litre", "ampere", "amp",
       "volt",    "ohm",          "farad", "coulomb", "tesla",  "newton", "joule", "watt",   "pascal",
       "calorie", "electronvolt", "hertz", "mole",    "kelvin", "tonne",  "radian"});
  for (const auto& [prefix, power] : kPrefixes) {
    if (!word.starts_with(prefix)) continue;
    std::string_view name = word.substr(prefix.size());
    if (name.ends_with('s')) name.remove_suffix(1);
    if (std::find(kTaking.begin(), kTaking.end(), name) == kTaking.end()) continue;
    return std::pair{find_unit(name), pow(Rational(10), power)};
  }
  return std::nullopt;
}

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
  return plain == "sq" || plain == "cu" || find_unit(plain) != nullptr;
}

bool is_plain_unit(std::string_view letters) {
  static constexpr auto kPlain = std::to_array<std::string_view>(
      {"cm",  "mm",  "km",  "in",  "ft",  "yd",  "mi",  "sec", "min", "hr",  "hrs", "day", "usd",
       "kg",  "mg",  "lb",  "lbs", "oz",  "deg", "ml",  "mL",  "mph", "pct", "sq",  "cu",  "cup",
       "kph", "kmh", "mol", "tsp", "ton", "won", "yen", "Hz",  "kHz", "MHz", "GHz", "kJ",  "kW",
       "kWh", "gal", "eur", "gbp", "yr",  "yrs", "USD", "EUR", "GBP", "INR", "JPY", "Rs",  "rad"});
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

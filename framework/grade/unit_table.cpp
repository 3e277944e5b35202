#include "framework/grade/unit_table.h"

#include <algorithm>
#include <array>
#include <map>

namespace ft::grade {
namespace {

// Names with a prefix of the SI are made by prefixed_unit.
constexpr auto kUnits = std::to_array<KnownUnit>({
    // length: metre
    {"m", "length", 1, 1},
    {"meter", "length", 1, 1},
    {"metre", "length", 1, 1},
    {"cm", "length", 1, 100},
    {"mm", "length", 1, 1000},
    {"dm", "length", 1, 10},
    {"km", "length", 1000, 1},
    {"nm", "length", 1, 1'000'000'000},
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
    {"minute", "time", 60, 1},
    {"min", "time", 60, 1},
    {"hour", "time", 3600, 1},
    {"hr", "time", 3600, 1},
    {"h", "time", 3600, 1},
    {"day", "time", 86400, 1},
    {"week", "time", 604800, 1},
    {"wk", "time", 604800, 1},
    {"fortnight", "time", 1209600, 1},
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
    {"kilo", "mass", 1000, 1},
    {"mg", "mass", 1, 1000},
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
    {"volt", "voltage", 1, 1},
    {"ohm", "resistance", 1, 1},
    {"farad", "capacity", 1, 1},
    {"coulomb", "charge", 1, 1},
    {"tesla", "tesla", 1, 1},
    {"newton", "force", 1000, 1},
    {"joule", "energy", 1000, 1},
    {"watt", "power", 1000, 1},
    {"kilowatthour", "energy", 3'600'000'000, 1},
    {"pascal", "pressure", 1000, 1},
    {"bar", "pressure", 100'000'000, 1},
    {"atm", "atm", 1, 1},
    {"calorie", "calorie", 1, 1},
    {"cal", "calorie", 1, 1},
    {"kcal", "calorie", 1000, 1},
    {"electronvolt", "electronvolt", 1, 1},
    {"hertz", "frequency", 1, 1},
    {"hz", "frequency", 1, 1},
    {"khz", "frequency", 1000, 1},
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
    {"rpm", "rpm", 1, 1},
    {"bpm", "bpm", 1, 1},
    {"fps", "fps", 1, 1},
    {"psi", "psi", 1, 1},
    {"atmosphere", "atm", 1, 1},
    {"mmhg", "mmhg", 1, 1},
    {"knot", "knot", 1, 1},
    {"carat", "carat", 1, 1},
    {"dpi", "dpi", 1, 1},
    {"ppi", "ppi", 1, 1},
    {"pixel", "pixel", 1, 1},
    {"px", "pixel", 1, 1},
    {"percent", "percent", 1, 1},
    {"percentage", "percent", 1, 1},
    {"pct", "percent", 1, 1},
    {"unit", "", 1, 1},
    {"am", "am", 1, 1},
    {"pm", "pm", 1, 1},
});

}  // namespace

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

}  // namespace ft::grade

#include "framework/grade/scale_words.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include "framework/grade/number_words.h"

namespace ft::grade {
namespace {

struct Scale {
  std::string_view word;
  long long factor;
};

constexpr long long kMillion = 1'000'000;
constexpr long long kMilliard = 1'000'000'000;
constexpr long long kTrillion = 1'000'000'000'000;

constexpr auto kScales = std::to_array<Scale>({
    // English, with the words of South Asia
    {"hundred", 100},
    {"hundreds", 100},
    {"thousand", 1000},
    {"thousands", 1000},
    {"million", kMillion},
    {"millions", kMillion},
    {"billion", kMilliard},
    {"billions", kMilliard},
    {"trillion", kTrillion},
    {"trillions", kTrillion},
    {"quadrillion", kTrillion * 1000},
    {"quintillion", kTrillion* kMillion},
    {"tens", 10},
    {"myriad", 10'000},
    {"myriads", 10'000},
    {"dozen", 12},
    {"dozens", 12},
    {"gross", 144},
    {"score", 20},
    {"lakh", 100'000},
    {"lakhs", 100'000},
    {"lac", 100'000},
    {"lacs", 100'000},
    {"crore", 10'000'000},
    {"crores", 10'000'000},
    // German and Dutch
    {"hundert", 100},
    {"tausend", 1000},
    {"mio", kMillion},
    {"millionen", kMillion},
    {"milliarde", kMilliard},
    {"milliarden", kMilliard},
    {"mrd", kMilliard},
    {"dutzend", 12},
    {"duizend", 1000},
    {"miljoen", kMillion},
    {"miljard", kMilliard},
    {"dozijn", 12},
    // French
    {"milliers", 1000},
    {"millier", 1000},
    {"milliard", kMilliard},
    {"milliards", kMilliard},
    {"douzaine", 12},
    {"douzaines", 12},
    {"centaines", 100},
    {"centaine", 100},
    {"dizaines", 10},
    {"dizaine", 10},
    // Spanish and Portuguese
    {"mil", 1000},
    {"mill\xC3\xB3n", kMillion},
    {"millones", kMillion},
    {"docena", 12},
    {"docenas", 12},
    {"decenas", 10},
    {"cientos", 100},
    {"centenas", 100},
    {"milh\xC3\xA3o", kMillion},
    {"milh\xC3\xB5\x65s", kMillion},
    {"bilh\xC3\xA3o", kMilliard},
    {"bilh\xC3\xB5\x65s", kMilliard},
    {"d\xC3\xBAzia", 12},
    {"d\xC3\xBAzias", 12},
    {"dezenas", 10},
    {"milhares", 1000},
    // Italian
    {"mila", 1000},
    {"milione", kMillion},
    {"milioni", kMillion},
    {"miliardo", kMilliard},
    {"miliardi", kMilliard},
    {"dozzina", 12},
    {"dozzine", 12},
    {"centinaia", 100},
    {"migliaia", 1000},
    // Polish, Czech, Swedish, Turkish, Indonesian, Vietnamese
    {"tysi\xC4\x85\x63", 1000},
    {"tysi\xC4\x99\x63y", 1000},
    {"tysi\xC4\x85\x63\x65", 1000},
    {"milion", kMillion},
    {"miliony", kMillion},
    {"milion\xC3\xB3w", kMillion},
    {"miliard", kMilliard},
    {"miliardy", kMilliard},
    {"tis\xC3\xAD\x63", 1000},
    {"tusen", 1000},
    {"miljon", kMillion},
    {"miljoner", kMillion},
    {"miljarder", kMilliard},
    {"milyon", kMillion},
    {"milyar", kMilliard},
    {"d\xC3\xBCzine", 12},
    {"ribu", 1000},
    {"juta", kMillion},
    {"miliar", kMilliard},
    {"lusin", 12},
    {"ngh\xC3\xACn", 1000},
    {"tri\xE1\xBB\x87u", kMillion},
    {"t\xE1\xBB\xB7", kMilliard},
    // Russian and Ukrainian
    {"\xD1\x82\xD1\x8B\xD1\x81", 1000},                                                       // тыс
    {"\xD1\x82\xD1\x8B\xD1\x81\xD1\x8F\xD1\x87", 1000},                                       // тысяч
    {"\xD1\x82\xD1\x8B\xD1\x81\xD1\x8F\xD1\x87\xD0\xB0", 1000},                               // тысяча
    {"\xD1\x82\xD1\x8B\xD1\x81\xD1\x8F\xD1\x87\xD0\xB8", 1000},                               // тысячи
    {"\xD0\xBC\xD0\xBB\xD0\xBD", kMillion},                                                   // млн
    {"\xD0\xBC\xD0\xB8\xD0\xBB\xD0\xBB\xD0\xB8\xD0\xBE\xD0\xBD", kMillion},                   // миллион
    {"\xD0\xBC\xD0\xB8\xD0\xBB\xD0\xBB\xD0\xB8\xD0\xBE\xD0\xBD\xD0\xB0", kMillion},           // миллиона
    {"\xD0\xBC\xD0\xB8\xD0\xBB\xD0\xBB\xD0\xB8\xD0\xBE\xD0\xBD\xD0\xBE\xD0\xB2", kMillion},   // миллионов
    {"\xD0\xBC\xD0\xBB\xD1\x80\xD0\xB4", kMilliard},                                          // млрд
    {"\xD0\xBC\xD0\xB8\xD0\xBB\xD0\xBB\xD0\xB8\xD0\xB0\xD1\x80\xD0\xB4", kMilliard},          // миллиард
    {"\xD0\xBC\xD0\xB8\xD0\xBB\xD0\xBB\xD0\xB8\xD0\xB0\xD1\x80\xD0\xB4\xD0\xB0", kMilliard},  // миллиарда
    {"\xD0\xBC\xD0\xB8\xD0\xBB\xD0\xBB\xD0\xB8\xD0\xB0\xD1\x80\xD0\xB4\xD0\xBE\xD0\xB2", kMilliard},  // миллиардов
    {"\xD1\x81\xD0\xBE\xD1\x82\xD0\xB5\xD0\xBD", 100},                                                // сотен
    {"\xD0\xBB\xD0\xB0\xD0\xBA\xD1\x85", 100'000},                                                    // лакх
    {"\xD0\xB4\xD1\x8E\xD0\xB6\xD0\xB8\xD0\xBD", 12},                                                 // дюжин
    {"\xD0\xB4\xD1\x8E\xD0\xB6\xD0\xB8\xD0\xBD\xD1\x8B", 12},                                         // дюжины
    // Arabic
    {"\xD8\xA3\xD9\x84\xD9\x81", 1000},                              // ألف
    {"\xD8\xA2\xD9\x84\xD8\xA7\xD9\x81", 1000},                      // آلاف
    {"\xD9\x85\xD9\x84\xD9\x8A\xD9\x88\xD9\x86", kMillion},          // مليون
    {"\xD9\x85\xD9\x84\xD8\xA7\xD9\x8A\xD9\x8A\xD9\x86", kMillion},  // ملايين
    {"\xD9\x85\xD9\x84\xD9\x8A\xD8\xA7\xD8\xB1", kMilliard},         // مليار
    {"\xD9\x85\xD8\xA6\xD8\xA9", 100},                               // مئة
    // Ukrainian, Vietnamese, Bengali, Thai
    {"\xD1\x82\xD0\xB8\xD1\x81\xD1\x8F\xD1\x87", 1000},                                      // тисяч
    {"\xD1\x82\xD0\xB8\xD1\x81\xD1\x8F\xD1\x87\xD1\x96", 1000},                              // тисячі
    {"\xD0\xBC\xD1\x96\xD0\xBB\xD1\x8C\xD0\xB9\xD0\xBE\xD0\xBD\xD1\x96\xD0\xB2", kMillion},  // мільйонів
    {"\xD0\xBC\xD1\x96\xD0\xBB\xD1\x8C\xD0\xB9\xD0\xBE\xD0\xBD\xD0\xB8", kMillion},          // мільйони
    {"\x6E\x67\x68\xC3\xAC\x6E", 1000},                                                      // nghìn
    {"\x6E\x67\xC3\xA0\x6E", 1000},                                                          // ngàn
    {"\x74\x72\x69\xE1\xBB\x87\x75", kMillion},                                              // triệu
    {"\xE0\xA6\xB9\xE0\xA6\xBE\xE0\xA6\x9C\xE0\xA6\xBE\xE0\xA6\xB0", 1000},                  // হাজার
    {"\xE0\xA6\xB2\xE0\xA6\x95\xE0\xA7\x8D\xE0\xA6\xB7", 100'000},                           // লক্ষ
    {"\xE0\xA6\xB2\xE0\xA6\xBE\xE0\xA6\x96", 100'000},                                       // লাখ
    {"\xE0\xA6\x95\xE0\xA7\x8B\xE0\xA6\x9F\xE0\xA6\xBF", 10'000'000},                        // কোটি
    {"\xE0\xB8\xA5\xE0\xB9\x89\xE0\xB8\xB2\xE0\xB8\x99", kMillion},                          // ล้าน
    // Hindi
    {"\xE0\xA4\xB8\xE0\xA5\x8C", 100},                                                       // सौ
    {"\xE0\xA4\xB9\xE0\xA4\x9C\xE0\xA4\xBE\xE0\xA4\xB0", 1000},                              // हजार
    {"\xE0\xA4\xB9\xE0\xA4\x9C\xE0\xA4\xBC\xE0\xA4\xBE\xE0\xA4\xB0", 1000},                  // हज़ार
    {"\xE0\xA4\xB2\xE0\xA4\xBE\xE0\xA4\x96", 100'000},                                       // लाख
    {"\xE0\xA4\x95\xE0\xA4\xB0\xE0\xA5\x8B\xE0\xA4\xA1\xE0\xA4\xBC", 10'000'000},            // करोड़
    {"\xE0\xA4\xAE\xE0\xA4\xBF\xE0\xA4\xB2\xE0\xA4\xBF\xE0\xA4\xAF\xE0\xA4\xA8", kMillion},  // मिलियन
    {"\xE0\xA4\xA6\xE0\xA4\xB0\xE0\xA5\x8D\xE0\xA4\x9C\xE0\xA4\xA8", 12},                    // दर्जन
});

// Longest first.
constexpr auto kWideScales = std::to_array<Scale>({
    {"\xE4\xB8\x87\xE4\xBA\xBF", kTrillion},   // 万亿
    {"\xE5\x8D\x83\xE4\xB8\x87", 10'000'000},  // 千万
    {"\xE7\x99\xBE\xE4\xB8\x87", kMillion},    // 百万
    {"\xE5\x8D\x81\xE4\xB8\x87", 100'000},     // 十万
    {"\xE5\x8D\x81\xE4\xBA\xBF", kMilliard},   // 十亿
    {"\xE4\xB8\x87", 10'000},                  // 万
    {"\xE8\x90\xAC", 10'000},                  // 萬
    {"\xEB\xA7\x8C", 10'000},                  // 만
    {"\xE4\xBA\xBF", 100'000'000},             // 亿
    {"\xE5\x84\x84", 100'000'000},             // 億
    {"\xEC\x96\xB5", 100'000'000},             // 억
    {"\xE5\x8D\x83", 1000},                    // 千
    {"\xEC\xB2\x9C", 1000},                    // 천
    {"\xE7\x99\xBE", 100},                     // 百
    {"\xEB\xB0\xB1", 100},                     // 백
    {"\xE5\x8D\x81", 10},                      // 十
    {"\xEC\x8B\xAD", 10},                      // 십
});

// Units that start with a scale, and "percent".
constexpr auto kWideUnits = std::to_array<std::string_view>({
    "\xE5\x8D\x83\xE5\x85\x8B",  // 千克
    "\xE5\x8D\x83\xE7\xB1\xB3",  // 千米
    "\xE5\x8D\x83\xE7\x93\xA6",  // 千瓦
    "\xE5\x8D\x83\xE5\x8D\xA1",  // 千卡
    "\xE5\x8D\x83\xE7\x84\xA6",  // 千焦
    "\xE5\x8D\x83\xE5\xB8\x95",  // 千帕
});

constexpr auto kParts = std::to_array<Scale>({{"half", 2},
                                              {"halves", 2},
                                              {"third", 3},
                                              {"thirds", 3},
                                              {"quarter", 4},
                                              {"quarters", 4},
                                              {"fourth", 4},
                                              {"fourths", 4},
                                              {"fifth", 5},
                                              {"fifths", 5},
                                              {"sixth", 6},
                                              {"sixths", 6},
                                              {"seventh", 7},
                                              {"sevenths", 7},
                                              {"eighth", 8},
                                              {"eighths", 8},
                                              {"ninth", 9},
                                              {"ninths", 9},
                                              {"tenth", 10},
                                              {"tenths", 10},
                                              {"eleventh", 11},
                                              {"elevenths", 11},
                                              {"twelfth", 12},
                                              {"twelfths", 12},
                                              {"twentieth", 20},
                                              {"twentieths", 20},
                                              {"hundredth", 100},
                                              {"hundredths", 100},
                                              {"thousandth", 1000},
                                              {"thousandths", 1000},
                                              {"millionth", kMillion},
                                              {"millionths", kMillion},
                                              {"permille", 1000}});

}  // namespace

std::optional<Rational> scale_of(std::string_view word) {
  static const std::map<std::string_view, Rational> kFactors = [] {
    std::map<std::string_view, Rational> factors;
    for (const auto& [name, factor] : kScales) factors.emplace(name, Rational(factor));
    for (const auto& [name, factor] : kWideScales) factors.emplace(name, Rational(factor));
    for (const auto& [name, parts] : kParts) factors.emplace(name, Rational(BigInt(1), BigInt(parts)));
    return factors;
  }();
  const auto found = kFactors.find(word);
  if (found != kFactors.end()) return found->second;
  // "sixteenths", "twentieths"
  constexpr std::string_view kEnding = "ths";
  if (!word.ends_with(kEnding) || word.size() < 8) return std::nullopt;
  std::string stem(word.substr(0, word.size() - kEnding.size()));
  if (stem.ends_with("ie")) stem.replace(stem.size() - 2, 2, "y");
  const auto number = number_words(stem);
  const bool whole = number && number->length == stem.size() &&
                     number->digits.find_first_not_of("0123456789") == std::string::npos && number->digits != "0";
  return whole ? std::optional(Rational(BigInt(1), BigInt::parse(number->digits))) : std::nullopt;
}

std::size_t wide_scale_length(std::string_view text) {
  if (text.empty() || static_cast<unsigned char>(text[0]) < 0x80) return 0;
  const auto starts = [&](std::string_view word) { return text.starts_with(word); };
  if (std::any_of(kWideUnits.begin(), kWideUnits.end(), starts)) return 0;
  const auto scale =
      std::find_if(kWideScales.begin(), kWideScales.end(), [&](const Scale& s) { return starts(s.word); });
  return scale == kWideScales.end() ? 0 : scale->word.size();
}

}  // namespace ft::grade

#include "framework/grade/changing_words.h"

#include <algorithm>
#include <array>
#include <set>

namespace ft::grade {
namespace {

// The closed classes, language by language, and words of arithmetic.
constexpr auto kChanging = std::to_array<std::string_view>({
    // comparing, limiting, denying
    "more",
    "less",
    "fewer",
    "most",
    "least",
    "greater",
    "smaller",
    "larger",
    "bigger",
    "higher",
    "lower",
    "than",
    "or",
    "and",
    "not",
    "no",
    "never",
    "but",
    "nor",
    "neither",
    "except",
    "excluding",
    "without",
    "over",
    "under",
    "below",
    "above",
    "between",
    "until",
    "unless",
    "if",
    "when",
    "where",
    "whenever",
    "to",
    "from",
    "by",
    "is",
    "are",
    "was",
    "were",
    "equals",
    "equal",
    "approximately",
    "around",
    "up",
    "down",
    "beyond",
    "through",
    "versus",
    "vs",
    "against",
    "becomes",
    "however",
    "instead",
    "rather",
    "either",
    "both",
    "then",
    "because",
    "since",
    "so",
    "which",
    "that",
    "although",
    "though",
    "while",
    "too",
    "short",
    "off",
    "almost",
    "nearly",
    "roughly",
    "about",
    "maybe",
    "perhaps",
    "possibly",
    "at",
    "as",
    "exclusive",
    "onwards",
    "upwards",
    "minimum",
    "maximum",
    "max",
    "ish",
    "debt",
    "deficit",
    "overdrawn",
    "nths",
    "wrong",
    "false",
    "incorrect",
    "invalid",
    "impossible",
    "unknown",
    "behind",
    "ahead",
    // calculating
    "minus",
    "plus",
    "times",
    "divided",
    "multiplied",
    "added",
    "subtracted",
    "fold",
    "mod",
    "modulo",
    "choose",
    "root",
    "ratio",
    "remainder",
    "r",
    "negative",
    "twice",
    "thrice",
    "half",
    "halves",
    "halved",
    "doubled",
    "tripled",
    "squared",
    "cubed",
    "factorial",
    "mille",
    "permille",
    "basis",
    "bps",
    "ppm",
    "ppb",
    "logarithm",
    "inverse",
    "reciprocal",
    "opposite",
    "complement",
    "conjugate",
    "th",
    "st",
    "rd",
    "power",
    "exponent",
    "exponential",
    "recurring",
    "repeating",
    "base",
    "binary",
    "octal",
    "hexadecimal",
    "hex",
    "bc",
    "bce",
    "radical",
    "percentile",
    "log",
    "sqrt",
    // counting in words
    "hundred",
    "thousand",
    "million",
    "billion",
    "trillion",
    "dozen",
    "dozens",
    "hundreds",
    "thousands",
    "millions",
    "billions",
    "trillions",
    "lakh",
    "lakhs",
    "crore",
    "crores",
    "googol",
    "googolplex",
    "zillion",
    "gazillion",
    "bazillion",
    "arab",
    "kharab",
    "sextillion",
    "septillion",
    "octillion",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
    "ones",
    "twos",
    "threes",
    "fours",
    "fives",
    "sixes",
    "sevens",
    "eights",
    "nines",
    "tens",
    "twenties",
    "fifties",
    "bn",
    "mn",
    // German
    "oder",
    "bis",
    "mehr",
    "weniger",
    "mal",
    "halb",
    "halbe",
    "halbes",
    "drittel",
    "viertel",
    "nicht",
    "kein",
    "keine",
    "und",
    "unter",
    "\xC3\xBC\x62\x65r",
    "mindestens",
    "h\xC3\xB6\x63hstens",
    "billion",
    "billionen",
    "prozentpunkte",
    "hoch",
    "geteilt",
    "fach",
    "ist",
    "sind",
    // French
    "ou",
    "et",
    "moins",
    "fois",
    "demi",
    "demie",
    "tiers",
    "quart",
    "quarts",
    "sauf",
    "pas",
    "non",
    "est",
    "sont",
    "puissance",
    "environ",
    // Spanish, Portuguese, Italian
    "o",
    "y",
    "m\xC3\xA1s",
    "menos",
    "veces",
    "medio",
    "media",
    "tercios",
    "cuartos",
    "no",
    "son",
    "mais",
    "vezes",
    "meia",
    "meio",
    "n\xC3\xA3o",
    "pi\xC3\xB9",
    "meno",
    "volte",
    "mezzo",
    "mezza",
    "non",
    "billones",
    "bili\xC3\xB5\x65s",
    "d\xC3\xA9\x63imas",
    // Turkish, Polish, Hungarian, Vietnamese, Indonesian, Swedish, Arabic, Hindi
    "veya",
    "de\xC4\x9Fil",
    "lub",
    "albo",
    "vagy",
    "ho\xE1\xBA\xB7\x63",
    "atau",
    "eller",
    "inte",
    "ikke",
    "\xD8\xA3\xD9\x88",                                  // أو
    "\xE0\xA4\xAF\xE0\xA4\xBE",                          // या
    "\xE0\xA4\xA8\xE0\xA4\xB9\xE0\xA5\x80\xE0\xA4\x82",  // नहीं
    // Russian
    "\xD0\xB8",
    "\xD0\xB8\xD0\xBB\xD0\xB8",
    "\xD1\x80\xD0\xB0\xD0\xB7",
    "\xD1\x80\xD0\xB0\xD0\xB7\xD0\xB0",
    "\xD0\xB1\xD0\xBE\xD0\xBB\xD1\x8C\xD1\x88\xD0\xB5",
    "\xD0\xBC\xD0\xB5\xD0\xBD\xD1\x8C\xD1\x88\xD0\xB5",
    "\xD0\xBD\xD0\xB5",
    "\xD0\xB4\xD0\xBE",
    "\xD0\xBE\xD1\x82",
    "\xD0\xBF\xD0\xBE\xD0\xBB\xD0\xBE\xD0\xB2\xD0\xB8\xD0\xBD\xD0\xBE\xD0\xB9",
});

constexpr auto kWideChanges = std::to_array<std::string_view>({
    "\xE4\xBB\xA5\xE4\xB8\x8A",              // 以上
    "\xE4\xBB\xA5\xE4\xB8\x8B",              // 以下
    "\xE4\xBB\xA5\xE5\x86\x85",              // 以内
    "\xE6\x9C\xAA\xE6\xBA\x80",              // 未満
    "\xE5\x80\x8D",                          // 倍
    "\xE5\x8D\x8A",                          // 半
    "\xE5\x88\x86\xE4\xB9\x8B",              // 分之
    "\xE5\x88\x86\xE3\x81\xAE",              // 分の
    "\xE6\x88\x90",                          // 成
    "\xE6\x8A\x98",                          // 折
    "\xE5\x89\xB2",                          // 割
    "\xE5\xA4\x9A",                          // 多
    "\xE4\xBD\x99",                          // 余
    "\xE6\x88\x96",                          // 或
    "\xE8\x87\xB3",                          // 至
    "\xE5\x88\xB0",                          // 到
    "\xE4\xB8\x8D",                          // 不
    "\xE9\x9D\x9E",                          // 非
    "\xE8\xB4\x9F",                          // 负
    "\xE9\x99\xA4",                          // 除
    "\xE4\xB9\x98",                          // 乘
    "\xE5\x8A\xA0",                          // 加
    "\xE5\x87\x8F",                          // 减
    "\xE6\xAC\xA1\xE6\x96\xB9",              // 次方
    "\xE7\x9A\x84\xE5\xB9\xB3\xE6\x96\xB9",  // 的平方
    "\xE7\x9A\x84\xE7\xAB\x8B\xE6\x96\xB9",  // 的立方
    "\xE9\x98\xB6\xE4\xB9\x98",              // 阶乘
    "\xE8\xBF\x9B\xE5\x88\xB6",              // 进制
    "\xE9\x80\xB2\xE6\xB3\x95",              // 進法
    "\xE5\x85\x86",                          // 兆
    "\xE5\x8D\x83\xE5\x88\x86",              // 千分
    "\xE7\x99\xBE\xE5\x88\x86",              // 百分
    "\xE4\xB8\x87\xE5\x88\x86",              // 万分
    "\xEB\xB0\xB0",                          // 배
    "\xEC\x9D\xB4\xEC\x83\x81",              // 이상
    "\xEC\x9D\xB4\xED\x95\x98",              // 이하
    "\xEB\xAF\xB8\xEB\xA7\x8C",              // 미만
    "\xEB\xB0\x98",                          // 반
    "\xEC\x95\x84\xEB\x8B\x88",              // 아니
    "\xEC\x95\x84\xEB\x8B\x99",              // 아닙
    "\xE3\x81\xAA\xE3\x81\x84",              // ない
    "\xE3\x81\xBE\xE3\x81\x9B\xE3\x82\x93",  // ません
});

}  // namespace

bool is_changing_word(std::string_view word) {
  static const std::set<std::string_view> kWords(kChanging.begin(), kChanging.end());
  return kWords.contains(word) || word.ends_with("n't") || word.ends_with("fold") || word.ends_with("illion") ||
         word.ends_with("illionen") || word.ends_with("illiards");
}

bool starts_with_wide_change(std::string_view text) {
  return !text.empty() && static_cast<unsigned char>(text[0]) >= 0x80 &&
         std::any_of(kWideChanges.begin(), kWideChanges.end(),
                     [&](std::string_view word) { return text.starts_with(word); });
}

bool has_wide_change(std::string_view text) {
  // Arrows and signs of mathematics that are no letters of any language: U+2180 to U+22FF, U+27C0 to U+2AFF.
  for (std::size_t at = text.find('\xE2'); at != std::string_view::npos && at + 1 < text.size();
       at = text.find('\xE2', at + 1)) {
    const auto second = static_cast<unsigned char>(text[at + 1]);
    if ((second >= 0x86 && second <= 0x8B) || (second >= 0x9F && second <= 0xAB)) return true;
  }
  return std::any_of(kWideChanges.begin(), kWideChanges.end(),
                     [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

}  // namespace ft::grade

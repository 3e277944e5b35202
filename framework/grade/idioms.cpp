#include "framework/grade/idioms.h"

#include <algorithm>
#include <array>
#include <string>

#include "framework/grade/ascii.h"
#include "framework/grade/phrase_set.h"

namespace ft::grade {

bool has_decimal_commas(std::string_view lower) {
  static constexpr auto kForeign = std::to_array<std::string_view>(
      {" ist ", " sind ", " betr\u00e4gt ", " lautet ", " ergibt ", " erhalten ", " est ", " sont ", " vaut ", " donc ",
       "r\u00e9ponse", " es de ", " es ", " son ", " obtenemos ", " respuesta ", " por lo tanto",
       "\u043e\u0442\u0432\u0435\u0442"});
  static const PhraseSet kAny(kForeign);
  std::string padded(1, ' ');
  padded += lower;
  return kAny.any_in(padded);
}

bool nothing_is_left(std::string_view lower) {
  const auto says = [&](std::string_view words) { return lower.find(words) != std::string_view::npos; };
  if (lower.starts_with("none of ") && (says(" left") || says(" remain"))) return true;
  const std::size_t none = lower.find(" no ");
  if (none != std::string_view::npos &&
      (lower.find(" left", none) != std::string_view::npos || lower.find(" remain", none) != std::string_view::npos))
    return true;
  return says("nothing left") || says("nothing remains") || says("none left") || says("none are left") ||
         says("none remain");
}

bool is_all(std::string_view lower, std::size_t begin) {
  return lower.substr(0, begin).ends_with(" all ") || lower.substr(0, begin) == "all ";
}

bool is_referred(std::string_view lower, std::size_t begin) {
  const std::string_view before = lower.substr(0, begin);
  for (const std::string_view word : {"the ", "these ", "those ", "all ", "his ", "her ", "their "}) {
    if (before.ends_with(word)) return true;
  }
  return false;
}

bool is_counted(std::string_view lower, std::size_t end) {
  const std::string_view rest = lower.substr(end);
  return !rest.starts_with(" of ") && !rest.starts_with(" that ") && !rest.starts_with(" which ") &&
         !rest.starts_with(" more ");
}

bool is_label(std::string_view contents) {
  contents = trim(contents);
  return contents.size() <= 8 && std::all_of(contents.begin(), contents.end(), is_letter);
}

}  // namespace ft::grade

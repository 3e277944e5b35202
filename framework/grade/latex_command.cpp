#include "framework/grade/latex_command.h"

#include <algorithm>
#include <array>
#include <utility>

#include "framework/grade/ascii.h"

namespace ft::grade {
namespace {

constexpr auto kTextCommands = std::to_array<std::string_view>(
    {"text",   "textbf", "textit",     "textrm",       "mbox",       "mathrm", "mathbf", "mathit", "mathsf", "bf",
     "rm",     "bold",   "textnormal", "operatorname", "boldsymbol", "hbox",   "textsf", "texttt", "mathtt", "textup",
     "textsc", "emph",   "textmd",     "mathnormal",   "unit",       "si",     "bm",     "pmb"});
// Without meaning, alone.
constexpr auto kIgnored = std::to_array<std::string_view>(
    {"left",        "right",    "displaystyle", "textstyle",    "scriptstyle",  "scriptscriptstyle",
     "quad",        "qquad",    "limits",       "nolimits",     "bigl",         "bigr",
     "big",         "Big",      "Bigl",         "Bigr",         "bigg",         "Bigg",
     "biggl",       "biggr",    "bigm",         "Biggl",        "Biggr",        "thinspace",
     "thickspace",  "medspace", "middle",       "enspace",      "negthinspace", "nonumber",
     "notag",       "tiny",     "scriptsize",   "footnotesize", "small",        "normalsize",
     "large",       "Large",    "LARGE",        "huge",         "Huge",         "checkmark",
     "blacksquare", "square",   "qed",          "Box",          "strut",        "mathstrut",
     "hfill",       "hline",    "centering",    "bfseries",     "itshape",      "relax",
     "allowbreak",  "noindent", "newline",      "therefore",    "mathsurround"});
// Without meaning, together with the group behind them.
constexpr auto kIgnoredWithGroup = std::to_array<std::string_view>(
    {"color", "hspace", "vspace", "phantom", "hphantom", "vphantom", "tag", "label", "hskip", "mspace", "kern"});
// Only what is in the last group counts.
constexpr auto kTransparent = std::to_array<std::string_view>(
    {"boxed", "fbox", "beginboxed", "mathop", "mathord", "mathbin", "mathrel", "ensuremath", "framebox", "hl", "smash",
     "mathinner", "displaylines", "ang", "underline"});
// Other names of the same thing.
constexpr auto kAliases = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"lparen", "("},
    {"rparen", ")"},
    {"lbrack", "["},
    {"rbrack", "]"},
    {"vert", "|"},
    {"Vert", "|"},
    {"lVert", "|"},
    {"rVert", "|"},
    {"cr", "\\\\"},
    {"textdegree", "\\degree"},
    {"langle", "("},
    {"rangle", ")"},
    {"lbrace", "\\{"},
    {"rbrace", "\\}"},
    {"sfrac", "\\frac"},
    {"nicefrac", "\\frac"},
    {"flatfrac", "\\frac"},
    {"ldots", "\\dots"},
    {"dotsc", "\\dots"},
    {"cdots", "\\dots"},
    {"dotsb", "\\dots"},
    {"dotsm", "\\dots"},
    {"backslash", "\\setminus"},
    {"smallsetminus", "\\setminus"},
    {"geqq", "\\geq"},
    {"leqq", "\\leq"},
    {"colon", ":"},
    {"bigcup", "\\cup"},
    {"bigcap", "\\cap"},
    {"wedge", "\\land"},
    {"vee", "\\lor"},
    {"lnot", "\\neg"},
    {"tg", "\\tan"},
    {"ctg", "\\cot"},
    {"cotg", "\\cot"},
    {"arctg", "\\arctan"},
    {"thinspace", ","},
    {"slash", "/"},
    {"textbackslash", "\\setminus"},
    {"cong", "\\approx"},
    {"permil", "\\permille"},
    {"textdollar", "\\$"},
    {"Bbb", "\\mathbb"},
    {"dollar", "\\$"},
});

template <std::size_t N>
bool among(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

CommandKind command_kind(std::string_view name) {
  if (among(kTransparent, name)) return CommandKind::transparent;
  if (among(kIgnoredWithGroup, name)) return CommandKind::ignored_with_group;
  if (among(kTextCommands, name)) return CommandKind::text;
  return among(kIgnored, name) ? CommandKind::ignored : CommandKind::meaning;
}

std::optional<std::string_view> usual_name(std::string_view name) {
  const auto alias = std::find_if(kAliases.begin(), kAliases.end(), [&](const auto& a) { return a.first == name; });
  return alias == kAliases.end() ? std::nullopt : std::optional(alias->second);
}

bool is_formula_in_dress(std::string_view contents, std::string_view command) {
  if (contents.size() > 2 && contents.front() == '$' && contents.back() == '$' &&
      contents.substr(1, contents.size() - 2).find('$') == std::string_view::npos)
    return true;
  static constexpr auto kFonts = std::to_array<std::string_view>(
      {"bm", "boldsymbol", "pmb", "mathit", "mathsf", "mathbf", "mathtt", "mathnormal", "bold"});
  if (command == "rm" || command == "bf") return contents.find_first_of("+=") != std::string_view::npos;
  return among(kFonts, command) && contents.find_first_of("^+-=/_<>\\") != std::string_view::npos;
}

std::string spelled_unit(const std::string& unit) {
  std::string out;
  for (std::size_t i = 0; i < unit.size();) {
    if (unit[i] != '\\') {
      out.push_back(unit[i++]);
      continue;
    }
    std::size_t end = i + 1;
    while (end < unit.size() && is_letter(unit[end])) ++end;
    const std::string name = unit.substr(i + 1, end - i - 1);
    static constexpr auto kPrefixes = std::to_array<std::string_view>(
        {"kilo", "centi", "milli", "micro", "mega", "giga", "nano", "deci", "hecto", "square", "cubic"});
    if (name == "per") {
      out += '/';
    } else if (name == "squared" || name == "cubed") {
      out += name == "squared" ? "^2" : "^3";
    } else {
      const bool goes_on = out.empty() || out.back() == '/' || out.back() == '\1';
      if (!goes_on) out += ' ';
      if (!out.empty() && out.back() == '\1') out.pop_back();
      out += name;
      if (name == "square" || name == "cubic")
        out += ' ';
      else if (among(kPrefixes, name))
        out += '\1';  // the name follows without a blank
    }
    i = end;
  }
  std::erase(out, '\1');
  return out;
}

std::size_t behind_length(std::string_view text, std::size_t at) {
  const auto character = [&](std::size_t i) { return i < text.size() ? text[i] : '\0'; };
  std::size_t end = at;
  while (character(end) == ' ') ++end;
  const std::size_t first = end;
  while (is_digit(character(end)) || character(end) == '.' || character(end) == '-') ++end;
  if (end == first) return at;
  while (character(end) == ' ') ++end;
  for (const std::string_view unit : {"pt", "em", "ex", "mu", "cm", "mm", "in", "px"}) {
    if (text.substr(std::min(end, text.size())).starts_with(unit)) return end + unit.size();
  }
  return at;
}

}  // namespace ft::grade

#include "framework/grade/prm800k_latex.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "framework/grade/prm800k_text.h"

namespace ft::grade {
namespace {

// The group or single sign at `*at`, which moves behind it.
std::string argument(const std::string& text, std::size_t* at) {
  while (*at < text.size() && text[*at] == ' ') ++*at;
  if (*at >= text.size()) return {};
  if (text[*at] != '{') return std::string(1, text[(*at)++]);
  int depth = 0;
  const std::size_t begin = *at + 1;
  for (; *at < text.size(); ++*at) {
    if (text[*at] == '{') ++depth;
    if (text[*at] == '}' && --depth == 0) return text.substr(begin, (*at)++ - begin);
  }
  return text.substr(begin);
}

// Commands whose spelling is a sign, or nothing.
constexpr auto kSigns = std::to_array<std::pair<std::string_view, std::string_view>>({{"pi", "pi"},
                                                                                      {"infty", "inf"},
                                                                                      {"cup", "U"},
                                                                                      {"cdot", "*"},
                                                                                      {"times", "*"},
                                                                                      {"div", "\u00F7"},
                                                                                      {"alpha", "\u03B1"},
                                                                                      {"beta", "\u03B2"},
                                                                                      {"gamma", "\u03B3"},
                                                                                      {"delta", "\u03B4"},
                                                                                      {"epsilon", "\u03B5"},
                                                                                      {"theta", "\u03B8"},
                                                                                      {"lambda", "\u03BB"},
                                                                                      {"mu", "\u03BC"},
                                                                                      {"rho", "\u03C1"},
                                                                                      {"sigma", "\u03C3"},
                                                                                      {"tau", "\u03C4"},
                                                                                      {"phi", "\u03C6"},
                                                                                      {"omega", "\u03C9"},
                                                                                      {"le", "\u2264"},
                                                                                      {"leq", "\u2264"},
                                                                                      {"ge", "\u2265"},
                                                                                      {"geq", "\u2265"},
                                                                                      {"ne", "\u2260"},
                                                                                      {"neq", "\u2260"},
                                                                                      {"pm", "\u00B1"},
                                                                                      {"in", "\u2208"},
                                                                                      {"lfloor", "\u230A"},
                                                                                      {"rfloor", "\u230B"},
                                                                                      {"lceil", "\u2308"},
                                                                                      {"rceil", "\u2309"},
                                                                                      {"left", ""},
                                                                                      {"right", ""},
                                                                                      {"displaystyle", ""},
                                                                                      {"textstyle", ""},
                                                                                      {"quad", " "},
                                                                                      {"qquad", "  "},
                                                                                      {"big", ""},
                                                                                      {"Big", ""},
                                                                                      {"bigl", ""},
                                                                                      {"bigr", ""},
                                                                                      {"large", ""},
                                                                                      {"Large", ""},
                                                                                      {"boldsymbol", ""},
                                                                                      {"operatorname", ""},
                                                                                      {"limits", ""},
                                                                                      {"mathbb", ""},
                                                                                      {"mathcal", ""},
                                                                                      {"mathit", ""},
                                                                                      {"mathsf", ""},
                                                                                      {"bf", ""},
                                                                                      {"it", ""},
                                                                                      {"rm", ""},
                                                                                      {"checkmark", ""},
                                                                                      {"thickspace", " "},
                                                                                      {"thinspace", " "},
                                                                                      {"vert", "|"},
                                                                                      {"mid", "|"},
                                                                                      {"ldots", "\u2026"},
                                                                                      {"dots", "\u2026"},
                                                                                      {"emptyset", "\u2205"},
                                                                                      {"varnothing", "\u2205"}});

// What the original's library writes for a command: a sign, nothing for what only sets, else the name, so that \log 5
// is never 5 and \alpha never \beta.
std::string sign_of(std::string_view name) {
  const auto sign = std::find_if(kSigns.begin(), kSigns.end(), [&](const auto& entry) { return entry.first == name; });
  return std::string(sign == kSigns.end() ? name : sign->second);
}

// Only what stands in the group counts.
bool is_dress(std::string_view name) {
  static constexpr auto kDress =
      std::to_array<std::string_view>({"text", "mathrm", "mbox", "mathbf", "textbf", "textit", "textrm", "boxed",
                                       "fbox", "underline", "emph", "textsf", "texttt"});
  return std::find(kDress.begin(), kDress.end(), name) != kDress.end();
}

std::string plain_text(const std::string& latex, int depth);

// What stands between \begin{name}, which ends at `*at`, and its \end{name}, behind which `*at` moves.
std::string body_of(const std::string& latex, const std::string& name, std::size_t* at) {
  const std::string begin = "\\begin{" + name + "}", end = "\\end{" + name + "}";
  const std::size_t first = *at;
  int open = 1;
  while (open > 0) {
    const std::size_t last = latex.find(end, *at);
    if (last == std::string::npos) {
      *at = latex.size();
      return latex.substr(first);
    }
    const std::size_t inner = latex.find(begin, *at);
    if (inner < last) {
      ++open;
      *at = inner + begin.size();
    } else {
      --open;
      *at = last + end.size();
    }
  }
  return latex.substr(first, *at - end.size() - first);
}

// The places of the separators that stand in no group and no environment of the body.
template <class Visit>
void for_each_separator(const std::string& body, const Visit& visit) {
  int depth = 0;
  for (std::size_t i = 0; i < body.size(); ++i) {
    const std::string_view rest = std::string_view(body).substr(i);
    if (body[i] == '{' || rest.starts_with("\\begin{")) ++depth;
    if (body[i] == '}' || rest.starts_with("\\end{")) --depth;
    if (rest.starts_with("\\begin{") || rest.starts_with("\\end{")) {
      i += rest.find('{') - 1;
    } else if (rest.starts_with("\\\\")) {
      if (depth == 0) visit(i, std::size_t{2});
      ++i;
    } else if (body[i] == '\\') {
      ++i;
    } else if (body[i] == '&' && depth == 0) {
      visit(i, std::size_t{1});
    }
  }
}

// "[ a b; c d ]": an empty cell gives nothing, an empty row its semicolon.
std::string matrix_text(const std::string& body, int depth) {
  std::string out = "[ ";
  std::size_t from = 0;
  bool is_first = true;
  const auto cell = [&](std::size_t end) {
    const std::string raw = body.substr(from, end - from);
    if (raw.empty()) return;
    if (!is_first) out += ' ';
    out += plain_text(raw, depth + 1);
    is_first = false;
  };
  for_each_separator(body, [&](std::size_t at, std::size_t size) {
    cell(at);
    from = at + size;
    if (size == 2) {
      out += "; ";
      is_first = true;
    }
  });
  cell(body.size());
  return out + " ]";
}

// Of an environment at "\begin", behind which `*at` stands: a matrix in brackets, of any other what it holds.
std::string environment_text(const std::string& latex, std::size_t* at, int depth) {
  static constexpr auto kMatrices =
      std::to_array<std::string_view>({"array", "pmatrix", "bmatrix", "smallmatrix", "psmallmatrix", "bsmallmatrix"});
  const std::string name = argument(latex, at);
  const std::string body = body_of(latex, name, at);
  if (std::ranges::find(kMatrices, name) == kMatrices.end()) {
    std::string cells;
    std::size_t from = 0;
    for_each_separator(body, [&](std::size_t place, std::size_t size) {
      cells.append(body, from, place - from);
      cells += size == 2 ? "\n" : "   ";
      from = place + size;
    });
    cells.append(body, from);
    return plain_text(cells, depth + 1);
  }
  std::size_t first = 0;
  if (name == "array") (void)argument(body, &first);  // the columns' places
  return matrix_text(body.substr(first), depth);
}

// LaTeX as plain text: fractions with a slash, roots as sqrt(...), signs and names of other commands.
std::string plain_text(const std::string& latex, int depth) {
  if (depth > 100) return latex;
  std::string out;
  for (std::size_t at = 0; at < latex.size();) {
    if (latex[at] != '\\') {
      out.push_back(latex[at++]);
      continue;
    }
    std::size_t end = ++at;
    while (end < latex.size() && is_letter(latex[end])) ++end;
    if (end == at) {  // an escaped sign: a blank for \, and its like
      const bool space = at < latex.size() && std::string_view(",;: ").find(latex[at]) != std::string_view::npos;
      if (space) {
        out.push_back(' ');
      } else if (at < latex.size() && latex[at] != '!') {
        out.push_back(latex[at] == '\\' ? '\n' : latex[at]);
      }
      if (at < latex.size()) ++at;
      continue;
    }
    const std::string name = latex.substr(at, end - at);
    at = end;
    if (name == "frac" || name == "tfrac" || name == "dfrac") {
      const std::string top = plain_text(argument(latex, &at), depth + 1);
      out += " " + top + "/" + plain_text(argument(latex, &at), depth + 1);
    } else if (name == "sqrt") {
      if (at < latex.size() && latex[at] == '[') at = std::min(latex.find(']', at), latex.size() - 1) + 1;
      out += "sqrt(" + plain_text(argument(latex, &at), depth + 1) + ")";
    } else if (name == "begin") {
      out += environment_text(latex, &at, depth);
    } else if (is_dress(name)) {
      out += plain_text(argument(latex, &at), depth + 1);
    } else {
      out += sign_of(name);
    }
  }
  return trimmed(out);
}

}  // namespace

std::string latex_as_text(const std::string& latex) { return plain_text(latex, 0); }

}  // namespace ft::grade

#include "framework/grade/choice.h"

#include <utility>
#include <vector>

#include "framework/grade/ascii.h"

namespace ft::grade {

std::optional<Choice> lettered_choice(std::string_view text) {
  std::string_view rest = text;
  bool dressed = false;
  bool worded = false;
  for (const std::string_view command : {"\\textbf{", "\\text{", "\\mathrm{", "\\mathbf{", "\\textrm{"}) {
    if (!rest.starts_with(command)) continue;
    rest = trim(rest.substr(command.size()));
    dressed = true;
    break;
  }
  for (const std::string_view word : {"Option ", "option ", "Choice ", "choice "}) {
    if (!rest.starts_with(word)) continue;
    rest.remove_prefix(word.size());
    worded = true;
  }
  const bool open = rest.starts_with('(');
  if (open) rest = trim(rest.substr(1));
  if (rest.empty()) return std::nullopt;
  // A small letter only where no mathematics can be meant: "(c)", "c)", "option c", "c) 24".
  const bool small = rest[0] >= 'a' && rest[0] <= 'j';
  const bool closing = rest.substr(1) == ")" || rest.substr(1) == ")." ||
                       (rest.substr(1).starts_with(") ") && rest.size() > 3 && (is_digit(rest[3]) || rest[3] == '$'));
  if (small && !closing && !(worded && rest.size() == 1)) return std::nullopt;
  if (!small && (rest[0] < 'A' || rest[0] > 'J')) return std::nullopt;
  const std::string letter(1, rest[0]);
  rest.remove_prefix(1);
  bool closed = false;
  const auto skip = [&](char c) {
    if (!rest.starts_with(c)) return;
    rest.remove_prefix(1);
    closed = closed || c == ')' || c == '.' || c == ':';
  };
  rest = trim(rest);
  if ((worded && (rest.empty() || rest == "}" || rest == ")")) ||
      ((!open || small) && (rest == ")" || rest == ")."))) {  // "Option C", "C)"
    return Choice{letter, {}};
  }
  skip(')');
  const bool inner_blank = dressed && rest.starts_with(' ') && trim(rest).starts_with('}');  // "\\text{(C) }12"
  if (inner_blank) rest = trim(rest);
  if (dressed) skip('}');
  skip(')');
  if (!open) skip('.');
  skip(':');
  // "(A), 21"
  if (closed && rest.starts_with(", ") && rest.size() > 2 && (is_digit(rest[2]) || rest[2] == '$'))
    rest.remove_prefix(1);
  const bool bracketed_number = closed && !rest.empty() && text.find(')') < text.size() && is_digit(rest[0]);  // "A)21"
  const bool blank = inner_blank || rest.empty() || rest[0] == ' ' || rest.starts_with("\\ ") ||
                     rest.starts_with("\\,") || rest.starts_with("~") || rest.starts_with("\\;") ||
                     rest.starts_with("\\quad") || rest.starts_with("$") || bracketed_number;
  if (!closed || !blank || rest.empty() || rest.size() > 200) return std::nullopt;
  for (const std::string_view gap : {"\\quad", "\\ ", "\\,", "~", "\\;", ":"}) {
    rest = trim(rest);
    if (rest.starts_with(gap)) rest.remove_prefix(gap.size());
  }
  rest = trim(rest);
  for (const std::string_view word : {"is ", "isn't ", "can ", "cannot ", "can't ", "does ", "has ", "must "}) {
    if (rest.starts_with(word)) return std::nullopt;  // "(A) is false"
  }
  if (rest.empty() || rest.starts_with("and ") || rest.starts_with("or ") || rest.starts_with("\\text{ and"))
    return std::nullopt;  // "(A) and (B)"
  return Choice{letter, rest};
}

std::optional<Node> joined_choices(std::string_view text) {
  constexpr std::size_t kMost = 6;
  if (text.size() < 2 || text.size() > kMost) return std::nullopt;
  std::vector<Node> letters;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] < 'A' || text[i] > 'H' || (i > 0 && text[i] <= text[i - 1])) return std::nullopt;
    letters.emplace_back(Op::symbol, std::string(1, text[i]));
  }
  return Node(Op::list, std::move(letters));
}

}  // namespace ft::grade

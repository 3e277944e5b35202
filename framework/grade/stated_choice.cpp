#include "framework/grade/stated_choice.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "framework/grade/ascii.h"
#include "framework/grade/denial.h"
#include "framework/grade/standing.h"

namespace ft::grade {
namespace {

bool denied(std::string_view before) {
  while (before.ends_with('(')) before.remove_suffix(1);
  const std::string lower = lower_case(before.substr(before.size() > 16 ? before.size() - 16 : 0));
  static constexpr std::array<std::string_view, 19> kDenials{"anything but ",
                                                             "eliminate ",
                                                             "exclude ",
                                                             "discard ",
                                                             "rule out ",
                                                             "all but ",
                                                             "\xE4\xB8\x8D\xE9\x80\x89",
                                                             "\xE6\x8E\x92\xE9\x99\xA4",
                                                             "except ",
                                                             "excluding ",
                                                             "other than ",
                                                             "not ",
                                                             "n't ",
                                                             "n't be ",
                                                             "non ",
                                                             "neither ",
                                                             "nor ",
                                                             "\xE4\xB8\x8D\xE6\x98\xAF ",
                                                             "\xE4\xB8\x8D\xE6\x98\xAF"};
  return std::any_of(kDenials.begin(), kDenials.end(), [&](std::string_view word) { return lower.ends_with(word); });
}

// " is wrong", " can be ruled out" behind a letter.
bool is_said_against(std::string_view behind) {
  static constexpr auto kAgainst = std::to_array<std::string_view>({" is not",
                                                                    " isn't",
                                                                    " is wrong",
                                                                    " is incorrect",
                                                                    " is false",
                                                                    " is ruled",
                                                                    " is excluded",
                                                                    " is eliminated",
                                                                    " can be ruled",
                                                                    " can be excluded",
                                                                    " can be eliminated",
                                                                    " can't",
                                                                    " cannot",
                                                                    " fails",
                                                                    " does not",
                                                                    " doesn't",
                                                                    " are wrong",
                                                                    " are not",
                                                                    " aren't",
                                                                    " are incorrect",
                                                                    " are false",
                                                                    " is too ",
                                                                    " are too ",
                                                                    " are ruled",
                                                                    " are excluded",
                                                                    " are eliminated",
                                                                    " fail",
                                                                    " do not",
                                                                    " don't",
                                                                    " are out",
                                                                    " is out",
                                                                    " are all wrong",
                                                                    " are both wrong",
                                                                    " are impossible",
                                                                    " is impossible"});
  return std::any_of(kAgainst.begin(), kAgainst.end(), [&](std::string_view word) { return behind.starts_with(word); });
}

// "point B", "let B": a letter that names something in the problem.
bool is_object_name(std::string_view before) {
  const std::string lower = padded(lower_case(before.substr(before.size() > 16 ? before.size() - 16 : 0)));
  static constexpr auto kObjects = std::to_array<std::string_view>(
      {" point ",    " vertex ",   " side ",        " segment ",  " angle ",  " set ",      " event ",
       " events ",   " matrix ",   " let ",         " suppose ",  " circle ", " variable ", " points ",
       " sets ",     " center ",   " centre ",      " midpoint ", " plane ",  " subset ",   " group ",
       " function ", " constant ", " coefficient ", " digit ",    " letter ", " vitamin ",  " type "});
  return std::any_of(kObjects.begin(), kObjects.end(), [&](std::string_view word) { return lower.ends_with(word); });
}

// "B" in "A, B and D": a joint and a letter behind `at` or, backwards, before it.
std::size_t joint_length(std::string_view text) {
  for (const std::string_view joint : {", and ", ", or ", " and ", " or ", ", nor ", " nor ", ", ", ","}) {
    if (text.starts_with(joint)) return joint.size();
  }
  return 0;
}

bool is_option_letter(std::string_view text, std::size_t at) {
  const bool inside = at < text.size() && text[at] >= 'A' && text[at] <= 'J' && text[at] != 'I';
  return inside && (at == 0 || !is_word_byte(text[at - 1])) &&
         (at + 1 == text.size() || (!is_word_byte(text[at + 1]) && text[at + 1] != '\''));
}

// Where the list of letters ends that the one at `at` belongs to: "A, B, and D are wrong". Brackets around them are theirs.
std::size_t letters_end(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  for (;;) {
    const std::size_t close = end < text.size() && text[end] == ')' ? end + 1 : end;
    const std::size_t joint = joint_length(text.substr(close));
    std::size_t next = close + joint;
    if (next < text.size() && text[next] == '(') ++next;
    if (joint == 0 || !is_option_letter(text, next)) return close;
    end = next + 1;
  }
}

// Where that list begins.
std::size_t letters_begin(std::string_view text, std::size_t at) {
  for (std::size_t first = at; first-- > 0;) {
    if (at - first > 8) break;
    if (is_option_letter(text, first) && letters_end(text, first) > at) {
      at = first;
    }
  }
  return at > 0 && text[at - 1] == '(' ? at - 1 : at;
}

}  // namespace

// "Both A and C are correct": several letters, of which one clause says that they are right.
std::optional<std::string> stated_letters(std::string_view sentence) {
  static constexpr auto kRight = std::to_array<std::string_view>(
      {" are correct", " are both correct", " are all correct", " are true", " are both true", " are all true",
       " are right", " are the correct ", " are the right ", " are the true ", " hold", " are valid"});
  for (std::size_t i = 0; i < sentence.size(); ++i) {
    if (!is_option_letter(sentence, i)) continue;
    const std::size_t end = letters_end(sentence, i);
    const std::string_view letters = sentence.substr(i, end - i);
    const std::string_view behind = sentence.substr(end);
    const bool right =
        std::any_of(kRight.begin(), kRight.end(), [&](std::string_view word) { return behind.starts_with(word); });
    if (right && end > i + 2 && letters.find(" or ") == std::string_view::npos &&
        letters.find(" nor ") == std::string_view::npos && !denied(sentence.substr(0, i)) &&
        !denies(padded(lower_case(sentence.substr(end)))) && !is_guessed(lower_case(sentence), i, end) &&
        sentence.find(" not ") == std::string_view::npos)
      return std::string(letters);
    i = end;
  }
  return std::nullopt;
}

// The one letter from A to J, but I, that stands alone and is not denied.
std::optional<std::string> stated_choice(std::string_view sentence) {
  std::string chosen;
  for (std::size_t i = 0; i < sentence.size(); ++i) {
    if (sentence[i] < 'A' || sentence[i] > 'J' || sentence[i] == 'I') continue;
    const bool joined_before = i > 0 && (is_letter(sentence[i - 1]) || is_digit(sentence[i - 1]) ||
                                         std::string_view("'_^\\-/").find(sentence[i - 1]) != std::string_view::npos);
    const bool joined_behind =
        i + 1 < sentence.size() && (is_letter(sentence[i + 1]) || is_digit(sentence[i + 1]) ||
                                    std::string_view("'_^-/").find(sentence[i + 1]) != std::string_view::npos);
    if (joined_before || joined_behind) continue;
    const bool formula = i > 0 && sentence[i - 1] == '$' && i + 1 < sentence.size() && sentence[i + 1] == '$';
    if (formula) {  // "x is different from $B$", "at least $C$"
      const std::string lower = padded(lower_case(sentence));
      if (denies(lower) || is_bounded(lower, i + 1)) continue;
    }
    if (sentence.substr(0, i).ends_with("= ") || sentence.substr(0, i).ends_with('='))
      continue;  // "x = B" names a letter
    const std::string_view behind = sentence.substr(i + 1);
    const bool article = sentence[i] == 'A' && behind.size() > 1 && behind[0] == ' ' && behind[1] >= 'a' &&
                         behind[1] <= 'z' && !behind.starts_with(" is ") && !behind.starts_with(" or ") &&
                         !behind.starts_with(" and ") && !behind.starts_with(" nor ");
    const std::size_t first = letters_begin(sentence, i);
    if (is_object_name(sentence.substr(0, i))) continue;
    const bool against = is_said_against(behind.starts_with(')') ? behind.substr(1) : behind) ||
                         is_said_against(sentence.substr(letters_end(sentence, i))) ||
                         is_guessed(lower_case(sentence), i, i + 1);
    if (article || against || denied(sentence.substr(0, i)) || denied(sentence.substr(0, first))) continue;
    if (!chosen.empty() && chosen.front() != sentence[i]) return std::nullopt;
    chosen = sentence[i];
  }
  return chosen.empty() ? std::nullopt : std::optional(chosen);
}

std::optional<std::string> choice_with_wording(std::string_view text) {
  text = trim(text);
  const bool bracket = text.starts_with('(');
  if (bracket) text.remove_prefix(1);
  if (text.size() < 2 || text[0] < 'A' || text[0] > 'J' || text[0] == 'I') return std::nullopt;
  const std::string letter(1, text[0]);
  std::string_view behind = text.substr(1);
  if (behind.find_first_of("0123456789$\\") != std::string_view::npos) return std::nullopt;
  if (bracket)
    return behind.starts_with(") ") && !is_said_against(behind.substr(1)) ? std::optional(letter) : std::nullopt;
  const bool stop = behind.starts_with(". ") || behind.starts_with(") ") || behind.starts_with(": ") ||
                    behind.starts_with("\xE3\x80\x82");
  if (stop) return letter;
  const bool name = behind.size() > 2 && behind[0] == ' ' && std::isupper(static_cast<unsigned char>(behind[1])) != 0 &&
                    std::islower(static_cast<unsigned char>(behind[2])) != 0;
  return name ? std::optional(letter) : std::nullopt;
}

// "(C) 24", "C. 24", "c) 24 apples", "Option C: 24" and nothing else.
bool is_option_with_value(std::string_view text) {
  constexpr std::size_t kLongest = 80;
  if (text.size() >= kLongest || text.find('\n') != std::string_view::npos) return false;
  bool worded = false;
  for (const std::string_view word : {"Option ", "Choice ", "option ", "choice "}) {
    if (!text.starts_with(word)) continue;
    text.remove_prefix(word.size());
    worded = true;
  }
  const bool bracket = text.starts_with('(');
  if (bracket) text.remove_prefix(1);
  if (text.size() == 2 && text[0] >= 'a' && text[0] <= 'j') return text[1] == ')';
  if (text.size() < 3) return false;
  const bool small = text[0] >= 'a' && text[0] <= 'j';
  if (!small && (text[0] < 'A' || text[0] > 'J')) return false;
  const std::string_view behind = text.substr(1);
  if (worded && (behind.starts_with(": ") || behind.starts_with(". "))) return true;
  if (!bracket && !small && behind.starts_with(". ")) return true;
  // A small letter: "a) 24 b) 25" are several, and "(a) + 2" is none.
  return behind.starts_with(')') && (!small || (behind.starts_with(") ") && is_digit(behind[2]) &&
                                                behind.find(") ", 2) == std::string_view::npos));
}

}  // namespace ft::grade

#include "framework/grade/conclusion.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>
#include <vector>

#include "framework/grade/vocabulary.h"

namespace ft::grade {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

// Without what stands behind the first special token of a chat, and without the polite end of few-shot prompts.
std::string_view tidied(std::string_view text) {
  text = trim(text);
  if (const std::size_t token = text.find("<|"); token != 0) text = trim(text.substr(0, token));
  constexpr std::string_view kHope = "I hope it is correct.";
  if (text.ends_with(kHope)) text = trim(text.substr(0, text.size() - kHope.size()));
  return text;
}

// "<<30+2=32>>32" as GSM8K notes its arithmetic: the note goes.
std::string without_calculations(std::string_view text) {
  std::string out;
  while (true) {
    const std::size_t open = text.find("<<");
    const std::size_t close = open == std::string_view::npos ? open : text.find(">>", open);
    if (close == std::string_view::npos) break;
    out += text.substr(0, open);
    text.remove_prefix(close + 2);
  }
  return out.append(text);
}

constexpr std::array<std::string_view, 3> kWideStops{"\xE3\x80\x82", "\xEF\xBC\x81", "\xEF\xBC\x9F"};

// Where the sentence that ends before `end` begins.
std::size_t sentence_start(std::string_view text, std::size_t end) {
  for (std::size_t i = end; i-- > 0;) {
    const std::string_view rest = text.substr(i);
    if (text[i] == '\n') return i + 1;
    // A displayed formula ends the sentence where a capital follows.
    const bool display = rest.starts_with("$$ ") || rest.starts_with("\\] ");
    if (display && i + 3 < end && rest[3] >= 'A' && rest[3] <= 'Z') return i + 2;
    const bool stop = text[i] == '.' || text[i] == '!' || text[i] == '?';
    if (stop && i + 1 < end && is_blank(text[i + 1])) return i + 1;
    for (const std::string_view wide : kWideStops) {
      if (rest.starts_with(wide) && i + wide.size() < end) return i + wide.size();
    }
  }
  return 0;
}

bool ends_properly(std::string_view text) {
  if (text.empty()) return false;
  for (const std::string_view wide : kWideStops) {
    if (text.ends_with(wide)) return true;
  }
  return std::string_view(".!?*$])}\"").find(text.back()) != std::string_view::npos;
}

bool concludes(std::string_view sentence) {
  const std::string lower = " " + lower_case(sentence);
  static constexpr std::array<std::string_view, 14> kWords{" therefore",
                                                           " thus",
                                                           " so ",
                                                           " hence",
                                                           " in total",
                                                           " answer",
                                                           " conclu",
                                                           " finally",
                                                           " altogether",
                                                           " donc",
                                                           "\xE5\x9B\xA0\xE6\xAD\xA4",
                                                           "\xE6\x89\x80\xE4\xBB\xA5",
                                                           "\xE6\x80\xBB\xE5\x85\xB1",
                                                           "\xE7\xBB\x93\xE8\xAE\xBA"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

struct Span {
  std::size_t begin;  // of the opening delimiter
  std::size_t end;    // behind the closing one
  std::string_view contents;
};

// Letters that only name something: "ABCDEFGH", "x".
bool is_label(std::string_view contents) {
  contents = trim(contents);
  return contents.size() <= 8 && std::all_of(contents.begin(), contents.end(), is_letter);
}

// Not a formula: the text between two signs of money, "$10 and $5", "$72 - $36".
bool is_prose_between(std::string_view contents) {
  if (contents.empty() || contents.find('\n') != std::string_view::npos) return true;
  if (!is_digit(contents.front())) return false;
  if (contents.back() == ' ' || contents.ends_with("**")) return true;
  std::size_t run = 0;  // of letters that are no command
  for (std::size_t i = 0; i < contents.size(); ++i) {
    run = is_letter(contents[i]) ? run + 1 : 0;
    if (run == 3 && (i == 2 || contents[i - 3] != '\\')) return true;
  }
  return false;
}

// The last formula that says more than a name.
std::optional<Span> last_formula(std::string_view sentence) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kDelimiters{
      {{"\\(", "\\)"}, {"\\[", "\\]"}, {"$$", "$$"}, {"$", "$"}}};
  std::optional<Span> last;
  for (std::size_t at = 0; at < sentence.size();) {
    const std::string_view rest = sentence.substr(at);
    std::size_t step = 1;
    for (const auto& [open, close] : kDelimiters) {
      if (!rest.starts_with(open)) continue;
      const std::size_t end = rest.find(close, open.size());
      if (end == std::string_view::npos) continue;
      const std::string_view contents = rest.substr(open.size(), end - open.size());
      if (is_prose_between(contents)) continue;
      if (!is_label(contents)) last = Span{at, at + end + close.size(), contents};
      step = end + close.size();
      break;
    }
    at += step;
  }
  return last;
}

struct Number {
  std::size_t begin;
  std::size_t end;
};

// The number that starts at or behind `from`: sign, thousands, decimals, a fraction, a percent sign.
std::optional<Number> next_number(std::string_view text, std::size_t from) {
  const auto digit = [&](std::size_t i) { return i < text.size() && is_digit(text[i]); };
  for (std::size_t i = from; i < text.size(); ++i) {
    if (!is_digit(text[i])) continue;
    std::size_t end = i;
    const auto run = [&] {
      while (digit(end)) ++end;
    };
    run();
    while (end < text.size() && text[end] == ',' && digit(end + 1) && digit(end + 2) && digit(end + 3) &&
           !digit(end + 4))
      end += 4;
    for (const char joint : {'.', '/', ':'}) {
      if (end < text.size() && text[end] == joint && digit(end + 1)) {
        ++end;
        run();
      }
    }
    const bool inside_name = i > 0 && (is_letter(text[i - 1]) || text[i - 1] == '_' || text[i - 1] == '^');
    const std::string_view behind = text.substr(end);
    const bool ordinal =
        behind.starts_with("st") || behind.starts_with("nd") || behind.starts_with("rd") || behind.starts_with("th");
    if (inside_name || ordinal) {
      i = end;
      continue;
    }
    std::size_t begin = i;
    const bool sign = begin > 0 && text[begin - 1] == '-' &&
                      (begin == 1 || is_blank(text[begin - 2]) || text[begin - 2] == '=' || text[begin - 2] == '$');
    if (sign) --begin;
    if (behind.starts_with("%") || behind.starts_with("\\%") || behind.starts_with(" %")) end = text.find('%', end) + 1;
    if (behind.starts_with(" percent")) end += 8;
    return Number{begin, end};
  }
  return std::nullopt;
}

// Positions behind words that say what follows is the value.
std::vector<std::size_t> copulas(std::string_view sentence) {
  static constexpr std::array<std::string_view, 9> kWords{" is ",     " are ", "'s ",          " be ",        "=",
                                                          " equals ", ": ",    "\xE4\xB8\xBA", "\xE6\x98\xAF"};
  const std::string lower = lower_case(sentence);
  std::vector<std::size_t> places;
  for (const std::string_view word : kWords) {
    for (std::size_t at = lower.find(word); at != std::string::npos; at = lower.find(word, at + 1))
      places.push_back(at + word.size());
  }
  std::sort(places.begin(), places.end());
  return places;
}

// "In the first 15 minutes, 5 cars": what the clause before the comma counts is not the answer.
std::string_view main_clause(std::string_view sentence) {
  static constexpr std::array<std::string_view, 10> kOpenings{"in ", "after ", "over ", "for ", "during ",
                                                              "on ", "at ",    "with ", "if ",  "since "};
  std::string_view rest = sentence;
  for (int clauses = 0; clauses < 3; ++clauses) {
    const std::size_t comma = rest.find(", ");
    if (comma == std::string_view::npos) break;
    const std::string clause = lower_case(trim(rest.substr(0, comma)));
    const bool opening = clause.find(' ') == std::string::npos ||  // "Therefore"
                         std::any_of(kOpenings.begin(), kOpenings.end(),
                                     [&](std::string_view word) { return clause.starts_with(word); });
    if (!opening || !next_number(rest, comma)) break;
    rest.remove_prefix(comma + 2);
  }
  return rest;
}

// Behind the last "is" or "=" that a number follows; else the first sum of money, else the first number.
std::optional<std::string> stated_number(std::string_view sentence) {
  const auto text_of = [&](const Number& n) { return std::string(sentence.substr(n.begin, n.end - n.begin)); };
  const std::vector<std::size_t> places = copulas(sentence);
  for (auto place = places.rbegin(); place != places.rend(); ++place) {
    if (const auto number = next_number(sentence, *place)) return text_of(*number);
  }
  sentence = main_clause(sentence);
  std::optional<Number> first;
  for (auto number = next_number(sentence, 0); number; number = next_number(sentence, number->end)) {
    if (number->begin > 0 && sentence[number->begin - 1] == '$') return text_of(*number);
    if (!first) first = number;
  }
  return first ? std::optional(text_of(*first)) : std::nullopt;
}

// What stands in the last **...**, where it holds a digit.
std::string_view last_emphasis(std::string_view sentence) {
  std::string_view last;
  for (std::size_t open = sentence.find("**"); open != std::string_view::npos;) {
    const std::size_t close = sentence.find("**", open + 2);
    if (close == std::string_view::npos) break;
    const std::string_view contents = sentence.substr(open + 2, close - open - 2);
    if (std::any_of(contents.begin(), contents.end(), is_digit)) last = contents;
    open = sentence.find("**", close + 2);
  }
  return last;
}

bool denied(std::string_view before) {
  const std::string lower = lower_case(before.substr(before.size() > 16 ? before.size() - 16 : 0));
  static constexpr std::array<std::string_view, 8> kDenials{
      "not ", "n't ", "n't be ", "non ", "neither ", "nor ", "\xE4\xB8\x8D\xE6\x98\xAF ", "\xE4\xB8\x8D\xE6\x98\xAF"};
  return std::any_of(kDenials.begin(), kDenials.end(), [&](std::string_view word) { return lower.ends_with(word); });
}

// The one letter from A to J, but I, that stands alone and is not denied.
std::optional<std::string> stated_choice(std::string_view sentence) {
  std::string chosen;
  for (std::size_t i = 0; i < sentence.size(); ++i) {
    if (sentence[i] < 'A' || sentence[i] > 'J' || sentence[i] == 'I') continue;
    const bool joined_before = i > 0 && (is_letter(sentence[i - 1]) || is_digit(sentence[i - 1]) ||
                                         std::string_view("'_^\\-").find(sentence[i - 1]) != std::string_view::npos);
    const bool joined_behind =
        i + 1 < sentence.size() && (is_letter(sentence[i + 1]) || is_digit(sentence[i + 1]) ||
                                    std::string_view("'_^-").find(sentence[i + 1]) != std::string_view::npos);
    if (joined_before || joined_behind) continue;
    const std::string_view behind = sentence.substr(i + 1);
    const bool article = sentence[i] == 'A' && behind.size() > 1 && behind[0] == ' ' && behind[1] >= 'a' &&
                         behind[1] <= 'z' && !behind.starts_with(" is ");
    if (article || denied(sentence.substr(0, i)) || behind.starts_with(" is not") || behind.starts_with(" isn't") ||
        behind.starts_with(" is wrong"))
      continue;
    if (!chosen.empty() && chosen.front() != sentence[i]) return std::nullopt;
    chosen = sentence[i];
  }
  return chosen.empty() ? std::nullopt : std::optional(chosen);
}

}  // namespace

std::optional<std::string> choice_with_wording(std::string_view text) {
  text = trim(text);
  const bool bracket = text.starts_with('(');
  if (bracket) text.remove_prefix(1);
  if (text.size() < 2 || text[0] < 'A' || text[0] > 'J' || text[0] == 'I') return std::nullopt;
  const std::string letter(1, text[0]);
  std::string_view behind = text.substr(1);
  if (behind.find_first_of("0123456789$\\") != std::string_view::npos) return std::nullopt;
  if (bracket) return behind.starts_with(") ") ? std::optional(letter) : std::nullopt;
  const bool stop = behind.starts_with(". ") || behind.starts_with(") ") || behind.starts_with(": ") ||
                    behind.starts_with("\xE3\x80\x82");
  if (stop) return letter;
  const bool name = behind.size() > 2 && behind[0] == ' ' && std::isupper(static_cast<unsigned char>(behind[1])) != 0 &&
                    std::islower(static_cast<unsigned char>(behind[2])) != 0;
  return name ? std::optional(letter) : std::nullopt;
}

std::string number_with_label(const std::string& answer) {
  std::string_view text = answer;
  if (text.starts_with("\\$") || text.starts_with('$')) text.remove_prefix(text.starts_with('$') ? 1 : 2);
  const auto number = next_number(text, 0);
  if (!number || number->begin != 0) return answer;
  const std::string_view label = text.substr(number->end);
  const auto in_words = [](char c) { return is_letter(c) || c == ' ' || c == '-' || c == '.'; };
  const bool words = label.starts_with(' ') && std::all_of(label.begin(), label.end(), in_words);
  const bool several = words && trim(label).find(' ') != std::string_view::npos;
  return several && unit_of(trim(label)).dimension == "label" ? std::string(text.substr(0, number->end)) : answer;
}

std::optional<std::string> answer_in_sentence(std::string_view sentence) {
  sentence = trim(sentence);
  if (auto choice = choice_with_wording(sentence)) return choice;
  if (const auto formula = last_formula(sentence)) {
    const std::string_view behind = sentence.substr(formula->end);
    const bool percent = behind.starts_with("%") || behind.starts_with(" %") || behind.starts_with(" percent");
    return std::string(formula->contents) + (percent ? "\\%" : "");
  }
  if (const std::string_view emphasis = last_emphasis(sentence); !emphasis.empty()) return stated_number(emphasis);
  if (auto number = stated_number(sentence)) return number;
  return stated_choice(sentence);
}

std::optional<std::string> concluded_answer(std::string_view solution) {
  constexpr std::size_t kEnd = 4000;  // an answer further from the end is none
  const std::string calculated = without_calculations(tidied(solution));
  std::string_view text = trim(calculated);
  if (const std::size_t line = text.rfind("\nA: "); line != std::string_view::npos) {
    const std::string_view rest = trim(text.substr(line + 4));
    if (!rest.empty() && rest.find('\n') == std::string_view::npos) return std::string(rest);
  }
  const bool whole = text.size() <= kEnd;
  if (!whole) text.remove_prefix(text.size() - kEnd);
  // An option with its wording, and reasons behind it.
  if (whole) {
    if (auto choice = choice_with_wording(text)) return choice;
  }
  // A displayed formula may run over several lines.
  std::string_view end = text;
  while (end.ends_with('.')) end = trim(end.substr(0, end.size() - 1));
  if (end.ends_with("\\]")) {
    if (const std::size_t open = end.rfind("\\["); open != std::string_view::npos)
      return std::string(trim(end.substr(open + 2, end.size() - open - 4)));
  }
  constexpr int kSentences = 3;
  std::size_t stop = text.size();
  for (int i = 0; i < kSentences && stop > 0; ++i) {
    const std::size_t start = sentence_start(text, stop);
    const std::string_view sentence = trim(text.substr(start, stop - start));
    const bool only = whole && start == 0;
    if (i == 0 && !only && !ends_properly(sentence) && !concludes(sentence)) return std::nullopt;  // cut off
    if (auto answer = answer_in_sentence(sentence)) return answer;
    if (start == 0) break;
    stop = start;
    while (stop > 0 && is_blank(text[stop - 1])) --stop;
  }
  return std::nullopt;
}

}  // namespace ft::grade

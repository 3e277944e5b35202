#include "framework/text/prompt.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <vector>

#include "framework/base/error.h"

namespace ft {
namespace {

struct Value {
  std::string name;
  std::string_view text;
};

bool is_name_character(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }

std::string names_of(std::span<const Value> values) {
  std::string names;
  for (const Value& value : values) names += fmt::format("{}{{{}}}", names.empty() ? "" : " and ", value.name);
  return names;
}

[[noreturn]] void fail_unknown(std::string_view kind, std::string_view name, std::span<const Value> values) {
  std::vector<std::string> names;
  for (const Value& value : values) names.push_back(value.name);
  const auto near = nearest(name, names);
  fail_user(fmt::format(
      "the {} prompt has the unknown placeholder {{{}}}{}; it may hold {}; write {{{{{}}}}} for the text itself", kind,
      name, near ? fmt::format(" (did you mean {{{}}}?)", *near) : std::string(), names_of(values), name));
}

// The end of "{name}" that begins at text[at], or `at` where none does.
std::size_t end_of_placeholder(std::string_view text, std::size_t at) {
  if (at >= text.size() || text[at] != '{') return at;
  std::size_t end = at + 1;
  while (end < text.size() && is_name_character(text[end])) ++end;
  return end > at + 1 && end < text.size() && text[end] == '}' ? end + 1 : at;
}

// Replaces {name} by its value and {{name}} by {name}; other braces stay. Each value must be used.
std::string fill(std::string_view kind, std::string_view text, std::span<const Value> values) {
  std::string out;
  std::vector<bool> used(values.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t inner = end_of_placeholder(text, at + 1);
    if (text[at] == '{' && inner > at + 1 && inner < text.size() && text[inner] == '}') {
      out += text.substr(at + 1, inner - at - 1);
      at = inner + 1;
      continue;
    }
    const std::size_t end = end_of_placeholder(text, at);
    if (end == at) {
      out.push_back(text[at++]);
      continue;
    }
    const std::string_view name = text.substr(at + 1, end - at - 2);
    const auto value = std::ranges::find(values, name, &Value::name);
    if (value == values.end()) fail_unknown(kind, name, values);
    out += value->text;
    used[static_cast<std::size_t>(value - values.begin())] = true;
    at = end;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!used[i]) fail_user(fmt::format("the {} prompt '{}' lacks the placeholder {{{}}}", kind, text, values[i].name));
  }
  return out;
}

}  // namespace

std::string solver_prompt(const PromptTemplates& templates, std::string_view problem) {
  const Value values[] = {{"problem", problem}};
  return fill("solver", templates.solver, values);
}

std::string verifier_prompt(const PromptTemplates& templates, std::string_view problem, std::string_view solution) {
  const Value values[] = {{"problem", problem}, {"solution", solution}};
  return fill("verifier", templates.verifier, values);
}

std::string demonstration_text(std::string_view demonstration, std::string_view problem, std::string_view solution) {
  const Value values[] = {{"problem", problem}, {"solution", solution}};
  return fill("demonstration", demonstration, values);
}

// One more pair of braces around each placeholder, the inner one where there are two already.
std::string as_template(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = end_of_placeholder(text, at);
    if (end == at) {
      out.push_back(text[at++]);
      continue;
    }
    out.append("{").append(text.substr(at, end - at)).append("}");
    at = end;
  }
  return out;
}

}  // namespace ft

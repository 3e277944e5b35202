#include "launch/conventions.h"

#include <fmt/ranges.h>

#include "framework/base/error.h"

namespace ft {
namespace {

std::string values_of(const grade::Convention& one) {
  if (one.is_number) return "R";
  std::string text;
  for (const auto& choice : one.choices) text += fmt::format("{}{}", text.empty() ? "" : "|", choice.name);
  return text;
}

}  // namespace

void add_conventions(CLI::App& command, grade::Conventions& conventions) {
  for (const grade::Convention& one : grade::convention_table()) {
    const std::string option = fmt::format("--{}", one.name);
    const auto set = [&one, &conventions, option](const std::string& text) {
      try {
        one.set(conventions, text);
      } catch (const UserError& error) {
        throw CLI::ValidationError(option, error.what());
      }
    };
    command
        .add_option_function<std::string>(option, set, fmt::format("{} ({})", one.meaning, one.choices.front().name))
        ->type_name(values_of(one))
        ->group("Conventions");
  }
  command
      .add_flag_callback(
          "--prm800k", [&conventions] { conventions.rules = grade::Conventions::Rules::prm800k; },
          "the same as --rules prm800k")
      ->group("Conventions");
}

void refuse_without_effect(const grade::Conventions& conventions) {
  const auto names = grade::without_effect(conventions);
  if (names.empty()) return;
  fail_user(
      fmt::format("--{} has no effect under --rules prm800k, which know no such choice", fmt::join(names, ", --")));
}

}  // namespace ft

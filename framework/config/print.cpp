#include "framework/config/print.h"

#include <algorithm>

namespace ft {

std::string to_text(const KeyInfo& info) {
  std::string text = fmt::format("{}: {}\n", info.key.name, info.key.doc);
  text += fmt::format("  type:    {}\n", info.type);
  text += info.key.required ? std::string("  default: none, it must be given\n")
                            : fmt::format("  default: {}\n", info.default_text == "null" ? "none" : info.default_text);
  if (info.key.limits.range.bounded()) text += fmt::format("  range:   {}\n", to_string(info.key.limits.range));
  const std::string_view meaning = !info.key.input.empty()              ? "a change of what it names redoes the stage"
                                   : info.key.kind == KeyKind::identity ? "a change redoes the stage"
                                   : info.key.kind == KeyKind::extends  ? "a larger value adds to what is there"
                                                                        : "does not change the result";
  text += fmt::format("  kind:    {} ({})\n", info.key.input.empty() ? to_string(info.key.kind) : "input", meaning);
  return text;
}

void Explainer::bind(const Key& key, Value value) {
  keys_.push_back({key, type_text(key, value), key.required ? "" : value_text(value)});
}

void Printer::bind(const Key& key, Value value) {
  text_ += fmt::format("{:{}}{}: {}\n", "", indent_, key.name, value_text(value));
}

void Digester::bind(const Key& key, Value value) {
  const bool absent = std::visit(
      [](auto* pointer) {
        if constexpr (requires { pointer->has_value(); }) return !pointer->has_value();
        return false;
      },
      value);
  if (key.usual) with_usual_.insert(key.name);
  if (!key.input.empty() || absent || key.usual == value_text(value)) return;
  values_.at(key.kind).emplace(key.name, value_text(value));
}

void Digester::mark_idle(std::string_view name, std::string_view) {
  const std::string key(name);
  const auto known = defaults_.find(key);
  for (auto& [kind, values] : values_) {
    const auto found = values.find(key);
    const bool is_none = known == defaults_.end() || with_usual_.contains(key);
    if (is_none) {
      values.erase(key);
    } else if (found != values.end()) {
      found->second = known->second;
    }
  }
}

std::map<std::string, std::string> default_texts(const std::vector<KeyInfo>& keys) {
  std::map<std::string, std::string> texts;
  for (const KeyInfo& info : keys) {
    if (!info.default_text.empty() && info.default_text != "null") texts.emplace(info.key.name, info.default_text);
  }
  return texts;
}

std::string Digester::text(KeyKind kind) const {
  std::string text;
  for (const auto& [name, value] : values_.at(kind)) text += fmt::format("{}: {}\n", name, value);
  return text;
}

const std::map<std::string, std::string>& Digester::values(KeyKind kind) const { return values_.at(kind); }

void InputLister::bind(const Key& key, Value value) {
  if (key.input.empty()) return;
  Input input{key.name, key.input, {}};
  if (auto* const* text = std::get_if<std::string*>(&value); text != nullptr && !(*text)->empty()) {
    input.names = {**text};
  } else if (auto* const* list = std::get_if<std::vector<std::string>*>(&value); list != nullptr) {
    input.names = **list;
  } else if (auto* const* maybe = std::get_if<std::optional<std::string>*>(&value);
             maybe != nullptr && maybe[0]->has_value()) {
    input.names = {***maybe};
  }
  inputs_.push_back(std::move(input));
}

}  // namespace ft

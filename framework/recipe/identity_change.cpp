#include "framework/recipe/identity_change.h"

#include <algorithm>
#include <map>
#include <set>

namespace ft {
namespace {

// The n-th line of a key, counted from 0: a list of data sets says some keys several times.
using LineKey = std::pair<std::string, int>;
using Lines = std::vector<std::pair<LineKey, std::string>>;

Lines lines_of(const std::string& text) {
  Lines lines;
  std::map<std::string, int> count;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    const std::size_t colon = std::min(line.find(": "), line.size());
    const std::string key = line.substr(0, colon);
    std::string value = line.substr(std::min(colon + 2, line.size()));
    value.erase(std::min(value.find_last_not_of(' ') + 1, value.size()));
    lines.push_back({{key, count[key]++}, std::move(value)});
    begin = end + 1;
  }
  return lines;
}

const std::string* find(const Lines& lines, const LineKey& key) {
  const auto found = std::ranges::find(lines, key, &Lines::value_type::first);
  return found == lines.end() ? nullptr : &found->second;
}

// Long values (prompts) are shown where they differ.
std::pair<std::string, std::string> shortened(const std::string& before, const std::string& now) {
  constexpr std::size_t kShown = 50, kLead = 15;
  if (before.size() <= kShown && now.size() <= kShown) return {before, now};
  const auto differ = static_cast<std::size_t>(std::ranges::mismatch(before, now).in1 - before.begin());
  const std::size_t from = differ > kLead ? differ - kLead : 0;
  const auto part = [&](const std::string& text) {
    return fmt::format("{}{}{}", from > 0 ? "..." : "", text.substr(std::min(from, text.size()), kShown),
                       from + kShown < text.size() ? "..." : "");
  };
  return {part(before), part(now)};
}

std::string changed(const std::string& what, const std::string* before, const std::string* now) {
  if (before == nullptr) return fmt::format("{} was not set, is {}", what, *now);
  if (now == nullptr) return fmt::format("{} was {}, is not set", what, *before);
  const auto [old_text, new_text] = shortened(*before, *now);
  return fmt::format("{} was {}, is {}", what, old_text, new_text);
}

// Calls tell(key, value before, value now) for each line that differs; either value may be missing (nullptr).
template <class Tell>
void compare(const Lines& before, const Lines& now, const Tell& tell) {
  for (const auto& [key, value] : now) {
    const std::string* old_value = find(before, key);
    if (old_value == nullptr || *old_value != value) tell(key, old_value, &value);
  }
  for (const auto& [key, value] : before) {
    if (find(now, key) == nullptr) tell(key, &value, nullptr);
  }
}

// Of a problem set, as "40", or "40 0" of several; 0 is none.
std::string limit_text(const std::string& limits) {
  std::string text;
  for (std::size_t begin = 0; begin < limits.size();) {
    const std::size_t end = std::min(limits.find(' ', begin), limits.size());
    const std::string limit = limits.substr(begin, end - begin);
    text += fmt::format("{}{}", text.empty() ? "" : ", ", limit == "0" ? "none (all problems)" : limit);
    begin = end + 1;
  }
  return text;
}

std::string changed_limit(const std::string& what, const std::string* before, const std::string* now) {
  const std::string old_text = before == nullptr ? "" : limit_text(*before);
  const std::string new_text = now == nullptr ? "" : limit_text(*now);
  return changed(what, before == nullptr ? nullptr : &old_text, now == nullptr ? nullptr : &new_text);
}

constexpr std::string_view kExtentOf = "extent of ";

// Of a stage whose output another one reads: of problems it is their limit, of a stage a digest.
std::string changed_extent(const std::string& of, const std::string* before, const std::string* now) {
  const auto is_digest = [](const std::string* text) { return text != nullptr && text->size() == 64; };
  if (is_digest(before) || is_digest(now)) return fmt::format("more or less is asked of its {}", of);
  return changed_limit(fmt::format("the limit of its {}", of), before, now);
}

std::string section_of(const InputContent& content) { return content.what == "model" ? "models" : "problems"; }

// What is another about one input; empty where the two say nothing of it.
std::vector<std::string> input_changes(const InputContent& before, const InputContent& now) {
  if (before.what != now.what || (before.name != now.name && now.what != "file")) {
    return {fmt::format("{} was {} '{}', is {} '{}'", now.key, before.what, before.name, now.what, now.name)};
  }
  std::vector<std::string> reasons;
  compare(lines_of(before.settings), lines_of(now.settings),
          [&](const LineKey& key, const std::string* was, const std::string* is) {
            if (now.what != "stage") {
              reasons.push_back(changed(fmt::format("{}.{}.{}", section_of(now), now.name, key.first), was, is));
            } else if (key.first == "identity" || key.first.starts_with("input ")) {  // digests: nothing to read
              const std::string another = fmt::format("its {}, stage '{}', is another", now.key, now.name);
              if (std::ranges::find(reasons, another) == reasons.end()) reasons.push_back(another);
            } else if (key.first.starts_with(kExtentOf)) {
              reasons.push_back(fmt::format("its {}, stage '{}', is another: {}", now.key, now.name,
                                            changed_extent(key.first.substr(kExtentOf.size()), was, is)));
            } else {
              reasons.push_back(
                  changed(fmt::format("its {}, stage '{}', is another: {}", now.key, now.name, key.first), was, is));
            }
          });
  if (const std::string files = changed_files(before.files, now.files); !files.empty()) {
    const std::string of =
        now.what == "file" ? fmt::format("{} '{}'", now.key, now.name) : fmt::format("{} '{}'", now.what, now.name);
    reasons.push_back(now.files.size() == 1 && before.files.size() == 1 && now.what == "file"
                          ? fmt::format("{} changed", of)
                          : fmt::format("{}: {}", of, files));
  }
  return reasons;
}

class Comparison {
 public:
  Comparison(const StagePlan& stage, const std::optional<std::vector<InputContent>>& inputs)
      : stage_(stage), inputs_(inputs) {
    Digester prompts;
    PromptTemplates templates;
    describe(templates, prompts);
    for (const auto& [key, value] : prompts.values(KeyKind::identity)) prompt_keys_.insert(key);
  }

  void tell(const LineKey& line, const std::string* before, const std::string* now) {
    const auto& [key, index] = line;
    if (key.starts_with("input ")) {
      tell_input(key.substr(6), index);
    } else if (key == "plugin") {
      tell_input(key, index);
    } else if (key.starts_with(kExtentOf)) {
      reasons_.push_back(
          changed_limit(fmt::format("problems.{}.limit", name_of(key.substr(kExtentOf.size()), index)), before, now));
    } else if (key == "recipe" && index == 0) {
      tell_recipe(*before, *now);
    } else if ((before == nullptr || now == nullptr) && is_extent(key)) {
      unexplained_.push_back(fmt::format("{} counted otherwise when it was made", path_of(key, index)));
    } else {
      reasons_.push_back(changed(path_of(key, index), before, now));
    }
  }

  // Where only an input's digest tells of a change that another reason explains (a preset's seed), no more is said.
  std::vector<std::string> reasons() {
    if (reasons_.empty()) reasons_ = std::move(unexplained_);
    return std::move(reasons_);
  }

 private:
  // A length is part of the identity or not, as other keys of the training have it: those are told of themselves.
  bool is_extent(const std::string& key) const {
    return key == "length" || stage_.extent_text.find(fmt::format("\n{}: ", key)) != std::string::npos ||
           stage_.extent_text.starts_with(key + ": ");
  }

  static const InputContent* nth(const std::vector<InputContent>& inputs, const std::string& key, int index) {
    for (const InputContent& input : inputs) {
      if (input.key == key && index-- == 0) return &input;
    }
    return nullptr;
  }

  void tell_input(const std::string& key, int index) {
    const InputContent* before = inputs_ ? nth(*inputs_, key, index) : nullptr;
    const InputContent* now = nth(stage_.contents, key, index);
    std::vector<std::string> found;
    if (before != nullptr && now != nullptr) {
      found = input_changes(*before, *now);
    } else if (inputs_ && now != nullptr) {
      found = {fmt::format("{} was not given, is '{}'", key, now->name)};
    } else if (before != nullptr) {
      found = {fmt::format("{} was '{}', is not given", key, before->name)};
    }
    reasons_.insert(reasons_.end(), found.begin(), found.end());
    if (found.empty()) unexplained_.push_back(fmt::format("its {} is another", key));
  }

  std::string name_of(const std::string& key, int index) const {
    const InputContent* input = nth(stage_.contents, key, index);
    return input == nullptr ? key : input->name;
  }

  void tell_recipe(const std::string& before, const std::string& now) {
    const auto split = [](const std::string& text) {
      const std::size_t blank = std::min(text.rfind(' '), text.size());
      return std::pair(text.substr(0, blank), text.substr(std::min(blank + 1, text.size())));
    };
    const auto [old_name, old_version] = split(before);
    const auto [name, version] = split(now);
    reasons_.push_back(old_name == name
                           ? fmt::format("recipe {} was version {}, is version {}", name, old_version, version)
                           : fmt::format("stages.{}.recipe was {}, is {}", stage_.name, old_name, name));
  }

  // Prompts stand before the recipe's own keys, which may have the same names.
  std::string path_of(const std::string& key, int index) const {
    if (key == "seed" && index == 0) return "run.seed";
    if (index == 0 && prompt_keys_.contains(key) && stage_.recipe->uses_prompts()) return "prompts." + key;
    const auto found = stage_.key_paths.find(key);
    return found == stage_.key_paths.end() ? fmt::format("stages.{}.{}", stage_.name, key) : found->second;
  }

  const StagePlan& stage_;
  const std::optional<std::vector<InputContent>>& inputs_;
  std::set<std::string> prompt_keys_;
  std::vector<std::string> reasons_, unexplained_;
};

}  // namespace

std::vector<std::string> changes(const StagePlan& stage, const std::string& text,
                                 const std::optional<std::vector<InputContent>>& inputs) {
  Comparison comparison(stage, inputs);
  compare(lines_of(text), lines_of(stage.identity_text),
          [&](const LineKey& key, const std::string* before, const std::string* now) {
            comparison.tell(key, before, now);
          });
  return comparison.reasons();
}

}  // namespace ft

// What else one description gives: the help, the resolved dump, the texts that are digested, and the inputs.
//
//   for (const KeyInfo& key : explain<TrainingSettings>()) fmt::print("{}\n", to_text(key));
//   std::string dump = print(settings, 2);
//   std::string identity = sha256(identity_text(settings));
//
// For a recipe, which is described by a member, use the binders themselves: Digester d; recipe->describe(d);
// d.identity_text().
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "framework/config/binder.h"

namespace ft {

struct KeyInfo {
  Key key;
  std::string type;          // "whole number", "one of margin, xent"
  std::string default_text;  // empty when required
};
// The help of one key: name, type, default, kind, bounds and sentence, in a few lines.
[[nodiscard]] std::string to_text(const KeyInfo& info);

// By name; without the keys that have no default or none as their default.
[[nodiscard]] std::map<std::string, std::string> default_texts(const std::vector<KeyInfo>& keys);

// Collects the keys in the order of the description; the struct's values are the defaults.
class Explainer final : public Binder {
 public:
  [[nodiscard]] const std::vector<KeyInfo>& keys() const { return keys_; }

 protected:
  void bind(const Key& key, Value value) override;

 private:
  std::vector<KeyInfo> keys_;
};

// The resolved settings as block YAML, every key with its value, in the order of the description.
class Printer final : public Binder {
 public:
  explicit Printer(int indent = 0) : indent_(indent) {}
  [[nodiscard]] const std::string& text() const { return text_; }

 protected:
  void bind(const Key& key, Value value) override;

 private:
  int indent_;
  std::string text_;
};

// The canonical texts: a line "name: value" for each key, sorted by name, so that neither the order in the struct nor
// the way a number was written matters. Defaults count as if they had been written. An absent optional gives no line: a
// later version may add an optional key without redoing every stage. Input keys give none (Binder::input). A key that is
// idle counts as if it had not been given: with its text in `defaults`, and with no line where that is missing or where
// the key has a usual value, which never gives one.
class Digester final : public Binder {
 public:
  // Texts of the defaults by the keys' names (default_texts below).
  explicit Digester(std::map<std::string, std::string> defaults = {}) : defaults_(std::move(defaults)) {}
  [[nodiscard]] std::string identity_text() const { return text(KeyKind::identity); }
  [[nodiscard]] std::string extends_text() const { return text(KeyKind::extends); }
  [[nodiscard]] std::string text(KeyKind kind) const;
  // Value texts by name, to say which key has changed.
  [[nodiscard]] const std::map<std::string, std::string>& values(KeyKind kind) const;

 protected:
  void bind(const Key& key, Value value) override;
  void mark_idle(std::string_view name, std::string_view why) override;

 private:
  std::map<std::string, std::string> defaults_;
  std::set<std::string> with_usual_;
  std::map<KeyKind, std::map<std::string, std::string>> values_{
      {KeyKind::identity, {}}, {KeyKind::extends, {}}, {KeyKind::execution, {}}};
};

// What a stage reads.
struct Input {
  std::string key;                 // "model"
  std::string what;                // the sort: "model", "problems", "attempts", "file"
  std::vector<std::string> names;  // "solver"
};

class InputLister final : public Binder {
 public:
  [[nodiscard]] const std::vector<Input>& inputs() const { return inputs_; }

 protected:
  void bind(const Key& key, Value value) override;

 private:
  std::vector<Input> inputs_;
};

template <Described S>
[[nodiscard]] std::vector<KeyInfo> explain(S defaults = {}) {
  Explainer binder;
  describe(defaults, binder);
  return binder.keys();
}
template <Described S>
[[nodiscard]] std::string print(S settings, int indent = 0) {
  Printer binder(indent);
  describe(settings, binder);
  return binder.text();
}
template <Described S>
[[nodiscard]] std::string identity_text(S settings) {
  Digester binder(default_texts(explain<S>()));
  describe(settings, binder);
  return binder.identity_text();
}
template <Described S>
[[nodiscard]] std::string extends_text(S settings) {
  Digester binder(default_texts(explain<S>()));
  describe(settings, binder);
  return binder.extends_text();
}
template <Described S>
[[nodiscard]] std::vector<Input> list_inputs(S settings) {
  InputLister binder;
  describe(settings, binder);
  return binder.inputs();
}

}  // namespace ft

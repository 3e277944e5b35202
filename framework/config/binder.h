// One description of a plain struct gives parsing, defaults, `ftrun explain`, the resolved dump and the digest.
//
//   struct TrainingSettings {
//     int lanes = 8;                      // the member's value is the default
//     double learning_rate = 1e-3;
//     Loss loss = Loss::margin;           // an enum with names: base/choice.h
//     Duration save_every{600};
//   };
//   inline void describe(TrainingSettings& s, Binder& b) {
//     b.identity("lanes", s.lanes, "fixed sequences of micro-batches that one step sums over", Range{1, 65536});
//     b.identity("learning_rate", s.learning_rate, "peak learning rate", Range::above(0));
//     b.choice("loss", s.loss, KeyKind::identity, "what the verifier minimises");
//     b.execution("save_every", s.save_every, "time between checkpoints");
//   }
//
//   auto s = parse<TrainingSettings>({file["training"], file["stages"]["solver"]});   // config/parser.h; the last wins
//   print(s), explain<TrainingSettings>(), identity_text(s)                           // config/print.h
//
// A recipe describes several structs to one binder: describe(training_, b); b.input("model", model_, "model", "...");
// A key may be described once per binder (checked): two structs of one stage share no name.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "framework/base/choice.h"
#include "framework/base/recompute.h"
#include "framework/base/units.h"

namespace ft {

// What a change of the key means for results that exist already (the plan, "Identity").
enum class KeyKind {
  identity,  // another result: the stage is redone
  extends,   // more of the same: what is missing is added
  execution  // how, not what: nothing is redone
};
[[nodiscard]] std::string_view to_string(KeyKind kind);

// Bounds of a number (of a Length, Duration or ByteSize: of its value in steps, tokens, epochs, seconds, bytes).
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false;   // low itself is refused
  bool high_open = false;  // high itself is refused

  [[nodiscard]] static Range at_least(double low) { return {.low = low}; }
  [[nodiscard]] static Range above(double low) { return {.low = low, .low_open = true}; }
  [[nodiscard]] bool contains(double value) const {
    return (low_open ? value > low : value >= low) && (high_open ? value < high : value <= high);
  }
  [[nodiscard]] bool bounded() const {
    return low > -std::numeric_limits<double>::infinity() || high < std::numeric_limits<double>::infinity();
  }
};
// "from 1 to 65536", "above 0"; empty when unbounded.
[[nodiscard]] std::string to_string(const Range& range);

// The units that a Length may have: b.identity("warmup", s.warmup, "...", Units{Length::Unit::steps}).
using Units = std::vector<Length::Unit>;

struct Limits {
  Limits() = default;
  Limits(Range r) : range(r) {}             // NOLINT: Range{1, 8} is meant to be passed as it is
  Limits(Units u) : units(std::move(u)) {}  // NOLINT
  Limits(Range r, Units u) : range(r), units(std::move(u)) {}
  // The text is a path: `~` is replaced when it is read, a variable refused (base/user_path.h).
  [[nodiscard]] static Limits path() {
    Limits limits;
    limits.is_path = true;
    return limits;
  }
  // A path that must be given: the empty one is refused.
  [[nodiscard]] static Limits folder() {
    Limits limits = path();
    limits.not_empty = true;
    return limits;
  }
  Range range;
  Units units;  // empty: all
  bool is_path = false;
  bool not_empty = false;
};

// Where a value lives; a Choice* during the call alone. std::optional: absent or `null` in the file means "none".
using Value =
    std::variant<bool*, int*, std::int64_t*, double*, std::string*, Choice*, Recompute*, Length*, Duration*, ByteSize*,
                 std::vector<std::string>*, std::vector<int>*, std::vector<double>*, std::optional<bool>*,
                 std::optional<int>*, std::optional<std::int64_t>*, std::optional<double>*, std::optional<std::string>*,
                 std::optional<Length>*, std::optional<Duration>*, std::optional<ByteSize>*>;

// The value as it stands in the resolved dump, a flow YAML text that parses back to it; "null" for an absent optional.
// Canonical: equal values give equal texts (1e-3 and 0.001).
[[nodiscard]] std::string value_text(const Value& value);

// Everything known of a key but its value.
struct Key {
  std::string name;
  KeyKind kind = KeyKind::identity;
  std::string doc;  // one sentence, no full stop
  Limits limits;
  std::vector<std::string> choices;  // not empty: the text must be one of them
  bool required = false;             // no default: the file must give it
  std::string input;                 // not empty: the value names an input of this sort ("model", "problems", "file")
  std::optional<std::string> usual;  // the value that enters no identity (value_text); none: every value does
};

// The visitor. Derived: Parser (config/parser.h), Explainer, Printer, Digester, InputLister (config/print.h).
class Binder {
 public:
  Binder() = default;
  Binder(const Binder&) = delete;
  Binder& operator=(const Binder&) = delete;
  virtual ~Binder() = default;

  template <class T>
  void identity(std::string_view name, T& value, std::string_view doc, Limits limits = {}) {
    add({.name = std::string(name), .kind = KeyKind::identity, .doc = std::string(doc), .limits = std::move(limits)},
        &value);
  }
  // A key of that kind that came when there were results already: its `usual` value is what they were made with, and enters
  // no identity, so that they stay.
  template <class T>
  void identity_unless(const std::type_identity_t<T>& usual, std::string_view name, T& value, std::string_view doc,
                       Limits limits = {}) {
    T text_of = usual;
    add({.name = std::string(name),
         .kind = KeyKind::identity,
         .doc = std::string(doc),
         .limits = std::move(limits),
         .usual = value_text(&text_of)},
        &value);
  }
  template <class T>
  void extends(std::string_view name, T& value, std::string_view doc, Limits limits = {}) {
    add({.name = std::string(name), .kind = KeyKind::extends, .doc = std::string(doc), .limits = std::move(limits)},
        &value);
  }
  template <class T>
  void execution(std::string_view name, T& value, std::string_view doc, Limits limits = {}) {
    add({.name = std::string(name), .kind = KeyKind::execution, .doc = std::string(doc), .limits = std::move(limits)},
        &value);
  }
  // An enum, by the names of its values.
  template <NamedEnum E>
  void choice(std::string_view name, E& value, KeyKind kind, std::string_view doc) {
    Choice any(value);
    add({.name = std::string(name),
         .kind = kind,
         .doc = std::string(doc),
         .choices = {any.names().begin(), any.names().end()}},
        &any);
  }
  template <NamedEnum E>
  void choice_unless(std::type_identity_t<E> usual, std::string_view name, E& value, std::string_view doc) {
    Choice any(value), before(usual);
    add({.name = std::string(name),
         .kind = KeyKind::identity,
         .doc = std::string(doc),
         .choices = {any.names().begin(), any.names().end()},
         .usual = value_text(&before)},
        &any);
  }
  // The same where the names are known at run time alone: a string that must be one of `choices`; the default must be,
  // too (checked).
  void choice(std::string_view name, std::string& value, std::vector<std::string> choices, KeyKind kind,
              std::string_view doc);
  // A key that has no sensible default: absent from the file, it is a mistake.
  template <class T>
  void required(std::string_view name, T& value, KeyKind kind, std::string_view doc, Limits limits = {}) {
    add({.name = std::string(name),
         .kind = kind,
         .doc = std::string(doc),
         .limits = std::move(limits),
         .required = true},
        &value);
  }
  // Said at the end of a description: with the values that were just bound nothing ever reads this key, and why. Where it was
  // given, the user is told; its value is no part of an identity, so a change of it redoes nothing. Not for what depends
  // on a key of the kind extends. `name` must have been described (checked).
  void idle(std::string_view name, std::string_view why);

  // A key that names what the stage reads: a model, problem set or stage of the run file ("model", "problems",
  // "attempts", ...), or a file of the user's ("file"). What counts for the digest is the input's identity or content,
  // not its name, so the key itself enters no digest; whoever computes a stage's identity takes the names from
  // list_inputs() (config/print.h). An empty text or list, or an absent optional, means no input.
  void input(std::string_view name, std::string& value, std::string_view what, std::string_view doc);
  void input(std::string_view name, std::vector<std::string>& value, std::string_view what, std::string_view doc);
  void input(std::string_view name, std::optional<std::string>& value, std::string_view what, std::string_view doc);
  // As above, and the file must give it.
  void required_input(std::string_view name, std::string& value, std::string_view what, std::string_view doc);
  void required_input(std::string_view name, std::vector<std::string>& value, std::string_view what,
                      std::string_view doc);

 protected:
  // Called once per key, in the order of the description; `value` is valid as long as the described struct.
  virtual void bind(const Key& key, Value value) = 0;
  // Called after bind() of that key.
  virtual void mark_idle(std::string_view name, std::string_view why);

 private:
  void add(Key key, Value value);
  std::set<std::string, std::less<>> names_;
};

// Describes a whole struct. Found by argument lookup: write `void describe(MySettings&, Binder&)` beside MySettings.
template <class S>
concept Described = requires(S& s, Binder& b) {
  describe(s, b);
};

// The type as a user knows it: "whole number", "length (200steps, 5Mtokens, 2epochs, 10min)", "list of texts".
[[nodiscard]] std::string type_text(const Key& key, const Value& value);

}  // namespace ft

#include "framework/config/parser.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "framework/base/user_path.h"

namespace ft {
namespace {

// Reads single values of one key; every complaint names the key, what was found and what is wanted.
class Reader {
 public:
  Reader(const Node& node, const Key& key, const Value& value) : node_(node), key_(key), type_(type_text(key, value)) {}

  void read(bool& out) const {
    const std::string& text = scalar();
    if (text == "true" || text == "false") {
      out = text == "true";
      return;
    }
    const bool likely = text == "yes" || text == "on" || text == "True" || text == "TRUE" || text == "1";
    const bool unlikely = text == "no" || text == "off" || text == "False" || text == "FALSE" || text == "0";
    refuse(likely ? "; write true" : unlikely ? "; write false" : "");
  }
  void read(int& out) const {
    const std::int64_t wide = integer();
    if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max()) refuse("; it is too large");
    check_range(static_cast<double>(wide));
    out = static_cast<int>(wide);
  }
  void read(std::int64_t& out) const {
    const std::int64_t wide = integer();
    check_range(static_cast<double>(wide));
    out = wide;
  }
  void read(double& out) const {
    double number = 0;
    try {
      number = parse_number(scalar());
    } catch (const UnitError&) {
      const bool digits = scalar().find_first_not_of("0123456789.eE+-") == std::string::npos;
      refuse(digits && scalar().find_first_of("0123456789") != std::string::npos
                 ? "; no number of the machine's comes near it"
                 : "");
    }
    check_range(number);
    out = number;
  }
  void read(Choice& out) const { out.set(choice()); }
  void read(std::string& out) const {
    if (node_.is_map() && key_.choices.empty()) refuse("; a text that begins with { stands in quotes");
    const std::string& text = scalar();
    if (!key_.choices.empty()) (void)choice();
    if (key_.limits.not_empty && text.empty()) node_.fail(fmt::format("'{}' is empty: name a folder", key_.name));
    out = is_path() ? expanded(text) : text;
  }
  void read(Recompute& out) const { out = quantity<Recompute>(parse_recompute); }
  void read(Length& out) const {
    const Length length = quantity<Length>(parse_length);
    const Units& units = key_.limits.units;
    if (!units.empty() && std::find(units.begin(), units.end(), length.unit) == units.end()) {
      refuse(fmt::format("; a length in {} has no meaning here",
                         length.unit == Length::Unit::seconds ? std::string("seconds") : to_string(length.unit)));
    }
    check_range(length.value);
    out = length;
  }
  void read(Duration& out) const {
    const Duration duration = quantity<Duration>(parse_duration);
    check_range(duration.seconds);
    out = duration;
  }
  void read(ByteSize& out) const {
    const ByteSize size = quantity<ByteSize>(parse_byte_size);
    check_range(static_cast<double>(size.bytes));
    out = size;
  }
  template <class T>
  void read(std::optional<T>& out) const {
    if (node_.is_null()) {
      out.reset();
      return;
    }
    T value{};
    read(value);
    out = std::move(value);
  }
  // A list; of names a single one is taken as a list of one, for `of: answers`.
  template <class T>
  void read(std::vector<T>& out) const {
    std::vector<T> values;
    if (node_.is_scalar() && !key_.input.empty()) {
      read(values.emplace_back());
    } else {
      if (!node_.is_list()) refuse();
      for (const Node& item : node_.items()) {
        Key item_key{.name = item.path(), .limits = key_.limits};
        item_key.limits.is_path = is_path();
        Reader(item, item_key, Value(static_cast<T*>(nullptr))).read(values.emplace_back());
      }
    }
    out = std::move(values);
  }

 private:
  [[noreturn]] void refuse(std::string_view hint = "") const {
    node_.fail(fmt::format("'{}' must be {}{}, but is {}{}", key_.name, article(), type_, node_.what(), hint));
  }
  bool is_path() const { return key_.limits.is_path || key_.input == "file"; }
  std::string expanded(const std::string& text) const {
    try {
      return user_path(text);
    } catch (const UserError& error) {
      node_.fail(fmt::format("'{}': {}", key_.name, error.what()));
    }
  }
  // "a whole number", but "one of a, b" and "true or false".
  std::string_view article() const { return !key_.choices.empty() || type_.starts_with("true") ? "" : "a "; }
  const std::string& scalar() const {
    if (!node_.is_scalar()) refuse();
    return node_.text();
  }
  std::size_t choice() const {
    const auto found = std::ranges::find(key_.choices, scalar());
    if (found == key_.choices.end()) {
      const auto close = nearest(scalar(), key_.choices);
      refuse(close ? fmt::format("; did you mean '{}'?", *close) : "");
    }
    return static_cast<std::size_t>(found - key_.choices.begin());
  }
  std::int64_t integer() const {
    const std::string& text = scalar();
    try {
      return parse_integer(text);
    } catch (const UnitError&) {
      const std::size_t sign = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
      const bool digits = text.size() > sign && text.find_first_not_of("0123456789", sign) == std::string::npos;
      refuse(digits ? "; it has too many digits" : "");
    }
  }
  template <class T>
  T quantity(T (*parse_text)(std::string_view)) const {
    const std::string& text = scalar();
    try {
      return parse_text(text);
    } catch (const UnitError& error) {
      node_.fail(fmt::format("'{}': {}", key_.name, error.what()));
    }
  }
  void check_range(double value) const {
    if (!key_.limits.range.contains(value)) {
      node_.fail(fmt::format("'{}' must be {}, but is {}", key_.name, to_string(key_.limits.range), node_.text()));
    }
  }

  const Node& node_;
  const Key& key_;
  std::string type_;
};

}  // namespace

void read_value(const Node& node, const Key& key, const Value& value) {
  const Reader reader(node, key, value);
  std::visit([&](auto* pointer) { reader.read(*pointer); }, value);
}

Parser::Parser(std::vector<Node> layers) : layers_(std::move(layers)) {
  FT_CHECK(!layers_.empty(), "a parser needs at least one layer");
  for (const Node& layer : layers_) (void)layer.keys();  // refuses what is no map
}

void Parser::accept(std::string_view name) {
  known_.emplace_back(name);
  accepted_.emplace_back(name);
}

void Parser::mark_idle(std::string_view name, std::string_view why) { idle_.try_emplace(std::string(name), why); }

bool Parser::describes(std::string_view name) const {
  return std::ranges::find(known_, name) != known_.end() && std::ranges::find(accepted_, name) == accepted_.end();
}

void Parser::bind(const Key& key, Value value) {
  known_.push_back(key.name);
  for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) {
    const Node node = (*layer)[key.name];
    if (!node) continue;
    read_value(node, key, value);
    given_.emplace(key.name, node);
    return;
  }
  if (!key.required) return;
  const Node& top = layers_.back();
  const std::string where = top.path().empty() ? "" : fmt::format(" in '{}'", top.path());
  top.fail(fmt::format("the key '{}'{} is missing: {} ({})", key.name, where, key.doc, type_text(key, value)));
}

void Parser::finish() const {
  const Node& top = layers_.back();
  for (const std::string& name : top.keys()) {
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    const auto close = nearest(name, known_);
    const std::string where = top.path().empty() ? "" : fmt::format(" in '{}'", top.path());
    std::vector<std::string> sorted = known_;
    std::sort(sorted.begin(), sorted.end());
    fail_user(top.key_place(name), fmt::format("unknown key '{}'{}; {}", name, where,
                                               close ? fmt::format("did you mean '{}'?", *close)
                                                     : fmt::format("known keys: {}", fmt::join(sorted, ", "))));
  }
}

Place Parser::place(std::string_view name) const {
  const auto it = given_.find(name);
  return it == given_.end() ? layers_.back().place() : it->second.place();
}

bool Parser::given(std::string_view name) const { return given_.find(name) != given_.end(); }

}  // namespace ft

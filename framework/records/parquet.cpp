#include "framework/records/parquet.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "framework/records/parquet_column.h"

namespace ft::records {
namespace {

// A node of the schema, with what its levels mean.
struct Node {
  std::string name;
  enum class Shape { leaf, group, list, map } shape = Shape::group;
  bool is_optional = false, is_repeated = false;
  bool is_element = false;  // of a list's repeated node: it stands for the element itself
  int definition = 0;  // the level from which on this node is there; of a repeated one, from which on it has an element
  int repetition = 0;  // the level at which a repeated node goes on
  Meaning meaning = Meaning::plain;
  std::int64_t scale = 0;
  std::size_t first_leaf = 0, end_leaf = 0;
  std::vector<Node> children;
};

// Reads the tree from the list that the footer holds.
class Schema {
 public:
  explicit Schema(const std::vector<SchemaElement>& elements) : elements_(elements) {
    if (elements.empty()) throw BadParquet("its schema is empty");
    root = read(0, 0, 0, "");
    if (at_ != elements.size()) throw BadParquet("its schema does not fit together");
    if (leaves.empty()) throw BadParquet("it has no columns");
  }
  Node root;
  std::vector<ColumnShape> leaves;

 private:
  Node read(int definition, int repetition, int depth, const std::string& path) {
    if (depth > 100) throw BadParquet("its schema is nested more than 100 deep");
    if (at_ >= elements_.size()) throw BadParquet("its schema does not fit together");
    const SchemaElement& element = elements_[at_++];
    const bool is_root = depth == 0;
    Node node;
    node.name = element.name;
    node.meaning = element.meaning;
    node.scale = element.scale;
    node.is_optional = !is_root && element.repetition == Repetition::optional;
    node.is_repeated = !is_root && element.repetition == Repetition::repeated;
    node.definition = definition + (node.is_optional || node.is_repeated ? 1 : 0);
    node.repetition = repetition + (node.is_repeated ? 1 : 0);
    node.first_leaf = leaves.size();
    const std::string here = is_root ? "" : path.empty() ? node.name : path + "." + node.name;
    if (element.is_leaf && element.num_children == 0) {
      node.shape = Node::Shape::leaf;
      leaves.push_back({here, element.type, element.type_length, node.definition, node.repetition});
    } else {
      for (std::int64_t i = 0; i < element.num_children; ++i)
        node.children.push_back(read(node.definition, node.repetition, depth + 1, here));
      if (node.children.empty()) throw BadParquet(fmt::format("column '{}' has no parts", here));
      annotate(node, element);
    }
    node.end_leaf = leaves.size();
    return node;
  }

  // The rules for lists and maps of the format's LogicalTypes.md, those for older writers included.
  static void annotate(Node& node, const SchemaElement& element) {
    if (node.children.size() != 1 || !node.children[0].is_repeated) return;
    Node& repeated = node.children[0];
    if (element.meaning == Meaning::list) {
      node.shape = Node::Shape::list;
      repeated.is_element = repeated.children.size() != 1 || repeated.shape != Node::Shape::group ||
                            repeated.children[0].is_repeated || repeated.name == "array" ||
                            repeated.name == node.name + "_tuple";
    } else if (element.meaning == Meaning::map && repeated.children.size() == 2) {
      node.shape = Node::Shape::map;
    }
  }

  const std::vector<SchemaElement>& elements_;
  std::size_t at_ = 0;
};

// The digits of a whole number in `bytes`, the highest first, of two's complement.
std::string digits_of(std::string_view bytes) {
  std::vector<unsigned> magnitude(bytes.size());
  const bool negative = !bytes.empty() && (static_cast<unsigned char>(bytes[0]) & 0x80U) != 0;
  unsigned carry = negative ? 1 : 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    const unsigned byte = static_cast<unsigned char>(bytes[i]);
    const unsigned value = (negative ? ~byte & 0xFFU : byte) + carry;
    magnitude[i] = value & 0xFFU;
    carry = value >> 8U;
  }
  std::string digits;
  while (std::any_of(magnitude.begin(), magnitude.end(), [](unsigned v) { return v != 0; })) {
    unsigned rest = 0;
    for (unsigned& byte : magnitude) {
      const unsigned value = rest * 256 + byte;
      byte = value / 10;
      rest = value % 10;
    }
    digits.insert(digits.begin(), static_cast<char>('0' + rest));
  }
  if (digits.empty()) digits = "0";
  return negative ? "-" + digits : digits;
}

std::string with_point(std::string digits, std::int64_t scale) {
  if (scale <= 0 || scale > 100) return digits;
  const bool negative = digits.front() == '-';
  if (negative) digits.erase(0, 1);
  const auto behind = static_cast<std::size_t>(scale);
  if (digits.size() <= behind) digits.insert(0, behind + 1 - digits.size(), '0');
  digits.insert(digits.size() - behind, ".");
  return negative ? "-" + digits : digits;
}

double half_precision(std::string_view bytes) {
  std::uint16_t bits = 0;
  std::memcpy(&bits, bytes.data(), sizeof bits);
  const int exponent = (bits >> 10) & 0x1F, fraction = bits & 0x3FF;
  double value = 0;
  if (exponent == 0x1F) {
    value = fraction != 0 ? NAN : INFINITY;
  } else {
    value = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

Value value_of(const RawValue& raw, const Node& node, const ColumnShape& leaf) {
  switch (leaf.type) {
    case Physical::boolean:
      return Value::of_boolean(raw.integer != 0);
    case Physical::int32:
    case Physical::int64: {
      if (node.meaning == Meaning::unsigned_integer) {
        const auto bits = leaf.type == Physical::int32 ? static_cast<std::uint32_t>(raw.integer)
                                                       : static_cast<std::uint64_t>(raw.integer);
        return Value::of_number(std::to_string(bits));
      }
      return Value::of_number(
          with_point(std::to_string(raw.integer), node.meaning == Meaning::decimal ? node.scale : 0));
    }
    case Physical::real32:
      return Value::of_number(plain_digits(static_cast<float>(raw.real)));
    case Physical::real64:
      return Value::of_number(plain_digits(raw.real));
    case Physical::int96:
      break;
    case Physical::bytes:
    case Physical::fixed:
      if (node.meaning == Meaning::decimal && raw.bytes.size() <= 64)
        return Value::of_number(with_point(digits_of(raw.bytes), node.scale));
      if (node.meaning == Meaning::float16 && raw.bytes.size() == 2)
        return Value::of_number(plain_digits(half_precision(raw.bytes)));
      if (node.meaning != Meaning::identifier && !first_invalid_utf8(raw.bytes))
        return Value::of_text(std::string(raw.bytes));
      break;
  }
  Value bytes;
  bytes.kind = Kind::bytes;
  return bytes;
}

class Parquet : public RecordSource {
 public:
  explicit Parquet(const std::filesystem::path& path) : file_(path) {
    guarded("", [&] { read_footer(); });
  }

  std::optional<JsonRecord> next() override {
    if (over_) return std::nullopt;
    over_ = true;  // should it throw
    const std::string place = fmt::format("{} row {}", file_.path().string(), row_ + 1);
    Value record;
    bool more = true;
    guarded(place, [&] {
      while (left_ == 0 && more) more = next_group();
      if (more) record = next_row();
    });
    if (!more) return std::nullopt;
    over_ = false;
    ++row_;
    return JsonRecord::of(std::move(record), {place, 0, 0}, row_);
  }
  [[nodiscard]] std::int64_t row() const override { return over_ ? row_ + 1 : row_; }
  [[nodiscard]] std::string_view format() const override { return "Parquet"; }

 private:
  template <typename Body>
  void guarded(const std::string& place, const Body& body) {
    try {
      body();
    } catch (const BadParquet& bad) {
      const std::string column = column_ == nullptr ? "" : fmt::format(" (column '{}')", column_->path);
      fail_user({place.empty() ? file_.path().string() : place},
                fmt::format("this Parquet file cannot be read{}: {}", column, bad.what()));
    }
  }

  void read_footer() {
    constexpr std::int64_t kEnd = 8;
    if (file_.size() < 4 + kEnd) throw BadParquet("it is cut short");
    std::string bytes;
    file_.read(file_.size() - kEnd, kEnd, bytes);
    if (bytes.size() == kEnd && bytes.substr(4) == "PARE") throw BadParquet("it is encrypted, which is not read");
    if (bytes.size() != kEnd || bytes.substr(4) != "PAR1")
      throw BadParquet("it does not end as it should: cut short, or fetched in part");
    std::uint32_t size = 0;
    std::memcpy(&size, bytes.data(), sizeof size);
    if (size > file_.size() - kEnd - 4 || size > kMostRecordBytes) throw BadParquet("its footer is cut short");
    file_.read(file_.size() - kEnd - size, size, bytes);
    data_ = read_metadata(bytes);
    schema_.emplace(data_.schema);
  }

  bool next_group() {
    column_ = nullptr;
    if (group_ == data_.row_groups.size()) return false;
    const RowGroup& group = data_.row_groups[group_++];
    if (group.columns.size() != schema_->leaves.size())
      throw BadParquet("a group of rows has other columns than the schema");
    columns_.clear();
    for (std::size_t i = 0; i < group.columns.size(); ++i) {
      column_ = &schema_->leaves[i];
      columns_.push_back(std::make_unique<ColumnReader>(file_, schema_->leaves[i], group.columns[i]));
    }
    column_ = nullptr;
    left_ = group.num_rows;
    return true;
  }

  Value next_row() {
    --left_;
    values_ = bytes_ = 0;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      column_ = &schema_->leaves[i];
      const auto entry = columns_[i]->peek();
      if (!entry) throw BadParquet("it ends before its rows do");
      if (entry->repetition != 0) throw BadParquet("its rows do not begin together");
    }
    Value row = content(schema_->root);
    column_ = nullptr;
    return row;
  }

  ColumnReader::Entry entry(const Node& node) {
    column_ = &schema_->leaves[node.first_leaf];
    const auto found = columns_[node.first_leaf]->peek();
    if (!found) throw BadParquet("it ends before its rows do");
    return *found;
  }

  // Each column below a node that is not there has one entry that says so.
  void skip(const Node& node) {
    for (std::size_t i = node.first_leaf; i < node.end_leaf; ++i) {
      column_ = &schema_->leaves[i];
      if (columns_[i]->take()) throw BadParquet("its levels do not fit together");
    }
  }

  void count(std::size_t bytes) {
    bytes_ += bytes;
    if (++values_ > kMostRecordValues)
      throw BadParquet(fmt::format("a row has more than {} values", kMostRecordValues));
    if (bytes_ > kMostRecordBytes) throw BadParquet(fmt::format("a row has more than {} MiB", kMostRecordBytes >> 20U));
  }

  Value value(const Node& node) {
    if (node.is_repeated) return elements(node, [&] { return content(node); });
    if (node.is_optional && entry(node).definition < node.definition) {
      skip(node);
      count(0);
      return {};
    }
    return content(node);
  }

  template <typename Element>
  Value elements(const Node& repeated, const Element& element) {
    Value list = Value::of_list({});
    count(0);
    if (entry(repeated).definition < repeated.definition) {
      skip(repeated);
      return list;
    }
    while (true) {
      list.items.push_back(element());
      column_ = &schema_->leaves[repeated.first_leaf];
      const auto next = columns_[repeated.first_leaf]->peek();
      if (!next || next->repetition < repeated.repetition) return list;
      if (next->repetition > repeated.repetition) throw BadParquet("its levels do not fit together");
    }
  }

  Value content(const Node& node) {
    switch (node.shape) {
      case Node::Shape::leaf: {
        column_ = &schema_->leaves[node.first_leaf];
        const std::optional<RawValue> raw = columns_[node.first_leaf]->take();
        if (!raw) throw BadParquet("its levels do not fit together");
        count(raw->bytes.size());
        return value_of(*raw, node, schema_->leaves[node.first_leaf]);
      }
      case Node::Shape::list: {
        const Node& repeated = node.children[0];
        return elements(repeated,
                        [&] { return repeated.is_element ? content(repeated) : value(repeated.children[0]); });
      }
      case Node::Shape::map:
        return map(node.children[0]);
      case Node::Shape::group:
        break;
    }
    Value object;
    object.kind = Kind::object;
    count(0);
    for (const Node& child : node.children) {
      object.items.push_back(value(child));
      object.names.push_back(child.name);
    }
    return object;
  }

  // An object where the keys are texts, no two alike; else a list of pairs.
  Value map(const Node& repeated) {
    Value pairs = elements(repeated, [&] {
      Value key = value(repeated.children[0]);
      Value item = value(repeated.children[1]);
      return Value::of_list({std::move(key), std::move(item)});
    });
    Value object;
    object.kind = Kind::object;
    for (Value& pair : pairs.items) {
      const auto& names = object.names;  // their values follow below
      const bool text = pair.items[0].kind == Kind::text;
      if (!text || (names.size() < 1000 && std::find(names.begin(), names.end(), pair.items[0].text) != names.end()))
        return pairs;
      object.names.push_back(pair.items[0].text);
    }
    for (Value& pair : pairs.items) object.items.push_back(std::move(pair.items[1]));
    return object;
  }

  RandomFile file_;
  FileMetaData data_;
  std::optional<Schema> schema_;
  std::vector<std::unique_ptr<ColumnReader>> columns_;
  const ColumnShape* column_ = nullptr;  // the one that is being read, for complaints
  std::size_t group_ = 0;
  std::int64_t left_ = 0, row_ = 0;
  std::size_t values_ = 0, bytes_ = 0;
  bool over_ = false;
};

}  // namespace

std::unique_ptr<RecordSource> open_parquet(const std::filesystem::path& path) {
  return std::make_unique<Parquet>(path);
}

}  // namespace ft::records

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>

#include "framework/config/node.h"

namespace ft {
namespace {

constexpr int kMaxDepth = 64;         // no run file is deeper; an alias to its own parent would be endless
constexpr int kMaxNodes = 1'000'000;  // aliases of aliases of aliases

std::string join_path(const std::string& parent, std::string_view key) {
  return parent.empty() ? std::string(key) : fmt::format("{}.{}", parent, key);
}

// yaml-cpp counts from 0 and says -1 where it does not know.
Place place_of(const YAML::Mark& mark, const std::string& file) {
  return mark.is_null() ? Place{file} : Place{file, mark.line + 1, mark.column + 1};
}

// The tab that indents line `at` (from 0) or the one before: editors show it as blanks, YAML's words for it are about
// something else. Nothing where neither has one; tabs further up may stand in a text, where they are allowed.
std::optional<Place> tab_indented(std::string_view text, int at, const std::string& file) {
  int line = 0;
  for (std::size_t begin = 0; begin < text.size() && line <= at; ++line) {
    const std::size_t word = text.find_first_not_of(" \t", begin);
    const std::size_t tab = text.find('\t', begin);
    if (line + 1 >= at && tab < word && word != std::string_view::npos && text[word] != '\n' && text[word] != '\r')
      return Place{file, line + 1, static_cast<int>(tab - begin) + 1};
    begin = std::min(text.find('\n', begin), text.size() - 1) + 1;
  }
  return std::nullopt;
}

[[noreturn]] void fail_syntax(const YAML::Exception& error, std::string_view text, const std::string& file) {
  if (const auto tab = error.mark.is_null() ? std::nullopt : tab_indented(text, error.mark.line, file))
    fail_user(*tab, "this line is indented with a tab, which YAML does not allow: put blanks in its place");
  fail_user(place_of(error.mark, file), fmt::format("this is not YAML: {}", error.msg));
}

class Converter {
 public:
  explicit Converter(const std::string& file) : file_(file) {}

  std::shared_ptr<const Node::Data> convert(const YAML::Node& yaml, const std::string& path, int depth) {
    const Place place = place_of(yaml.Mark(), file_);
    if (depth > kMaxDepth) fail_user(place, fmt::format("more than {} levels, or an alias to itself", kMaxDepth));
    if (++num_nodes_ > kMaxNodes) fail_user(place, fmt::format("more than {} values", kMaxNodes));
    auto data = std::make_shared<Node::Data>();
    data->place = place;
    data->path = path;
    switch (yaml.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null:
        data->kind = Node::Kind::null;
        break;
      case YAML::NodeType::Scalar:
        data->kind = Node::Kind::scalar;
        data->text = yaml.Scalar();
        break;
      case YAML::NodeType::Sequence:
        data->kind = Node::Kind::list;
        for (const YAML::Node& item : yaml) {
          data->values.push_back(convert(item, join_path(path, std::to_string(data->values.size())), depth + 1));
        }
        break;
      case YAML::NodeType::Map:
        convert_map(yaml, path, depth, *data);
        break;
    }
    return data;
  }

 private:
  void convert_map(const YAML::Node& yaml, const std::string& path, int depth, Node::Data& data) {
    data.kind = Node::Kind::map;
    for (const auto& entry : yaml) {
      const Place key_place = place_of(entry.first.Mark(), file_);
      if (!entry.first.IsScalar()) fail_user(key_place, "a key must be a plain word");
      const std::string key = entry.first.Scalar();
      if (key == "<<") {
        fail_user(key_place,
                  "the merge key << is not read: write the keys out here, or take all of a map as it is (KEY: *name). "
                  "What all stages share stands once in the section `training`");
      }
      if (const auto it = std::find(data.keys.begin(), data.keys.end(), key); it != data.keys.end()) {
        const Place& first = data.key_places[static_cast<std::size_t>(it - data.keys.begin())];
        fail_user(key_place, fmt::format("the key '{}' is written twice; first at {}", key, to_string(first)));
      }
      data.keys.push_back(key);
      data.key_places.push_back(key_place);
      auto value = convert(entry.second, join_path(path, key), depth + 1);
      if (value->kind == Node::Kind::null) value = at_place(*value, key_place);  // nothing stands nowhere
      data.values.push_back(std::move(value));
    }
  }

  static std::shared_ptr<const Node::Data> at_place(Node::Data data, const Place& place) {
    data.place = place;
    return std::make_shared<Node::Data>(std::move(data));
  }

  const std::string& file_;
  int num_nodes_ = 0;
};

}  // namespace

Node parse_yaml(std::string_view text, const std::string& file, const std::string& path) {
  std::vector<YAML::Node> documents;
  try {
    documents = YAML::LoadAll(std::string(text));
  } catch (const YAML::Exception& error) {
    fail_syntax(error, text, file);
  }
  if (documents.empty()) {
    auto data = std::make_shared<Node::Data>();
    data->place = {file};
    data->path = path;
    return Node(std::move(data));
  }
  if (documents.size() > 1) {
    fail_user(place_of(documents[1].Mark(), file), "a second document begins; one file holds one");
  }
  return Node(Converter(file).convert(documents.front(), path, 0));
}

}  // namespace ft

#include "framework/records/conversation.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace ft::records {
namespace {

const Value* field_of(const Value& turn, std::string_view first, std::string_view second) {
  const Value* found = turn.find(first);
  return found != nullptr ? found : turn.find(second);
}

bool is_turn(const Value& value) {
  if (value.kind != Kind::object) return false;
  const Value* who = field_of(value, "role", "from");
  return who != nullptr && who->kind == Kind::text && field_of(value, "content", "value") != nullptr;
}

std::optional<Speaker> speaker_of(const Value& turn) {
  constexpr std::array<std::string_view, 3> kUser{"user", "human", "User"};
  constexpr std::array<std::string_view, 5> kAssistant{"assistant", "gpt", "model", "bot", "Assistant"};
  const std::string& who = field_of(turn, "role", "from")->text;
  if (std::find(kUser.begin(), kUser.end(), who) != kUser.end()) return Speaker::user;
  if (std::find(kAssistant.begin(), kAssistant.end(), who) != kAssistant.end()) return Speaker::assistant;
  return std::nullopt;
}

std::optional<std::string> text_of(const Value& turn) {
  const Value& content = *field_of(turn, "content", "value");
  if (content.kind == Kind::text) return content.text;
  std::optional<std::string> text;
  for (const Value& part : content.items) {
    const Value* inner = part.kind == Kind::object ? part.find("text") : &part;
    if (inner == nullptr || inner->kind != Kind::text) continue;
    text = text.value_or("") + inner->text;
  }
  return text;
}

std::optional<std::string> turn(const Value& value, Speaker speaker, bool first) {
  if (!is_conversation(value)) return std::nullopt;
  std::optional<std::string> found;
  const auto see = [&](const Value& one) {
    if (speaker_of(one) == speaker && !(first && found)) found = text_of(one);
  };
  if (value.kind == Kind::object) see(value);
  if (value.kind == Kind::list) std::for_each(value.items.begin(), value.items.end(), see);
  return found;
}

}  // namespace

bool is_conversation(const Value& value) {
  if (value.kind == Kind::list)
    return !value.items.empty() && std::all_of(value.items.begin(), value.items.end(), is_turn);
  return is_turn(value);
}

std::optional<std::string> last_turn(const Value& value, Speaker speaker) { return turn(value, speaker, false); }
std::optional<std::string> first_turn(const Value& value, Speaker speaker) { return turn(value, speaker, true); }

}  // namespace ft::records

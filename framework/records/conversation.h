// Conversations as files hold them: a list of turns {"role": "user", "content": "..."} (OpenAI's messages), or
// {"from": "human", "value": "..."} (ShareGPT). A content may be a list of parts, of which those with a text count.
//
//   last_turn(value, Speaker::assistant);       // what was answered
#pragma once

#include <optional>
#include <string>

#include "framework/records/value.h"

namespace ft::records {

enum class Speaker { user, assistant };

// Whether a value is one turn, or a list of turns.
[[nodiscard]] bool is_conversation(const Value& value);

// The last text that the speaker said; nothing where
// it said none, or the value is no conversation.
[[nodiscard]] std::optional<std::string> last_turn(const Value& value, Speaker speaker);
// The first thing that the user asked, and what the assistant answered to it.
[[nodiscard]] std::optional<std::string> first_turn(const Value& value, Speaker speaker);

}  // namespace ft::records

#include "framework/text/added_tokens.h"

#include <unicode/uchar.h>

#include <algorithm>

#include "framework/base/error.h"
#include "framework/text/utf8.h"

namespace ft {
namespace {

bool is_space(char32_t code_point) { return u_isUWhiteSpace(static_cast<UChar32>(code_point)); }

bool touches_word(const Regex& word, std::string_view text, std::size_t begin, std::size_t end) {
  const auto is_word = [&](std::string_view character) {
    Regex::Matcher matcher(word);
    matcher.begin(character);
    return matcher.next().has_value();
  };
  std::size_t before = begin, after = end;
  if (begin > 0) static_cast<void>(previous_code_point(text, before));
  if (end < text.size()) static_cast<void>(next_code_point(text, after));
  return (before < begin && is_word(text.substr(before, begin - before))) ||
         (after > end && is_word(text.substr(end, after - end)));
}

std::size_t strip_left(std::string_view text, std::size_t begin) {
  for (std::size_t at = begin; at > 0; begin = at) {
    if (!is_space(previous_code_point(text, at))) break;
  }
  return begin;
}

std::size_t strip_right(std::string_view text, std::size_t end) {
  for (std::size_t at = end; at < text.size(); end = at) {
    if (!is_space(next_code_point(text, at))) break;
  }
  return end;
}

}  // namespace

AddedTokenFinder::AddedTokenFinder(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)), token_of_node_{-1} {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const std::string& content = tokens_[i].content;
    if (tokens_[i].single_word && !word_) word_ = Regex::of_set("rust word", "");
    FT_CHECK(!content.empty(), "added token {} is empty", tokens_[i].id);
    begins_[static_cast<unsigned char>(content[0])] = true;
    std::uint32_t node = 0;
    for (const char byte : content) {
      const std::uint64_t key = std::uint64_t{node} << 8 | static_cast<unsigned char>(byte);
      const auto [edge, is_new] = edges_.try_emplace(key, static_cast<std::uint32_t>(token_of_node_.size()));
      if (is_new) token_of_node_.push_back(-1);
      node = edge->second;
    }
    FT_CHECK(token_of_node_[node] < 0, "added token '{}' is there twice", content);
    token_of_node_[node] = static_cast<std::int32_t>(i);
  }
}

const AddedToken* AddedTokenFinder::longest_at(std::string_view text, std::size_t at) const {
  const AddedToken* longest = nullptr;
  std::uint32_t node = 0;
  for (; at < text.size(); ++at) {
    const auto edge = edges_.find(std::uint64_t{node} << 8 | static_cast<unsigned char>(text[at]));
    if (edge == edges_.end()) break;
    node = edge->second;
    if (token_of_node_[node] >= 0) longest = &tokens_[static_cast<std::size_t>(token_of_node_[node])];
  }
  return longest;
}

std::vector<AddedTokenFinder::Part> AddedTokenFinder::split(std::string_view text) const {
  std::vector<Part> parts;
  std::size_t done = 0;  // what is already in `parts`
  for (std::size_t at = 0; at < text.size();) {
    if (!begins_[static_cast<unsigned char>(text[at])]) {
      ++at;
      continue;
    }
    const AddedToken* token = longest_at(text, at);
    if (token == nullptr) {
      ++at;
      continue;
    }
    std::size_t begin = at;
    std::size_t end = at + token->content.size();
    at = end;  // the search goes on behind the token, also where it does not count
    if (token->single_word && touches_word(*word_, text, begin, end)) continue;
    if (token->lstrip) begin = std::max(strip_left(text, begin), done);
    if (token->rstrip) end = strip_right(text, end);
    if (begin > done) parts.push_back({text.substr(done, begin - done), -1});
    parts.push_back({text.substr(begin, end - begin), token->id});
    done = end;
  }
  if (done < text.size()) parts.push_back({text.substr(done), -1});
  return parts;
}

}  // namespace ft

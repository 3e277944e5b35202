#include "framework/grade/other_scripts.h"

#include <algorithm>
#include <array>

#include "framework/grade/ascii.h"
#include "framework/grade/changing_words.h"
#include "framework/grade/chunk.h"
#include "framework/grade/conclusion.h"
#include "framework/grade/scale_words.h"
#include "framework/grade/wide_numerals.h"

namespace ft::grade {

// "万", "个以上", " 或 13", " или 13", "가 아닙니다"
bool changes_in_other_script(std::string_view tail) {
  std::size_t end = 0;
  while (end < tail.size() && (static_cast<unsigned char>(tail[end]) >= 0x80 || tail[end] == ' ')) ++end;
  for (const std::string_view stop : {"\xE3\x80\x82", "\xEF\xBC\x8C", "\xE3\x80\x81", "\xEF\xBC\x9B"})
    end = std::min(end, tail.find(stop));
  tail = trim(tail.substr(0, end));
  if (tail.empty()) return false;
  if (wide_scale_length(tail) > 0 || starts_with_wide_change(tail) || is_changing_word(tail.substr(0, tail.find(' '))))
    return true;
  static constexpr auto kAnywhere = std::to_array<std::string_view>({
      "\xE4\xBB\xA5\xE4\xB8\x8A",                          // 以上
      "\xE4\xBB\xA5\xE4\xB8\x8B",                          // 以下
      "\xE4\xBB\xA5\xE5\x86\x85",                          // 以内
      "\xE6\x9C\xAA\xE6\xBA\x80",                          // 未満
      "\xE6\x88\x96",                                      // 或
      "\xEC\x9D\xB4\xEC\x83\x81",                          // 이상
      "\xEC\x9D\xB4\xED\x95\x98",                          // 이하
      "\xEB\xAF\xB8\xEB\xA7\x8C",                          // 미만
      "\xEC\x95\x84\xEB\x8B\x88",                          // 아니
      "\xEC\x95\x84\xEB\x8B\x99\xEB\x8B\x88\xEB\x8B\xA4",  // 아닙니다
      "\xE3\x81\xAA\xE3\x81\x84",                          // ない
      "\xE3\x81\xBE\xE3\x81\x9B\xE3\x82\x93",              // ません
      "\xE3\x81\xBE\xE3\x81\x9F\xE3\x81\xAF",              // または
      "\xEB\x98\x90\xEB\x8A\x94",                          // 또는
  });
  return std::any_of(kAnywhere.begin(), kAnywhere.end(),
                     [&](std::string_view word) { return tail.find(word) != std::string_view::npos; });
}

namespace {

// They say how many there are.
constexpr auto kVerbs = std::to_array<std::string_view>({
    "\xE6\x9C\x89",              // 有
    "\xE6\x98\xAF",              // 是
    "\xE4\xB8\xBA",              // 为
    "\xE7\xAD\x89\xE4\xBA\x8E",  // 等于
    "\xE5\x85\xB1",              // 共
    "\xE5\x89\xA9",              // 剩
    "\xE5\x89\xA9\xE4\xB8\x8B",  // 剩下
    "\xE5\xBE\x97",              // 得
    "\xE9\x9C\x80\xE8\xA6\x81",  // 需要
    "\u4eca\u5e74",              // 今年
    "\u9700",                    // 需
    "\u82b1",                    // 花
    "\xE4\xBA\x86",              // 了
});

}  // namespace

// "共有三十六人"
std::optional<std::string> counted_in_characters(std::string_view sentence) {
  if (holds_chunk(sentence)) return std::nullopt;
  static constexpr std::string_view kNumerals =
      "\u3007\u96f6\u4e00\u4e8c\u4e24\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d\u5341\u767e\u5343\u4e07\u4ebf";
  constexpr std::size_t kBytes = 3;  // of each of them
  std::size_t begin = std::string_view::npos;
  for (const std::string_view verb : kVerbs) {
    const std::size_t at = sentence.rfind(verb);
    if (at != std::string_view::npos && (begin == std::string_view::npos || at + verb.size() > begin))
      begin = at + verb.size();
  }
  if (begin == std::string_view::npos) return std::nullopt;
  std::size_t end = begin;
  const auto numeral = [&](std::string_view character) {
    for (std::size_t i = 0; i < kNumerals.size(); i += kBytes) {
      if (kNumerals.substr(i, kBytes) == character) return true;
    }
    return false;
  };
  while (end + kBytes <= sentence.size() && numeral(sentence.substr(end, kBytes))) end += kBytes;
  const auto number = end == begin ? std::nullopt : wide_number(sentence.substr(begin, end - begin));
  if (!number || changes_in_other_script(sentence.substr(end))) return std::nullopt;
  return number;
}

// "小明有5个苹果"
std::optional<std::string> counted_in_chinese(std::string_view sentence) {
  const auto chunks = chunks_in(sentence);
  if (chunks.empty()) return counted_in_characters(sentence);
  if (chunks.size() != 1) return std::nullopt;
  const std::string_view before = sentence.substr(0, chunks[0].begin);
  const bool said =
      std::any_of(kVerbs.begin(), kVerbs.end(), [&](std::string_view verb) { return before.ends_with(verb); });
  if (!said || changes_in_other_script(sentence.substr(chunks[0].end))) return std::nullopt;
  return answer_in_sentence(sentence);
}

}  // namespace ft::grade

#include "framework/text/bpe.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <map>
#include <set>

#include "framework/base/error.h"

using namespace ft;

namespace {

using Ids = std::vector<TokenId>;

// Rules over a small alphabet, drawn at random: each joins two tokens that are there already.
struct Vocabulary {
  std::vector<std::pair<std::string, TokenId>> tokens;
  std::vector<Bpe::Rule> rules;
};

Vocabulary random_vocabulary(int letters, int rules) {
  Vocabulary vocabulary;
  std::map<std::string, TokenId> ids;
  const auto add = [&](const std::string& token) {
    const auto [entry, is_new] = ids.try_emplace(token, static_cast<TokenId>(ids.size()));
    if (is_new) vocabulary.tokens.emplace_back(token, entry->second);
    return entry->second;
  };
  for (int i = 0; i < letters; ++i) add(std::string(1, static_cast<char>('a' + i)));
  std::set<std::pair<TokenId, TokenId>> pairs;
  for (int i = 0; i < rules; ++i) {
    const auto left = *rc::gen::inRange<std::size_t>(0, vocabulary.tokens.size());
    const auto right = *rc::gen::inRange<std::size_t>(0, vocabulary.tokens.size());
    const std::string joined = vocabulary.tokens[left].first + vocabulary.tokens[right].first;
    const TokenId left_id = vocabulary.tokens[left].second, right_id = vocabulary.tokens[right].second;
    if (joined.size() > 12 || !pairs.emplace(left_id, right_id).second) continue;
    vocabulary.rules.push_back({left_id, right_id, add(joined)});
  }
  return vocabulary;
}

// The definition: while any pair has a rule, merge the leftmost pair of the lowest rank.
Ids merged_by_definition(const Vocabulary& vocabulary, const std::string& piece) {
  Ids ids;
  for (const char c : piece) ids.push_back(static_cast<TokenId>(c - 'a'));
  while (true) {
    bool merged = false;
    for (const Bpe::Rule& rule : vocabulary.rules) {
      for (std::size_t i = 0; i + 1 < ids.size() && !merged; ++i) {
        if (ids[i] != rule.left || ids[i + 1] != rule.right) continue;
        ids[i] = rule.merged;
        ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        merged = true;
      }
      if (merged) break;
    }
    if (!merged) return ids;
  }
}

std::string random_piece(int letters, std::size_t size) {
  std::string piece;
  for (std::size_t i = 0; i < size; ++i) piece.push_back(static_cast<char>('a' + *rc::gen::inRange(0, letters)));
  return piece;
}

}  // namespace

TEST_CASE("merging follows the definition, for short pieces, long ones and those between") {
  CHECK(rc::check([] {
    const int letters = *rc::gen::inRange(1, 5);
    const Vocabulary vocabulary = random_vocabulary(letters, *rc::gen::inRange(1, 30));
    const Bpe bpe(vocabulary.tokens, vocabulary.rules, false);
    for (const std::size_t size : {*rc::gen::inRange<std::size_t>(1, 12), *rc::gen::inRange<std::size_t>(40, 60),
                                   *rc::gen::inRange<std::size_t>(90, 120)}) {
      const std::string piece = random_piece(letters, size);
      Ids merged, encoded;
      bpe.encode_by_merging(piece, merged);
      bpe.encode(piece, encoded);
      const Ids expected = merged_by_definition(vocabulary, piece);
      RC_ASSERT(merged == expected);
      RC_ASSERT(encoded == expected);
    }
  }));
}

TEST_CASE("a token that merging does not reach comes only with ignore_merges") {
  // "abc" can only be built as a + bc, but ab is merged first.
  const std::vector<std::pair<std::string, TokenId>> tokens{{"a", 0},  {"b", 1},  {"c", 2},
                                                            {"ab", 3}, {"bc", 4}, {"abc", 5}};
  const std::vector<Bpe::Rule> rules{{0, 1, 3}, {1, 2, 4}, {0, 4, 5}};
  Ids merged, whole;
  Bpe(tokens, rules, false).encode("abc", merged);
  Bpe(tokens, rules, true).encode("abc", whole);
  CHECK(merged == Ids{3, 2});
  CHECK(whole == Ids{5});
}

TEST_CASE("a byte without a token is named") {
  const Bpe bpe({{"a", 0}}, {}, false);
  Ids ids;
  CHECK_THROWS_WITH_AS(bpe.encode("a\x14", ids),
                       "the vocabulary has no token for the byte 0x14; remove it from the text", UserError);
}

TEST_CASE("a megabyte without a blank is merged in n log n") {
  const Bpe bpe({{"a", 0}, {"aa", 1}, {"aaaa", 2}}, {{0, 0, 1}, {1, 1, 2}}, false);
  Ids ids;
  bpe.encode(std::string(1'000'003, 'a'), ids);
  CHECK(ids.size() == 250'002);
  CHECK(Ids(ids.end() - 3, ids.end()) == Ids{2, 1, 0});
}

TEST_CASE("the byte string table finds what was put in and nothing else") {
  ByteStringTable table;
  for (TokenId i = 0; i < 5000; ++i) table.insert(std::to_string(i * 7), i);
  for (TokenId i = 0; i < 35000; ++i) REQUIRE(table.find(std::to_string(i)) == (i % 7 == 0 ? i / 7 : -1));
  CHECK(table.find("") == -1);
}

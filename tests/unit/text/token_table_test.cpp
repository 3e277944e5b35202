#include "framework/text/token_table.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "framework/base/error.h"

using namespace ft;

namespace {

// Words 1 = "a", 2 = "b\n", 3 = "<s>"; the end token is 0. With a begin token where asked for.
class TestTokenizer final : public Tokenizer {
 public:
  explicit TestTokenizer(std::optional<TokenId> bos) : bos_(bos) {}
  std::vector<TokenId> encode(std::string_view) const override { return {}; }
  std::string decode(std::span<const TokenId>) const override { return {}; }
  std::string token_text(TokenId id) const override {
    static const char* const kTexts[] = {"<eos>", "a", "b\n", "<s>"};
    return kTexts[id];
  }
  TokenId size() const override { return 4; }
  TokenId eos() const override { return 0; }
  std::optional<TokenId> bos() const override { return bos_; }
  std::vector<std::pair<std::string, std::string>> files() const override { return {}; }

 private:
  std::optional<TokenId> bos_;
};

using Ids = std::vector<TokenId>;
using Flags = std::vector<std::uint8_t>;

std::string verdict(std::optional<TokenId> bos, const Ids& ids, const Flags& in_loss, SampleEnd end = SampleEnd::eos) {
  try {
    check_training_sample(TestTokenizer(bos), ids, in_loss, end);
  } catch (const UserError& error) {
    return error.what();
  }
  return "right";
}

}  // namespace

TEST_CASE("the table shows every token") {
  CHECK(token_table(TestTokenizer(3), Ids{3, 1, 2, 0}, Flags{0, 0, 1, 1}) ==
        "position        id  in loss  text\n"
        "       0         3  -        \"<s>\"  (begin token)\n"
        "       1         1  -        \"a\"\n"
        "       2         2  yes      \"b\\n\"\n"
        "       3         0  yes      \"<eos>\"  (end token)\n"
        "4 tokens, 2 of them in the loss; no padding: samples are packed\n");
  CHECK(escaped("a\t\"\\\r\x01 \xC3\xA9") == "a\\t\\\"\\\\\\r\\x01 \xC3\xA9");
}

TEST_CASE("right samples pass") {
  CHECK(verdict({}, {1, 2, 0}, {0, 1, 1}) == "right");
  CHECK(verdict(3, {3, 1, 2, 0}, {0, 0, 1, 1}) == "right");
  CHECK(verdict(0, {0, 1, 2, 0}, {0, 0, 1, 1}) == "right");  // one token for both ends
  CHECK(verdict({}, {1, 2}, {0, 1}, SampleEnd::label) == "right");
}

TEST_CASE("an excerpt shows both ends and the borders of what is in the loss") {
  Ids ids(40, 1);
  Flags in_loss(40, 0);
  for (std::size_t i = 20; i < 40; ++i) in_loss[i] = 1;
  ids[39] = 0;
  const std::string table = token_table(TestTokenizer({}), ids, in_loss, TableRows::excerpt);
  CHECK(std::ranges::count(table, '\n') == 1 + 3 + 1 + 6 + 1 + 3 + 1);
  for (const char* row :
       {"\n       0 ", "\n       2 ", "     ...  14 more tokens\n      17 ", "\n      22 ",
        "     ...  14 more tokens\n      37 ", "\n      39         0  yes      \"<eos>\"  (end token)\n",
        "40 tokens, 20 of them in the loss"}) {
    CHECK(table.find(row) != std::string::npos);
  }
  // A short one is whole: no row stands for a single token.
  const Ids short_ids(ids.begin() + 16, ids.begin() + 24);
  const Flags short_flags(in_loss.begin() + 16, in_loss.begin() + 24);
  CHECK(token_table(TestTokenizer({}), short_ids, short_flags, TableRows::excerpt) ==
        token_table(TestTokenizer({}), short_ids, short_flags));
}

TEST_CASE("turns of a chat template in the prompt are none of the loss's business") {
  CHECK(verdict({}, {1, 0, 2, 0, 2, 0}, {0, 0, 0, 0, 1, 1}) == "right");  // <|im_end|> after each turn
  CHECK(verdict(3, {3, 1, 0, 3, 2, 0}, {0, 0, 0, 0, 1, 1}) == "right");   // <s> before each turn
  CHECK(verdict({}, {1, 0, 2}, {0, 0, 1}, SampleEnd::label) == "right");  // the verifier's prompt
  CHECK(verdict({}, {0, 2, 0}, {0, 1, 1}) == "right");                    // right before the solution
  CHECK(verdict({}, {1, 0, 2, 0, 2}, {0, 0, 1, 1, 1}).starts_with("the end token <eos> stands at position 3 of 5"));
  CHECK(verdict({}, {1, 0, 2, 2}, {0, 0, 1, 1}).starts_with("the training sample ends with"));
  CHECK(
      verdict(3, {3, 0, 3, 2, 3, 0}, {0, 0, 0, 1, 1, 1}).starts_with("the begin token <s> stands at position 4 of 6"));
}

TEST_CASE("wrong samples are refused with what to do") {
  CHECK(verdict(3, {1, 2, 0}, {0, 1, 1}) ==
        "the training sample begins with 'a', not with the begin token <s>, which this model expects");
  CHECK(verdict(3, {3, 3, 2, 0}, {0, 0, 1, 1}) ==
        "the begin token <s> stands at position 0 and again at 1: it is put there by itself; remove it from the prompt "
        "template or the problems");
  CHECK(verdict({}, {1, 2, 2}, {0, 1, 1}) ==
        "the training sample ends with 'b\\n', not with the end token <eos>: the model would never learn to stop");
  CHECK(verdict({}, {1, 2, 0}, {0, 1, 0}) ==
        "the end token <eos> is not in the loss: the model would never learn to stop");
  CHECK(
      verdict({}, {1, 0, 2, 0}, {0, 1, 1, 1}) ==
      "the end token <eos> stands at position 1 of 4, inside what is trained on: the model would learn to stop there; "
      "remove it from the solution or the verdict");
  CHECK(verdict(0, {0, 1, 0, 0}, {0, 1, 1, 1}).starts_with("the end token <eos> stands at position 2 of 4"));
  CHECK(verdict({}, {1, 0}, {0, 1}, SampleEnd::label).starts_with("the end token <eos> stands at position 1 of 2"));
  CHECK(verdict({}, {1, 2, 0}, {1, 1, 1}) ==
        "the first token of the training sample is in the loss, but nothing predicts it");
  CHECK(verdict({}, {1, 2, 0}, {0, 0, 1}) ==
        "of the 3 tokens of the training sample 1 are in the loss: the solution is empty or masked out");
  CHECK(verdict({}, {1, 2}, {0, 0}, SampleEnd::label).starts_with("of the 2 tokens of the training sample 0 are"));
  CHECK_THROWS_AS(check_training_sample(TestTokenizer({}), Ids{1}, Flags{}, SampleEnd::eos), Error);
  CHECK_THROWS_AS(check_training_sample(TestTokenizer({}), Ids{}, Flags{}, SampleEnd::eos), Error);
}

#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "framework/base/error.h"
#include "framework/text/tokenizer.h"

using namespace ft;
namespace fs = std::filesystem;

namespace {

using Ids = std::vector<TokenId>;

const std::vector<std::string> kWords{"a", "b", " ", "ab", " ab", "abba", "\n", "\xC3\xA9"};

std::string complaint_about(const std::vector<std::string>& words) {
  try {
    static_cast<void>(make_word_tokenizer(words));
  } catch (const UserError& error) {
    return error.what();
  }
  return "none";
}

std::unique_ptr<Tokenizer> reload(const std::string& content) {
  const fs::path folder = fs::temp_directory_path() / ("ftrun_words_" + std::to_string(getpid()));
  fs::create_directories(folder);
  std::ofstream(folder / "word_vocabulary.json") << content;
  try {
    auto tokenizer = load_tokenizer(folder);
    fs::remove_all(folder);
    return tokenizer;
  } catch (...) {
    fs::remove_all(folder);
    throw;
  }
}

}  // namespace

TEST_CASE("the longest word is taken, ids follow the words after the end token") {
  const auto tokenizer = make_word_tokenizer(kWords);
  CHECK(tokenizer->size() == 9);
  CHECK(tokenizer->eos() == 0);
  CHECK(!tokenizer->bos());
  CHECK(tokenizer->encode("abba ab  a") == Ids{6, 5, 3, 3, 1});
  CHECK(tokenizer->encode("abb") == Ids{4, 2});
  CHECK(tokenizer->encode("").empty());
  CHECK(tokenizer->decode(Ids{6, 0, 8}) == "abba\xC3\xA9");
  CHECK(tokenizer->token_text(0) == "<eos>");
  CHECK_THROWS_AS(static_cast<void>(tokenizer->token_text(9)), Error);
}

TEST_CASE("an unknown character is named with its place") {
  const auto tokenizer = make_word_tokenizer(kWords);
  try {
    static_cast<void>(tokenizer->encode("ab abx"));
    FAIL("no error");
  } catch (const UserError& error) {
    CHECK(std::string(error.what())
              .starts_with("the word vocabulary cannot express 'x' at byte 5 of the text, after 'ab ab'"));
  }
  CHECK_THROWS_AS(static_cast<void>(tokenizer->encode("\xC3")), UserError);
}

TEST_CASE("encode is undone by decode and never needs more tokens than characters") {
  const auto tokenizer = make_word_tokenizer(kWords);
  CHECK(rc::check([&] {
    const auto parts = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(kWords));
    std::string text;
    for (const std::string& part : parts) text += part;
    const Ids ids = tokenizer->encode(text);
    RC_ASSERT(tokenizer->decode(ids) == text);
    RC_ASSERT(std::ranges::none_of(ids, [](TokenId id) { return id == 0; }));
  }));
}

TEST_CASE("the vocabulary is stored and read back") {
  const auto tokenizer = make_word_tokenizer(kWords);
  const auto files = tokenizer->files();
  REQUIRE(files.size() == 1);
  CHECK(files[0].first == "word_vocabulary.json");
  const auto again = reload(files[0].second);
  CHECK(again->files() == files);
  CHECK(again->encode("abba ab\n") == tokenizer->encode("abba ab\n"));
  CHECK_THROWS_AS(reload("{\"format\": \"other\"}"), UserError);
  CHECK_THROWS_AS(reload("{\"format\": \"ftrun words\", \"version\": 2, \"words\": [\"a\"]}"), UserError);
  CHECK_THROWS_AS(reload("{\"format\": \"ftrun words\", \"version\": 1}"), UserError);
  CHECK_THROWS_AS(reload("{"), UserError);
}

TEST_CASE("words that cannot be a vocabulary are refused") {
  CHECK(complaint_about({}) == "a word vocabulary needs at least one word");
  CHECK(complaint_about({"a", ""}) == "word 1 of the word vocabulary is empty");
  CHECK(complaint_about({"a", "b", "a"}) == "the word 'a' is in the word vocabulary twice");
  CHECK(complaint_about({"<eos>"}) == "'<eos>' is the name of the end token and cannot be a word");
  CHECK(complaint_about({"\xFF"}).starts_with("word 0 of the word vocabulary is not UTF-8"));
}

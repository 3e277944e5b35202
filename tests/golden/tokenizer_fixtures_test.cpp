// Small tokenizers of five families against the reference library: the ids of 170 texts each, the text of random ids.
// The files come from tokenizer_fixtures.py.
#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "framework/text/tokenizer.h"
#include "framework/text/utf8.h"

using namespace ft;

namespace {

const std::filesystem::path kFixtures = std::filesystem::path(FT_PROJECT_ROOT) / "tests/golden/tokenizers";

nlohmann::json golden() {
  std::ifstream in(kFixtures / "golden.json");
  REQUIRE(in.good());
  return nlohmann::json::parse(in);
}

std::string nfc(const std::string& text) {
  UErrorCode status = U_ZERO_ERROR;
  std::string out;
  icu::Normalizer2::getNFCInstance(status)->normalize(icu::UnicodeString::fromUTF8(text), status).toUTF8String(out);
  REQUIRE(U_SUCCESS(status));
  return out;
}

// Any assigned or unassigned character, the plain ones more often.
rc::Gen<std::string> some_text() {
  const auto character =
      rc::gen::weightedOneOf<std::uint32_t>({{8, rc::gen::inRange<std::uint32_t>(0x20, 0x7F)},
                                             {3, rc::gen::element<std::uint32_t>(' ', '\n', '\t', '\r', 0xA0, 0x3000)},
                                             {2, rc::gen::inRange<std::uint32_t>(0xA0, 0x370)},
                                             {2, rc::gen::inRange<std::uint32_t>(0x1100, 0xD800)},
                                             {1, rc::gen::inRange<std::uint32_t>(0xE000, 0x110000)},
                                             {1, rc::gen::inRange<std::uint32_t>(0, 0x20)}});
  return rc::gen::map(rc::gen::container<std::vector<std::uint32_t>>(character),
                      [](const std::vector<std::uint32_t>& points) {
                        std::string text;
                        for (const std::uint32_t point : points) append_utf8(text, point);
                        return text;
                      });
}

}  // namespace

TEST_CASE("ids and texts equal the reference's") {
  const auto file = golden();
  const auto& texts = file["texts"];
  REQUIRE(texts.size() >= 150);
  for (const auto& [name, expected] : file["tokenizers"].items()) {
    CAPTURE(name);
    const auto tokenizer = load_tokenizer(kFixtures / name);
    CHECK(tokenizer->size() == expected["size"].get<TokenId>());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      CAPTURE(texts[i].dump());
      CHECK(tokenizer->encode(texts[i].get<std::string>()) == expected["ids"][i].get<std::vector<TokenId>>());
    }
    for (const auto& pair : expected["decoded"]) {
      const auto ids = pair[0].get<std::vector<TokenId>>();
      CAPTURE(pair[0].dump());
      CHECK(tokenizer->decode(ids) == pair[1].get<std::string>());
    }
  }
}

TEST_CASE("a begin token is put where the reference puts one") {
  const auto file = golden();
  for (const auto& [name, expected] : file["tokenizers"].items()) {
    CAPTURE(name);
    const auto tokenizer = load_tokenizer(kFixtures / name);
    std::vector<TokenId> ids;
    if (tokenizer->bos()) ids.push_back(*tokenizer->bos());
    for (const TokenId id : tokenizer->encode("Hello")) ids.push_back(id);
    CHECK(ids == expected["with_special"].get<std::vector<TokenId>>());
    CHECK(tokenizer->bos().has_value() == (name == "llama3"));
    CHECK(tokenizer->token_text(tokenizer->eos()) == "<|end|>");
  }
}

TEST_CASE("files() restores the tokenizer") {
  const auto texts = golden()["texts"].get<std::vector<std::string>>();
  const auto folder = std::filesystem::temp_directory_path() / "ftrun_golden_tokenizer";
  for (const char* name : {"llama3", "flags"}) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    const auto tokenizer = load_tokenizer(kFixtures / name);
    for (const auto& [file, content] : tokenizer->files()) std::ofstream(folder / file, std::ios::binary) << content;
    const auto again = load_tokenizer(folder);
    CHECK(again->files() == tokenizer->files());
    CHECK(again->eos() == tokenizer->eos());
    CHECK(again->bos() == tokenizer->bos());
    for (const std::string& text : texts) CHECK(again->encode(text) == tokenizer->encode(text));
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("decode(encode(x)) is x, or its NFC") {
  for (const char* name : {"gpt2", "llama3", "qwen2", "smollm2"}) {
    CAPTURE(name);
    const auto tokenizer = load_tokenizer(kFixtures / name);
    const bool normalizes = std::string_view(name) == "qwen2";
    CHECK(rc::check([&] {
      const std::string text = *some_text();
      const auto ids = tokenizer->encode(text);
      RC_ASSERT(tokenizer->decode(ids) == (normalizes ? nfc(text) : text));
    }));
  }
}

// All of GSM8K train and MATH train through SmolLM2's tokenizer, against hashes from the reference library (tokens.py).
//
// Needs the problem sets (FT_DATA, default ../shared/data beside the project) and the model's folder (FT_SMOLLM2,
// default .deps/smollm2, which launch/fetch_model.sh smollm2 makes); says SKIPPED where they are not.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <bit>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "framework/base/digest.h"
#include "framework/text/tokenizer.h"

using namespace ft;
namespace fs = std::filesystem;

namespace {

static_assert(std::endian::native == std::endian::little, "the golden hashes are over little-endian ids");

fs::path from_environment(const char* variable, const char* fallback) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0' ? fs::path(value) : fs::path(FT_PROJECT_ROOT) / fallback;
}

nlohmann::json read_json(const fs::path& path) {
  std::ifstream in(path);
  REQUIRE_MESSAGE(in.good(), path.string());
  return nlohmann::json::parse(in);
}

// [records][fields] texts
std::vector<std::vector<std::string>> read_records(const fs::path& path, const std::vector<std::string>& fields) {
  std::ifstream in(path);
  std::vector<std::vector<std::string>> records;
  for (std::string line; std::getline(in, line);) {
    const auto record = nlohmann::json::parse(line);
    auto& texts = records.emplace_back();
    for (const std::string& field : fields) texts.push_back(record.at(field).get<std::string>());
  }
  return records;
}

}  // namespace

TEST_CASE("SmolLM2's ids of GSM8K and MATH equal the reference's") {
  const auto golden = read_json(fs::path(FT_PROJECT_ROOT) / "tests/golden/tokens_smollm2.json");
  const fs::path model = from_environment("FT_SMOLLM2", ".deps/smollm2");
  if (!fs::exists(model / "tokenizer.json")) {
    fmt::print("SKIPPED: {} is absent; launch/fetch_model.sh smollm2 makes it\n", (model / "tokenizer.json").string());
    return;
  }
  REQUIRE(sha256_file(model / "tokenizer.json") == golden["tokenizer_sha256"].get<std::string>());
  const auto tokenizer = load_tokenizer(model);
  CHECK(tokenizer->token_text(tokenizer->eos()) == "<|im_end|>");
  CHECK(!tokenizer->bos());
  const auto per_chunk = golden["records_per_chunk"].get<std::size_t>();
  for (const auto& set : golden["sets"]) {
    const fs::path path = from_environment("FT_DATA", "../shared/data") / set["file"].get<std::string>();
    if (!fs::exists(path)) {
      fmt::print("SKIPPED: {} is absent; FT_DATA names the folder of the problem sets\n", path.string());
      continue;
    }
    REQUIRE(sha256_file(path) == set["file_sha256"].get<std::string>());
    const auto records = read_records(path, set["fields"].get<std::vector<std::string>>());
    REQUIRE(records.size() == set["records"].get<std::size_t>());
    std::size_t tokens = 0, bytes = 0;
    std::chrono::duration<double> seconds{};
    for (std::size_t begin = 0; begin < records.size(); begin += per_chunk) {
      std::vector<TokenId> ids;
      const auto start = std::chrono::steady_clock::now();
      for (std::size_t i = begin; i < std::min(begin + per_chunk, records.size()); ++i) {
        for (const std::string& text : records[i]) {
          const auto encoded = tokenizer->encode(text);
          ids.insert(ids.end(), encoded.begin(), encoded.end());
          bytes += text.size();
        }
      }
      seconds += std::chrono::steady_clock::now() - start;
      tokens += ids.size();
      CAPTURE(begin);
      const std::string_view raw(reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof(TokenId));
      CHECK(sha256(raw) == set["chunks"][begin / per_chunk].get<std::string>());
    }
    CHECK(tokens == set["tokens"].get<std::size_t>());
    fmt::print("{}: {} tokens, {:.1f} MB/s, {:.2f} Mtokens/s on one thread\n", set["file"].get<std::string>(), tokens,
               static_cast<double>(bytes) / seconds.count() / 1e6, static_cast<double>(tokens) / seconds.count() / 1e6);
  }
}

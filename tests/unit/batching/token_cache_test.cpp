#include "framework/batching/token_cache.h"

#include <unistd.h>

#include <fstream>

#include "framework/base/error.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/tiny_model.h"

using namespace ft;
namespace fs = std::filesystem;

namespace {

bool same(const PreparedExamples& a, const PreparedExamples& b) {
  if (a.examples.size() != b.examples.size() || a.num_dropped != b.num_dropped || a.summary != b.summary) return false;
  for (std::size_t i = 0; i < a.examples.size(); ++i) {
    const Example &x = a.examples[i], &y = b.examples[i];
    if (x.id != y.id || x.documents != y.documents || x.spans.size() != y.spans.size() ||
        x.items.size() != y.items.size())
      return false;
    for (std::size_t s = 0; s < x.spans.size(); ++s)
      if (x.spans[s].document != y.spans[s].document || x.spans[s].first != y.spans[s].first ||
          x.spans[s].tokens != y.spans[s].tokens)
        return false;
    for (std::size_t k = 0; k < x.items.size(); ++k)
      if (x.items[k].kind != y.items[k].kind || x.items[k].spans != y.items[k].spans) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("examples come back from the cache as they went in; any damage means: build again") {
  const fs::path folder = fs::temp_directory_path() / fmt::format("ftrun-cache-{}", ::getpid());
  PreparedExamples prepared{.examples = testing::tiny_examples(20, 1), .num_dropped = 3, .summary = "20 examples"};
  for (Example& pair : testing::tiny_pairs(10, 2)) prepared.examples.push_back(std::move(pair));
  const std::string key = example_key(std::vector<std::string>{"problems", "tokenizer"});
  int built = 0;
  const auto get = [&](const std::string& k) {
    return cached_examples(folder, k, true, [&] {
      ++built;
      return prepared;
    });
  };
  CHECK(same(get(key), prepared));
  CHECK(same(get(key), prepared));
  CHECK(built == 1);
  CHECK(same(get(example_key(std::vector<std::string>{"problemst", "okenizer"})), prepared));
  CHECK(built == 2);

  const fs::path path = cache_path(folder, key);
  const auto size = static_cast<std::int64_t>(fs::file_size(path));
  for (const std::int64_t offset : {std::int64_t{3}, std::int64_t{40}, std::int64_t{90}, size / 2, size - 1}) {
    {
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
      file.seekg(offset);
      const char byte = static_cast<char>(file.get() ^ 4);
      file.seekp(offset);
      file.put(byte);
    }
    CHECK_FALSE(load_examples(folder, key));
    const int before = built;
    CHECK(same(get(key), prepared));  // rebuilt and written again
    CHECK(built == before + 1);
    CHECK(load_examples(folder, key));
  }
  fs::resize_file(path, static_cast<std::uintmax_t>(size - 7));
  CHECK_FALSE(load_examples(folder, key));
  CHECK_FALSE(store_examples("/proc/nowhere", key, prepared));
  fs::remove_all(folder);
}

#include "framework/batching/example_store.h"

#include <fmt/format.h>
#include <rapidcheck.h>
#include <unistd.h>

#include <fstream>

#include "framework/base/reading.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/tiny_model.h"

using namespace ft;
namespace fs = std::filesystem;

namespace {

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (fs::temp_directory_path() / "ft_examples_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempFolder() { fs::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Any sound example: documents, spans of their own tokens or of others, items.
Example any_example() {
  Example example;
  example.id = *rc::gen::arbitrary<std::uint64_t>();
  const int documents = *rc::gen::inRange(1, 4);
  for (int d = 0; d < documents; ++d) {
    example.documents.push_back(
        *rc::gen::container<std::vector<TokenId>>(*rc::gen::inRange<std::size_t>(1, 20), rc::gen::inRange(0, 50000)));
  }
  const int spans = *rc::gen::inRange(0, 5);
  for (int s = 0; s < spans; ++s) {
    TargetSpan span{.document = *rc::gen::inRange(0, documents)};
    const auto& document = example.documents[static_cast<std::size_t>(span.document)];
    span.first = *rc::gen::inRange(0, static_cast<int>(document.size()));
    const auto count = *rc::gen::inRange<std::size_t>(1, document.size() - static_cast<std::size_t>(span.first) + 1);
    if (*rc::gen::arbitrary<bool>() && static_cast<std::size_t>(span.first) + 1 + count <= document.size()) {
      span.tokens.assign(document.begin() + span.first + 1,
                         document.begin() + span.first + 1 + static_cast<std::ptrdiff_t>(count));
    } else {
      span.tokens = *rc::gen::container<std::vector<TokenId>>(count, rc::gen::inRange(0, 50000));
    }
    example.spans.push_back(std::move(span));
  }
  if (spans == 0) return example;
  const int items = *rc::gen::inRange(0, 4);
  for (int i = 0; i < items; ++i) {
    LossItem item{.kind = static_cast<LossKind>(*rc::gen::inRange(0, kNumLossKinds))};
    for (int& span : item.spans) span = *rc::gen::inRange(0, spans);
    example.items.push_back(item);
  }
  return example;
}

// An example as it went in.
Example copy_of(const ExampleView& view) {
  Example example{.id = view.id()};
  for (int d = 0; d < view.num_documents(); ++d)
    example.documents.emplace_back(view.document(d).begin(), view.document(d).end());
  for (int s = 0; s < view.num_spans(); ++s) {
    const SpanView span = view.span(s);
    example.spans.push_back({span.document, span.first, {span.tokens.begin(), span.tokens.end()}});
  }
  for (int i = 0; i < view.num_items(); ++i) example.items.push_back(view.item(i));
  return example;
}

bool same(const Example& a, const Example& b) {
  const auto same_span = [](const TargetSpan& x, const TargetSpan& y) {
    return x.document == y.document && x.first == y.first && x.tokens == y.tokens;
  };
  const auto same_item = [](const LossItem& x, const LossItem& y) { return x.kind == y.kind && x.spans == y.spans; };
  return a.id == b.id && a.documents == b.documents && std::ranges::equal(a.spans, b.spans, same_span) &&
         std::ranges::equal(a.items, b.items, same_item);
}

LossUnits units_one_by_one(const Example& example) {
  LossUnits units = {};
  for (const LossItem& item : example.items) {
    units[static_cast<std::size_t>(item.kind)] +=
        item.kind == LossKind::mle ? std::ssize(example.spans[static_cast<std::size_t>(item.spans[0])].tokens) : 1;
  }
  return units;
}

bool same(const Examples& stored, const std::vector<Example>& examples) {
  if (stored.size() != std::ssize(examples)) return false;
  for (std::int64_t i = 0; i < stored.size(); ++i) {
    const Example& example = examples[static_cast<std::size_t>(i)];
    if (!same(copy_of(stored[i]), example) || stored.id(i) != example.id ||
        stored.num_tokens(i) != example.num_tokens() || stored[i].num_tokens() != example.num_tokens() ||
        stored.units(i) != units_one_by_one(example)) {
      return false;
    }
  }
  return true;
}

using Blocks = std::vector<std::vector<Example>>;

std::vector<Example> in_a_row(const Blocks& blocks) {
  std::vector<Example> all;
  for (const auto& block : blocks) all.insert(all.end(), block.begin(), block.end());
  return all;
}

ExampleTallies tallies_of(std::size_t block) {
  ExampleTallies tallies{.dropped = static_cast<std::int64_t>(block % 2)};
  if (tallies.dropped > 0) tallies.first_dropped = fmt::format("problem 'p{}'", block);
  tallies.of_recipe[2] = static_cast<std::int64_t>(block);
  return tallies;
}

// What stage_examples() does, with `ranks` ranks one after the other. `complaint` gets what was found wrong.
Examples complete(const ExampleStore& store, const Blocks& blocks, int ranks, std::string* complaint = nullptr,
                  std::int64_t* made = nullptr) {
  fs::create_directories(store.folder());
  const StoreIndex index = index_from(to_bytes(store.read_index()));
  std::vector<BlockRecord> found;
  std::string wrong = index.complaint;
  for (int rank = 0; rank < ranks; ++rank) {
    StoredBlocks mine = !index.sound ? store.scan(rank, ranks) : store.check(index, rank, ranks);
    found.insert(found.end(), mine.found.begin(), mine.found.end());
    if (wrong.empty()) wrong = mine.complaint;
  }
  found = in_order(std::move(found));
  if (complaint != nullptr) *complaint = wrong;
  if (index.sound && found.size() == index.found.size()) return store.open();
  store.remove_index();
  std::erase_if(found, [&](const BlockRecord& record) { return record.number >= std::ssize(blocks); });
  std::vector<BlockRecord> all = found;
  for (int rank = 0; rank < ranks; ++rank) {
    ExamplePiece piece = store.piece(rank, end_of_piece(found, rank));
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const auto number = static_cast<std::int64_t>(b);
      if (number % ranks != rank || std::ranges::find(found, number, &BlockRecord::number) != found.end()) continue;
      all.push_back(piece.append(pack_block({store.key(), number}, blocks[b], tallies_of(b))));
      if (made != nullptr) ++*made;
    }
    piece.sync();
  }
  store.write_index(in_order(std::move(all)));
  return store.open();
}

const std::string kKey = example_key(std::vector<std::string>{"problems", "tokenizer"});
const std::string kOther = example_key(std::vector<std::string>{"problemst", "okenizer"});

Blocks some_blocks() {
  Blocks blocks;
  for (int b = 0; b < 5; ++b) {
    blocks.push_back(testing::tiny_examples(3 + b, static_cast<std::uint64_t>(b)));
    for (Example& pair : testing::tiny_pairs(2, static_cast<std::uint64_t>(b)))
      blocks.back().push_back(std::move(pair));
  }
  blocks.insert(blocks.begin() + 2, std::vector<Example>{});  // problems without examples
  return blocks;
}

std::string content(const fs::path& path) { return read_if_there(path).value_or(""); }

void put(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace

TEST_CASE("any examples come back from memory and from files, however they are cut into blocks and dealt to ranks") {
  CHECK(rc::check([] {
    const TempFolder folder;
    Blocks blocks(*rc::gen::inRange<std::size_t>(1, 5));
    for (auto& block : blocks) {
      const int examples = *rc::gen::inRange(0, 4);
      for (int e = 0; e < examples; ++e) block.push_back(any_example());
    }
    const std::vector<Example> all = in_a_row(blocks);
    RC_ASSERT(same(Examples(all), all));
    const ExampleStore store(folder.path() / "store", kKey);
    const int ranks = *rc::gen::inRange(1, 4);
    const Examples written = complete(store, blocks, ranks);
    RC_ASSERT(same(written, all));
    std::int64_t made = 0;
    RC_ASSERT(same(complete(store, blocks, *rc::gen::inRange(1, 4), nullptr, &made), all));  // on other ranks
    RC_ASSERT(made == 0);
    RC_ASSERT(written.tallies().examples == std::ssize(all));
  }));
}

TEST_CASE("tallies add up in the order of the blocks") {
  const TempFolder folder;
  const Blocks blocks = some_blocks();
  const Examples examples = complete(ExampleStore(folder.path() / "store", kKey), blocks, 2);
  const ExampleTallies& tallies = examples.tallies();
  std::int64_t tokens = 0, longest = 0;
  for (const Example& example : in_a_row(blocks)) {
    tokens += example.num_tokens();
    for (const auto& document : example.documents) longest = std::max<std::int64_t>(longest, std::ssize(document));
  }
  CHECK(tallies.tokens == tokens);
  CHECK(tallies.longest == longest);
  CHECK(tallies.of_recipe[2] == 15);
  CHECK(tallies.summary() == fmt::format("{} examples, {} tokens; 3 left out as too long (the first: problem 'p1')",
                                         examples.size(), tokens));
}

TEST_CASE("a kill at any byte of the writing loses no whole block and leaves nothing that is taken for one") {
  const TempFolder folder;
  const Blocks blocks = some_blocks();
  const std::vector<Example> all = in_a_row(blocks);
  const ExampleStore whole(folder.path() / "whole", kKey);
  (void)complete(whole, blocks, 1);
  const std::string piece = content(whole.piece_path(0)), index = content(whole.index_path());
  std::vector<std::int64_t> ends;
  for (const BlockRecord& record : whole.read_index().found) ends.push_back(record.offset + record.size);
  const ExampleStore store(folder.path() / "killed", kKey);
  for (std::size_t cut = 0; cut <= piece.size(); cut += cut % 97 == 0 ? 1 : 13) {
    fs::create_directories(store.folder());
    put(store.piece_path(0), std::string_view(piece).substr(0, cut));
    std::int64_t made = 0;
    REQUIRE(same(complete(store, blocks, 1, nullptr, &made), all));
    const auto kept =
        std::ranges::count_if(ends, [&](std::int64_t end) { return end <= static_cast<std::int64_t>(cut); });
    REQUIRE(made == std::ssize(blocks) - kept);
    REQUIRE(content(store.piece_path(0)) == piece);
    REQUIRE(content(store.index_path()) == index);
    fs::remove_all(store.folder());
  }
}

TEST_CASE("pieces of more ranks than go on are used, and of two copies of a block one") {
  const TempFolder folder;
  const Blocks blocks = some_blocks();
  const ExampleStore store(folder.path() / "store", kKey);
  (void)complete(store, blocks, 4);
  store.remove_index();
  fs::remove(store.piece_path(2));
  fs::copy(store.piece_path(1), store.piece_path(7));
  std::int64_t made = 0;
  CHECK(same(complete(store, blocks, 2, nullptr, &made), in_a_row(blocks)));
  CHECK(made == 1);
}

TEST_CASE("whatever bit is flipped, file cut, swapped or foreign: it is told, and the examples are the same") {
  const TempFolder folder;
  const Blocks blocks = some_blocks();
  const std::vector<Example> all = in_a_row(blocks);
  const ExampleStore store(folder.path() / "store", kKey);
  (void)complete(store, blocks, 2);
  const std::vector<fs::path> files = {store.piece_path(0), store.piece_path(1), store.index_path()};
  std::vector<std::string> sound;
  for (const fs::path& file : files) sound.push_back(content(file));
  const auto damaged = [&](std::string_view what) {
    CAPTURE(what);
    std::string complaint;
    std::int64_t made = 0;
    REQUIRE(same(complete(store, blocks, 2, &complaint, &made), all));
    REQUIRE(complaint.find(folder.path().string()) != std::string::npos);
    REQUIRE(same(complete(store, blocks, 3, &complaint), all));  // and sound from then on
    REQUIRE(complaint.empty());
    for (std::size_t f = 0; f < files.size(); ++f) put(files[f], sound[f]);
    for (int rank = 2; rank < 3; ++rank) fs::remove(store.piece_path(rank));
  };
  const Philox random(7, "damage");
  for (std::uint64_t trial = 0; trial < 300; ++trial) {
    const auto f = random.below(files.size(), trial, 0);
    const auto at = random.below(sound[f].size(), trial, 1);
    std::string bytes = sound[f];
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8, trial, 2)));
    put(files[f], bytes);
    // Between the parts of a block lies what nobody reads, but its digest covers it.
    damaged(fmt::format("bit of byte {} of file {}", at, f));
  }
  for (std::uint64_t trial = 0; trial < 60; ++trial) {
    const auto f = random.below(files.size(), trial, 3);
    fs::resize_file(files[f], random.below(sound[f].size(), trial, 4));
    damaged(fmt::format("file {} cut", f));
  }
  put(files[0], sound[1]);
  put(files[1], sound[0]);
  damaged("swapped pieces");
  fs::remove(files[1]);
  damaged("a missing piece");
  put(files[2], "not an index at all");
  damaged("a foreign index");
}

TEST_CASE("a store of another key is not used") {
  const TempFolder folder;
  const Blocks blocks = some_blocks();
  (void)complete(ExampleStore(folder.path() / "store", kOther), blocks, 1);
  const ExampleStore store(folder.path() / "store", kKey);
  std::string complaint;
  std::int64_t made = 0;
  CHECK(same(complete(store, blocks, 1, &complaint, &made), in_a_row(blocks)));
  CHECK(made == std::ssize(blocks));
  CHECK(complaint.find("is the index of other examples") != std::string::npos);
}

TEST_CASE("what cannot be read is not damaged: nothing is written") {
  const TempFolder folder;
  const Blocks blocks = some_blocks();
  const ExampleStore store(folder.path() / "store", kKey);
  (void)complete(store, blocks, 1);
  const std::string index = content(store.index_path());
  fs::rename(store.piece_path(0), folder.path() / "away");
  fs::create_directory(store.piece_path(0));  // reading it gives an error
  CHECK_THROWS_AS((void)complete(store, blocks, 1), Unreadable);
  CHECK(content(store.index_path()) == index);
  fs::remove(store.piece_path(0));
  fs::create_symlink(folder.path() / "nowhere", store.piece_path(0));
  CHECK_THROWS_AS((void)complete(store, blocks, 1), Unreadable);
  CHECK(content(store.index_path()) == index);
}

TEST_CASE("views stay good while touched pages are given back") {
  const TempFolder folder;
  Blocks blocks;
  for (std::uint64_t b = 0; b < 4; ++b) blocks.push_back(testing::tiny_examples(50, b));
  const std::vector<Example> all = in_a_row(blocks);
  const Examples examples = complete(ExampleStore(folder.path() / "store", kKey), blocks, 2);
  const ExampleView first = examples[0];
  for (std::int64_t i = 0; i < 4000; ++i)
    REQUIRE(examples[i % examples.size()].id() == all[static_cast<std::size_t>(i % examples.size())].id);
  CHECK(same(copy_of(first), all[0]));
}

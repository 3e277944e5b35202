#include "framework/batching/example_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <type_traits>

#include "framework/base/digest.h"
#include "framework/base/error.h"
#include "framework/base/mapped_file.h"
#include "framework/base/reading.h"
#include "framework/tensor/output_file.h"

namespace ft {
namespace fs = std::filesystem;
namespace {

// Part of the key, so a store of another format lies in another folder. Raise it when blocks or the index change.
constexpr std::string_view kFormat = "ftrun example store 1\n";
constexpr std::array<char, 8> kMagic = {'f', 't', 'e', 'x', 'i', 'd', 'x', '1'};
constexpr std::int64_t kBlocksAtOnce = 64;  // that may stay in memory while all are gone through

using Units = std::array<std::uint32_t, kNumLossKinds>;

struct IndexHead {
  std::array<char, 8> magic;
  std::array<char, 64> key;
  std::int64_t num_blocks, num_examples, num_words;
  std::int64_t tokens, dropped, longest;  // see ExampleTallies
  std::array<std::int64_t, 8> of_recipe;
  std::array<char, 32> sum;       // XXH3-128 of records and words
  std::array<char, 32> head_sum;  // of the head before it
};
static_assert(std::has_unique_object_representations_v<IndexHead> &&
              std::has_unique_object_representations_v<BlockRecord>);
static_assert(sizeof(IndexHead) % 8 == 0 && sizeof(BlockRecord) % 8 == 0);

// Behind the head, in bytes from the file's beginning.
struct IndexLayout {
  std::int64_t records, words, ids, tokens, units, end;

  IndexLayout(std::int64_t num_blocks, std::int64_t num_words, std::int64_t num_examples) {
    records = sizeof(IndexHead);
    words = records + num_blocks * static_cast<std::int64_t>(sizeof(BlockRecord));
    ids = (words + num_words + 7) / 8 * 8;
    tokens = ids + num_examples * static_cast<std::int64_t>(sizeof(std::uint64_t));
    units = tokens + num_examples * static_cast<std::int64_t>(sizeof(std::uint32_t));
    end = units + num_examples * static_cast<std::int64_t>(sizeof(Units));
  }
  explicit IndexLayout(const IndexHead& head) : IndexLayout(head.num_blocks, head.num_words, head.num_examples) {}
};

template <std::size_t N>
std::string_view text_of(const std::array<char, N>& from) {
  return {from.data(), N};
}

template <std::size_t N>
void put_text(std::array<char, N>& to, std::string_view text) {
  FT_CHECK(text.size() == N, "'{}' should have {} characters", text, N);
  std::copy(text.begin(), text.end(), to.begin());
}

std::string head_sum(const IndexHead& head) {
  return xxh128(std::string_view(reinterpret_cast<const char*>(&head), offsetof(IndexHead, head_sum)));
}

// As many bytes as are there, `count` at most. Throws Unreadable.
std::string read_at(const FileHandle& file, std::int64_t offset, std::int64_t count) {
  const std::int64_t there = std::clamp<std::int64_t>(file.size() - offset, 0, count);
  std::string bytes(static_cast<std::size_t>(there), '\0');
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t got = ::pread(file.descriptor(), bytes.data() + done, bytes.size() - done,
                                static_cast<off_t>(offset) + static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_unreadable(file.path(), errno);
    if (got == 0) bytes.resize(done);
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

std::optional<FileHandle> open_if_there(const fs::path& path) {
  if (look_at(path).kind == Found::Kind::nothing) return std::nullopt;  // a link that leads nowhere cannot be read
  return FileHandle(path, O_RDONLY);
}

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

template <class T>
std::span<const std::byte> bytes_of(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

// What the index says of the examples of one block.
struct BlockColumns {
  std::vector<std::uint64_t> ids;
  std::vector<std::uint32_t> tokens;
  std::vector<Units> units;

  explicit BlockColumns(const ExampleBlock& block) {
    for (std::int64_t i = 0; i < block.size(); ++i) {
      const ExampleView example = block[i];
      ids.push_back(example.id());
      tokens.push_back(static_cast<std::uint32_t>(example.num_tokens()));
      std::ranges::transform(count_units(example), units.emplace_back().begin(),
                             [](std::int64_t u) { return static_cast<std::uint32_t>(u); });
    }
  }
};

// The head and the records behind it, where they are sound and of this key; else `complaint` says why not.
struct Index {
  IndexHead head;
  std::vector<BlockRecord> records;
  std::string words;
};
std::optional<Index> read(const fs::path& path, std::string_view key, std::string& complaint) {
  const std::optional<FileHandle> file = open_if_there(path);
  if (!file) return std::nullopt;
  Index index = {};
  const std::string head = read_at(*file, 0, sizeof(IndexHead));
  if (head.size() == sizeof(IndexHead)) std::memcpy(&index.head, head.data(), sizeof(IndexHead));
  if (index.head.magic != kMagic || text_of(index.head.head_sum) != head_sum(index.head)) {
    complaint = fmt::format("{} is torn or no index of examples", path.string());
    return std::nullopt;
  }
  if (text_of(index.head.key) != key) {
    complaint = fmt::format("{} is the index of other examples", path.string());
    return std::nullopt;
  }
  const IndexLayout layout(index.head);
  const std::string rest = read_at(*file, layout.records, layout.ids - layout.records);
  if (file->size() != layout.end || text_of(index.head.sum) != xxh128(rest)) {
    complaint = fmt::format("{} does not match its digest or its size", path.string());
    return std::nullopt;
  }
  index.records =
      records_from(std::string_view(rest).substr(0, static_cast<std::size_t>(layout.words - layout.records)));
  index.words = rest.substr(static_cast<std::size_t>(layout.words - layout.records),
                            static_cast<std::size_t>(index.head.num_words));
  return index;
}

std::string read_block(const ExampleStore& store, const BlockRecord& record) {
  const std::optional<FileHandle> file = open_if_there(store.piece_path(record.piece));
  return file ? read_at(*file, record.offset, record.size) : std::string();
}

// Empty where the block is what the record says.
std::string what_is_wrong(const ExampleStore& store, const BlockRecord& record) {
  const fs::path path = store.piece_path(record.piece);
  if (look_at(path).kind == Found::Kind::nothing) return fmt::format("{} is not there", path.string());
  const std::string bytes = read_block(store, record);
  BlockHead head = {};
  if (bytes.size() >= sizeof head) std::memcpy(&head, bytes.data(), sizeof head);
  const bool sound = is_sound_block(bytes_of(bytes), store.key()) && head.number == record.number &&
                     head.sum == record.sum && head.num_examples == record.num_examples;
  return sound ? "" : fmt::format("{} is damaged or torn at byte {}", path.string(), record.offset);
}

// Whether the index says of a sound block's examples, the first of which is number `first` of all, what they are.
bool columns_agree(const ExampleStore& store, const BlockRecord& record, std::int64_t first, const StoreIndex& index,
                   const FileHandle& lines) {
  const std::string bytes = read_block(store, record);
  const BlockColumns columns{ExampleBlock(bytes_of(bytes))};
  const auto agree = [&](std::span<const std::byte> values, std::int64_t column, std::size_t width) {
    const std::string said = read_at(lines, column + first * static_cast<std::int64_t>(width), std::ssize(values));
    return std::ranges::equal(bytes_of(said), values);
  };
  return agree(bytes_of(columns.ids), index.ids, sizeof(std::uint64_t)) &&
         agree(bytes_of(columns.tokens), index.tokens, sizeof(std::uint32_t)) &&
         agree(bytes_of(columns.units), index.units, sizeof(Units));
}

void scan_piece(const ExampleStore& store, std::int64_t piece, const std::function<void()>& check_stop,
                StoredBlocks& blocks) {
  const fs::path path = store.piece_path(piece);
  const FileHandle file(path, O_RDONLY);
  const auto complain = [&](std::int64_t at, std::string_view what) {
    if (blocks.complaint.empty()) blocks.complaint = fmt::format("{}: {} at byte {}", path.string(), what, at);
  };
  const std::int64_t size = file.size();
  for (std::int64_t at = 0; at < size;) {
    if (check_stop) check_stop();
    BlockHead head = {};
    const std::string first = read_at(file, at, sizeof head);
    if (!is_sound_head(bytes_of(first))) {
      complain(at, "a torn or damaged block begins");
      return;
    }
    std::memcpy(&head, first.data(), sizeof head);
    const auto bytes = static_cast<std::int64_t>(head.size);
    if (text_of(head.key) != store.key()) {
      complain(at, "a block of other examples begins");
    } else if (bytes > size - at) {
      complain(at, "a torn block begins");
    } else if (!is_sound_block(bytes_of(read_at(file, at, bytes)), store.key())) {
      complain(at, "a damaged block begins");
    } else {
      blocks.found.push_back({.number = head.number,
                              .piece = piece,
                              .offset = at,
                              .size = bytes,
                              .num_examples = head.num_examples,
                              .sum = head.sum});
    }
    at += bytes;
  }
}

// The mapped pieces of a list of records, by their numbers.
class MappedPieces {
 public:
  MappedPieces(const ExampleStore& store, std::span<const BlockRecord> records) {
    for (const BlockRecord& record : records) {
      if (!files_.contains(record.piece)) files_.emplace(record.piece, MappedFile(store.piece_path(record.piece)));
    }
  }
  [[nodiscard]] std::span<const std::byte> block(const BlockRecord& record) const {
    const auto bytes = files_.at(record.piece).bytes();
    FT_CHECK(record.offset >= 0 && record.offset + record.size <= std::ssize(bytes),
             "piece {} of the examples ends before block {}", record.piece, record.number);
    return bytes.subspan(static_cast<std::size_t>(record.offset), static_cast<std::size_t>(record.size));
  }
  void let_go() const {
    for (const auto& [piece, file] : files_) file.let_go();
  }

 private:
  std::map<std::int64_t, MappedFile> files_;
};

struct Mapped {
  MappedFile index;
  MappedPieces pieces;
};

}  // namespace

std::string example_key(std::span<const std::string> parts) {
  Sha256 sum;
  sum.update(kFormat);
  for (const std::string& part : parts) sum.update(fmt::format("{}:", part.size())).update(part);
  return sum.finish();
}

std::string to_bytes(std::span<const BlockRecord> records) {
  return {reinterpret_cast<const char*>(records.data()), records.size_bytes()};
}

std::vector<BlockRecord> records_from(std::string_view bytes) {
  FT_CHECK(bytes.size() % sizeof(BlockRecord) == 0, "{} bytes are no list of blocks", bytes.size());
  std::vector<BlockRecord> records(bytes.size() / sizeof(BlockRecord));
  if (!records.empty()) std::memcpy(records.data(), bytes.data(), bytes.size());
  return records;
}

std::string to_bytes(const StoreIndex& index) {
  return fmt::format("{:d} {} {} {} {}\n{}", index.sound, index.ids, index.tokens, index.units, index.complaint.size(),
                     index.complaint) +
         to_bytes(std::span(index.found));
}

StoreIndex index_from(std::string_view bytes) {
  StoreIndex index;
  const std::size_t line_end = bytes.find('\n');
  std::istringstream numbers{std::string(bytes.substr(0, line_end))};
  std::size_t complaint = 0;
  numbers >> index.sound >> index.ids >> index.tokens >> index.units >> complaint;
  FT_CHECK(numbers && line_end != std::string_view::npos, "no index of examples in {} bytes", bytes.size());
  index.complaint = bytes.substr(line_end + 1, complaint);
  index.found = records_from(bytes.substr(line_end + 1 + complaint));
  return index;
}

std::vector<BlockRecord> in_order(std::vector<BlockRecord> records) {
  const auto place = [](const BlockRecord& r) { return std::array{r.number, r.piece, r.offset}; };
  std::ranges::sort(records, {}, place);
  const auto again = std::ranges::unique(records, {}, &BlockRecord::number);
  records.erase(again.begin(), again.end());
  return records;
}

std::int64_t end_of_piece(std::span<const BlockRecord> records, std::int64_t piece) {
  std::int64_t end = 0;
  for (const BlockRecord& record : records) {
    if (record.piece == piece) end = std::max(end, record.offset + record.size);
  }
  return end;
}

ExamplePiece::ExamplePiece(const fs::path& path, std::int64_t piece, std::int64_t end)
    : file_(path, O_WRONLY | O_CREAT), piece_(piece), end_(end) {
  if (::ftruncate(file_.descriptor(), static_cast<off_t>(end)) != 0) fail_system("cut off the end of", path, errno);
  if (::lseek(file_.descriptor(), static_cast<off_t>(end), SEEK_SET) < 0) fail_system("write", path, errno);
}

BlockRecord ExamplePiece::append(std::string_view block) {
  BlockHead head;
  FT_CHECK(block.size() >= sizeof head, "{} bytes are no block", block.size());
  std::memcpy(&head, block.data(), sizeof head);
  file_.write(block);
  const BlockRecord record{.number = head.number,
                           .piece = piece_,
                           .offset = end_,
                           .size = std::ssize(block),
                           .num_examples = head.num_examples,
                           .sum = head.sum};
  end_ += record.size;
  return record;
}

void ExamplePiece::sync() { file_.sync(); }

fs::path ExampleStore::piece_path(std::int64_t piece) const { return folder_ / fmt::format("piece-{:04}.bin", piece); }

StoreIndex ExampleStore::read_index() const {
  StoreIndex result;
  if (auto index = read(index_path(), key_, result.complaint)) {
    const IndexLayout layout(index->head);
    result.sound = true;
    result.ids = layout.ids;
    result.tokens = layout.tokens;
    result.units = layout.units;
    result.found = std::move(index->records);
  }
  return result;
}

StoredBlocks ExampleStore::check(const StoreIndex& index, int share, int shares,
                                 const std::function<void()>& check_stop) const {
  StoredBlocks blocks;
  const std::optional<FileHandle> lines = open_if_there(index_path());
  std::int64_t begin = 0;
  for (const BlockRecord& record : index.found) {
    const std::int64_t first = std::exchange(begin, begin + record.num_examples);
    if (record.number % shares != share) continue;
    if (check_stop) check_stop();
    std::string complaint = what_is_wrong(*this, record);
    if (complaint.empty() && (!lines || !columns_agree(*this, record, first, index, *lines))) {
      complaint = fmt::format("{} is damaged: it says something else of block {} than the block itself",
                              index_path().string(), record.number);
    }
    if (complaint.empty()) blocks.found.push_back(record);
    if (blocks.complaint.empty()) blocks.complaint = complaint;
  }
  return blocks;
}

StoredBlocks ExampleStore::scan(int share, int shares, const std::function<void()>& check_stop) const {
  StoredBlocks blocks;
  for (const std::string& name : list_folder(folder_)) {
    constexpr std::string_view kStem = "piece-";
    std::int64_t piece = 0;
    if (!name.starts_with(kStem)) continue;
    if (std::from_chars(name.data() + kStem.size(), name.data() + name.size(), piece).ec != std::errc()) continue;
    if (folder_ / name != piece_path(piece) || piece % shares != share) continue;
    scan_piece(*this, piece, check_stop, blocks);
  }
  return blocks;
}

ExamplePiece ExampleStore::piece(std::int64_t piece, std::int64_t end) const { return {piece_path(piece), piece, end}; }

void ExampleStore::write_index(std::span<const BlockRecord> records) const {
  IndexHead head = {};
  head.magic = kMagic;
  put_text(head.key, key_);
  head.num_blocks = std::ssize(records);
  const MappedPieces pieces(*this, records);
  ExampleTallies all;
  for (const BlockRecord& record : records) {
    FT_CHECK(&records[static_cast<std::size_t>(record.number)] == &record,
             "block {} is out of its order in the list of all", record.number);
    all.add(ExampleBlock(pieces.block(record)).tallies());
    if (record.number % kBlocksAtOnce == 0) pieces.let_go();
  }
  head.num_examples = all.examples;
  head.num_words = std::ssize(all.first_dropped);
  head.tokens = all.tokens;
  head.dropped = all.dropped;
  head.longest = all.longest;
  head.of_recipe = all.of_recipe;
  const IndexLayout layout(head);
  std::string rest = to_bytes(records) + all.first_dropped;
  rest.resize(static_cast<std::size_t>(layout.ids - layout.records), '\0');
  put_text(head.sum, xxh128(rest));
  put_text(head.head_sum, head_sum(head));

  const fs::path partial = folder_ / ".index.bin.partial";
  OutputFile file(partial, OutputFile::Mode::replace);
  file.reserve(layout.end);
  file.write(std::as_bytes(std::span(&head, 1)), 0);
  file.write(bytes_of(rest), layout.records);
  std::int64_t begin = 0;
  for (const BlockRecord& record : records) {
    const BlockColumns columns{ExampleBlock(pieces.block(record))};
    file.write(bytes_of(columns.ids), layout.ids + begin * static_cast<std::int64_t>(sizeof(std::uint64_t)));
    file.write(bytes_of(columns.tokens), layout.tokens + begin * static_cast<std::int64_t>(sizeof(std::uint32_t)));
    file.write(bytes_of(columns.units), layout.units + begin * static_cast<std::int64_t>(sizeof(Units)));
    begin += record.num_examples;
    if (record.number % kBlocksAtOnce == 0) pieces.let_go();
  }
  file.sync();
  file.close();
  rename_durably(partial, index_path());
}

void ExampleStore::remove_index() const {
  if (!is_there(index_path())) return;
  if (::unlink(index_path().c_str()) != 0) fail_system("remove", index_path(), errno);
}

Examples ExampleStore::open() const {
  std::string complaint;
  const std::optional<Index> index = read(index_path(), key_, complaint);
  FT_CHECK(index, "{}", complaint.empty() ? fmt::format("{} is not there", index_path().string()) : complaint);
  const auto mapped = std::make_shared<Mapped>(Mapped{MappedFile(index_path()), MappedPieces(*this, index->records)});
  const IndexLayout layout(index->head);
  const std::byte* const base = mapped->index.bytes().data();
  const auto count = static_cast<std::size_t>(index->head.num_examples);
  FT_CHECK(std::ssize(mapped->index.bytes()) == layout.end, "{} has become another one while it was opened",
           index_path().string());
  Examples::Source source;
  source.memory = mapped;
  source.let_go = [mapped] {
    mapped->index.let_go();
    mapped->pieces.let_go();
  };
  source.begins.push_back(0);
  for (const BlockRecord& record : index->records) {
    source.blocks.push_back(mapped->pieces.block(record));
    source.begins.push_back(source.begins.back() + record.num_examples);
  }
  source.columns = {{reinterpret_cast<const std::uint64_t*>(base + layout.ids), count},
                    {reinterpret_cast<const std::uint32_t*>(base + layout.tokens), count},
                    {reinterpret_cast<const Units*>(base + layout.units), count}};
  source.tallies = {.examples = index->head.num_examples,
                    .tokens = index->head.tokens,
                    .dropped = index->head.dropped,
                    .longest = index->head.longest,
                    .of_recipe = index->head.of_recipe,
                    .first_dropped = index->words};
  return Examples(std::move(source));
}

}  // namespace ft

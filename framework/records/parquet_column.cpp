#include "framework/records/parquet_column.h"

#include <fmt/format.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace ft::records {
namespace {

// Larger than any writer makes a page on purpose; rows of very long texts come to some tens of MiB.
constexpr std::int64_t kMostPage = std::int64_t{256} << 20;
constexpr std::size_t kMostHeader = std::size_t{16} << 20;

int width_of(int most) { return std::bit_width(static_cast<unsigned>(most)); }

// Grows as bytes come, so that what is claimed is not what is allocated.
class Growing {
 public:
  Growing(std::string& into, std::size_t size, std::size_t packed) : into_(into), size_(size) {
    into_.resize(std::min(size, packed * 4 + 4096));
  }
  [[nodiscard]] char* free() { return into_.data() + used_; }
  [[nodiscard]] std::size_t room() {
    if (used_ == into_.size()) into_.resize(std::min(size_, into_.size() * 2));
    return into_.size() - used_;
  }
  void add(std::size_t count) { used_ += count; }
  [[nodiscard]] bool full() const { return used_ == size_; }

 private:
  std::string& into_;
  std::size_t size_, used_ = 0;
};

void unpack_snappy(std::string_view packed, std::size_t size, std::string& into) {
  std::size_t there = 0;
  // 64 bytes out of three are the most that snappy can make.
  if (snappy_uncompressed_length(packed.data(), packed.size(), &there) != SNAPPY_OK || there != size ||
      size > packed.size() * 32 + 64) {
    throw BadParquet("a page's snappy data is damaged");
  }
  into.resize(size);
  if (snappy_uncompress(packed.data(), packed.size(), into.data(), &there) != SNAPPY_OK)
    throw BadParquet("a page's snappy data is damaged");
}

void unpack_gzip(std::string_view packed, std::size_t size, std::string& into) {
  struct Stream {
    z_stream z{};
    Stream() {
      if (inflateInit2(&z, 15 + 32) != Z_OK) throw std::bad_alloc();
    }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream() { inflateEnd(&z); }
  } stream;
  stream.z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.z.avail_in = static_cast<unsigned>(packed.size());
  Growing out(into, size, packed.size());
  int code = Z_OK;
  while (code == Z_OK && !out.full()) {
    const std::size_t room = out.room();
    stream.z.next_out = reinterpret_cast<Bytef*>(out.free());
    stream.z.avail_out = static_cast<unsigned>(room);
    code = inflate(&stream.z, Z_NO_FLUSH);
    out.add(room - stream.z.avail_out);
  }
  if (!out.full()) throw BadParquet("a page's gzip data is damaged");
}

void unpack_zstd(std::string_view packed, std::size_t size, std::string& into) {
  const std::unique_ptr<ZSTD_DStream, std::size_t (*)(ZSTD_DStream*)> stream(ZSTD_createDStream(), ZSTD_freeDStream);
  if (!stream) throw std::bad_alloc();
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  Growing out(into, size, packed.size());
  while (!out.full()) {
    ZSTD_outBuffer piece{out.free(), out.room(), 0};
    const std::size_t before = in.pos;
    const std::size_t code = ZSTD_decompressStream(stream.get(), &piece, &in);
    out.add(piece.pos);
    if (ZSTD_isError(code) != 0 || (piece.pos == 0 && in.pos == before))
      throw BadParquet("a page's zstd data is damaged");
  }
}

}  // namespace

ColumnReader::ColumnReader(const RandomFile& file, const ColumnShape& shape, const ColumnChunk& chunk)
    : file_(file), shape_(shape), codec_(chunk.codec), at_(chunk.data_offset), values_to_come_(chunk.num_values) {
  if (chunk.dictionary_offset > 0 && chunk.dictionary_offset < at_) at_ = chunk.dictionary_offset;
  if (at_ < 4 || chunk.compressed_size < 0 || at_ > file.size() || chunk.compressed_size > file.size() - at_ ||
      chunk.num_values < 0) {
    throw BadParquet("its pages lie outside of the file: it is cut short or damaged");
  }
  if (chunk.type != shape.type) throw BadParquet("its values are of another type than the schema says");
  end_ = at_ + chunk.compressed_size;
}

std::optional<ColumnReader::Entry> ColumnReader::peek() {
  if (ahead_) return ahead_;
  while (left_ == 0) {
    if (values_to_come_ <= 0) return std::nullopt;
    next_page();
  }
  const Entry entry{static_cast<int>(repetition_.next()), static_cast<int>(definition_.next())};
  if (entry.repetition > shape_.max_repetition || entry.definition > shape_.max_definition)
    throw BadParquet("its levels are impossible");
  ahead_ = entry;
  return ahead_;
}

std::optional<RawValue> ColumnReader::take() {
  const std::optional<Entry> entry = peek();
  if (!entry) throw BadParquet("it ends before its rows do");
  ahead_.reset();
  --left_;
  if (entry->definition < shape_.max_definition) return std::nullopt;
  return values_->next();
}

void ColumnReader::next_page() {
  PageHeader page;
  for (std::size_t size = 4096;; size *= 8) {
    const auto there = static_cast<std::size_t>(end_ - at_);
    if (there == 0) throw BadParquet("it has fewer pages than values");
    file_.read(at_, std::min(size, there), packed_);
    try {
      page = read_page_header(packed_);
      break;
    } catch (const Thrift::Short&) {
      if (size >= there || size > kMostHeader) throw;
    }
  }
  at_ += static_cast<std::int64_t>(page.size);
  if (page.plain_size < 0 || page.packed_size < 0 || page.num_values < 0 || page.packed_size > end_ - at_)
    throw BadParquet("a page is cut short");
  if (page.plain_size > kMostPage || page.packed_size > kMostPage)
    throw BadParquet(fmt::format("a page has more than {} MiB", kMostPage >> 20));
  if (static_cast<std::uint64_t>(page.num_values) > kMostPageValues)
    throw BadParquet(fmt::format("a page claims {} values", page.num_values));
  file_.read(at_, static_cast<std::size_t>(page.packed_size), packed_);
  if (packed_.size() != static_cast<std::size_t>(page.packed_size)) throw BadParquet("a page is cut short");
  at_ += page.packed_size;
  if (page.type == PageHeader::Type::dictionary) read_dictionary(page, packed_);
  if (page.type == PageHeader::Type::data || page.type == PageHeader::Type::data_v2) open_page(page, packed_);
}

std::string_view ColumnReader::unpacked(std::string_view packed, std::int64_t size, std::string& into) const {
  const auto plain = static_cast<std::size_t>(size);
  if (plain == 0) return {};
  switch (codec_) {
    case Codec::none:
      if (packed.size() != plain) throw BadParquet("a page has another size than it says");
      into = packed;
      return into;
    case Codec::snappy:
      unpack_snappy(packed, plain, into);
      return into;
    case Codec::gzip:
      unpack_gzip(packed, plain, into);
      return into;
    case Codec::zstd:
      unpack_zstd(packed, plain, into);
      return into;
    case Codec::brotli:
    case Codec::lzo:
    case Codec::lz4:
    case Codec::lz4_raw:
      break;
  }
  const std::string_view name = codec_ == Codec::brotli ? "brotli" : codec_ == Codec::lzo ? "LZO" : "LZ4";
  throw BadParquet(fmt::format(
      "it is packed with {}, which is not read; write the file anew with compression='zstd' or 'snappy'", name));
}

void ColumnReader::read_dictionary(const PageHeader& page, std::string_view packed) {
  if (has_dictionary_) throw BadParquet("it has two dictionaries");
  if (page.encoding != Encoding::plain && page.encoding != Encoding::plain_dictionary)
    throw BadParquet("its dictionary has an encoding that is not read");
  if (shape_.type == Physical::boolean) throw BadParquet("it has a dictionary of booleans");
  const std::string_view bytes = unpacked(packed, page.plain_size, dictionary_bytes_);
  const auto decoder = make_decoder(Encoding::plain, shape_.type, shape_.type_length, bytes, nullptr);
  for (std::int64_t i = 0; i < page.num_values; ++i) dictionary_.push_back(decoder->next());
  has_dictionary_ = true;
}

void ColumnReader::open_page(const PageHeader& page, std::string_view packed) {
  std::string_view values;
  const int repetition_width = width_of(shape_.max_repetition), definition_width = width_of(shape_.max_definition);
  if (page.type == PageHeader::Type::data) {
    values = unpacked(packed, page.plain_size, page_);
    const auto levels = [&](int width, Encoding encoding) {
      if (width == 0) return Hybrid();
      if (encoding != Encoding::rle) throw BadParquet("its levels have an encoding that is not read");
      std::uint32_t size = 0;
      if (values.size() < sizeof size) throw BadParquet("a page is cut short");
      std::memcpy(&size, values.data(), sizeof size);
      values.remove_prefix(sizeof size);
      if (size > values.size()) throw BadParquet("a page is cut short");
      const Hybrid found(values.substr(0, size), width);
      values.remove_prefix(size);
      return found;
    };
    repetition_ = levels(repetition_width, page.repetition_encoding);
    definition_ = levels(definition_width, page.definition_encoding);
  } else {
    const auto size = static_cast<std::int64_t>(packed.size());
    if (page.repetition_size < 0 || page.definition_size < 0 || page.repetition_size > size ||
        page.definition_size > size - page.repetition_size ||
        page.plain_size < page.repetition_size + page.definition_size) {
      throw BadParquet("a page's levels are cut short");
    }
    // Levels stand before the packed part; they and the values must outlive this call.
    const auto level_size = static_cast<std::size_t>(page.repetition_size + page.definition_size);
    std::string plain;
    if (page.is_packed) {
      values = unpacked(packed.substr(level_size), page.plain_size - static_cast<std::int64_t>(level_size), plain);
    } else {
      values = packed.substr(level_size);
    }
    std::string whole(packed.substr(0, level_size));
    whole += values;
    page_ = std::move(whole);
    values = page_;
    repetition_ = Hybrid(values.substr(0, static_cast<std::size_t>(page.repetition_size)), repetition_width);
    definition_ = Hybrid(
        values.substr(static_cast<std::size_t>(page.repetition_size), static_cast<std::size_t>(page.definition_size)),
        definition_width);
    values.remove_prefix(level_size);
  }
  values_ =
      make_decoder(page.encoding, shape_.type, shape_.type_length, values, has_dictionary_ ? &dictionary_ : nullptr);
  left_ = page.num_values;
  values_to_come_ -= page.num_values;
}

}  // namespace ft::records

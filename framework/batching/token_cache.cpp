#include "framework/batching/token_cache.h"

#include <unistd.h>

#include <cstring>
#include <fstream>
#include <system_error>

#include "framework/base/digest.h"
#include "framework/base/error.h"
#include "framework/base/reading.h"

namespace ft {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kMagic = "ftrun examples 1\n";

class Packer {
 public:
  template <class T>
  void number(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void tokens(const std::vector<TokenId>& tokens) {
    number<std::uint64_t>(tokens.size());
    bytes_.append(reinterpret_cast<const char*>(tokens.data()), tokens.size() * sizeof(TokenId));
  }
  void text(std::string_view text) {
    number<std::uint64_t>(text.size());
    bytes_ += text;
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : bytes_(bytes) {}
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::vector<TokenId> tokens() {
    const auto size = number<std::uint64_t>();
    const std::string_view raw = take(size, sizeof(TokenId));
    std::vector<TokenId> tokens(size);
    std::memcpy(tokens.data(), raw.data(), raw.size());
    return tokens;
  }
  std::string text() { return std::string(take(number<std::uint64_t>())); }
  [[nodiscard]] bool at_end() const { return bytes_.empty(); }

 private:
  std::string_view take(std::uint64_t count, std::uint64_t width = 1) {
    if (count > bytes_.size() / width) throw Error("the cached examples are cut");
    const std::string_view part = bytes_.substr(0, count * width);
    bytes_.remove_prefix(count * width);
    return part;
  }
  std::string_view bytes_;
};

std::string pack(const PreparedExamples& prepared) {
  Packer out;
  out.number(prepared.num_dropped);
  out.text(prepared.summary);
  out.number<std::uint64_t>(prepared.examples.size());
  for (const Example& example : prepared.examples) {
    out.number(example.id);
    out.number<std::uint64_t>(example.documents.size());
    for (const auto& document : example.documents) out.tokens(document);
    out.number<std::uint64_t>(example.spans.size());
    for (const TargetSpan& span : example.spans) {
      out.number<std::int32_t>(span.document);
      out.number<std::int32_t>(span.first);
      out.tokens(span.tokens);
    }
    out.number<std::uint64_t>(example.items.size());
    for (const LossItem& item : example.items) {
      out.number<std::int32_t>(static_cast<std::int32_t>(item.kind));
      for (const int span : item.spans) out.number<std::int32_t>(span);
    }
  }
  return out.take();
}

Example unpack_example(Unpacker& in) {
  Example example;
  example.id = in.number<std::uint64_t>();
  for (auto n = in.number<std::uint64_t>(); n > 0; --n) example.documents.push_back(in.tokens());
  for (auto n = in.number<std::uint64_t>(); n > 0; --n) {
    TargetSpan& span = example.spans.emplace_back();
    span.document = in.number<std::int32_t>();
    span.first = in.number<std::int32_t>();
    span.tokens = in.tokens();
  }
  for (auto n = in.number<std::uint64_t>(); n > 0; --n) {
    LossItem& item = example.items.emplace_back();
    item.kind = static_cast<LossKind>(in.number<std::int32_t>());
    for (int& span : item.spans) span = in.number<std::int32_t>();
  }
  return example;
}

PreparedExamples unpack(std::string_view bytes) {
  Unpacker in(bytes);
  PreparedExamples prepared;
  prepared.num_dropped = in.number<std::int64_t>();
  prepared.summary = in.text();
  for (auto n = in.number<std::uint64_t>(); n > 0; --n) prepared.examples.push_back(unpack_example(in));
  if (!in.at_end()) throw Error("the cached examples have a surplus");
  return prepared;
}

std::string head(const std::string& key, std::string_view payload) {
  return fmt::format("{}{}\n{}\n", kMagic, key, xxh128(payload));
}

}  // namespace

std::string example_key(std::span<const std::string> parts) {
  Sha256 sum;
  sum.update(kMagic);
  for (const std::string& part : parts) sum.update(fmt::format("{}:", part.size())).update(part);
  return sum.finish();
}

fs::path cache_path(const fs::path& folder, const std::string& key) {
  return folder / fmt::format("examples-{}.bin", key.substr(0, 32));
}

std::optional<PreparedExamples> load_examples(const fs::path& folder, const std::string& key) {
  const auto file = read_if_there(cache_path(folder, key));
  if (!file) return std::nullopt;
  const std::string& bytes = *file;
  const std::size_t head_size = head(key, "").size();
  if (bytes.size() < head_size) return std::nullopt;
  const std::string_view payload = std::string_view(bytes).substr(head_size);
  if (bytes.substr(0, head_size) != head(key, payload)) return std::nullopt;
  try {
    return unpack(payload);
  } catch (const Error&) {
    return std::nullopt;  // written by another version that kept the magic: rebuild
  }
}

bool store_examples(const fs::path& folder, const std::string& key, const PreparedExamples& prepared) {
  std::error_code error;
  fs::create_directories(folder, error);
  const fs::path temporary = cache_path(folder, key).string() + fmt::format(".{}", ::getpid());
  const std::string payload = pack(prepared);
  {
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file << head(key, payload) << payload << std::flush;
    if (file) fs::rename(temporary, cache_path(folder, key), error);
    if (file && !error) return true;
  }
  fs::remove(temporary, error);
  return false;
}

PreparedExamples cached_examples(const fs::path& folder, const std::string& key, bool may_write,
                                 const std::function<PreparedExamples()>& build) {
  if (auto cached = load_examples(folder, key)) return std::move(*cached);
  PreparedExamples built = build();
  if (may_write) store_examples(folder, key, built);
  return built;
}

}  // namespace ft

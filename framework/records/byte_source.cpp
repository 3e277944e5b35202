#include "framework/records/byte_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cstring>
#include <optional>

#include "framework/base/error.h"
#include "framework/base/reading.h"
#include "framework/records/value.h"

namespace ft::records {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 16;

// Turns packed bytes into plain ones, a piece at a time.
class Unpacker {
 public:
  Unpacker() = default;
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;
  virtual ~Unpacker() = default;
  // Takes from the front of `in`, fills `out`; how much it filled. Throws UserError.
  virtual std::size_t unpack(std::string_view& in, std::span<char> out) = 0;
  // Whether what was taken so far is whole.
  [[nodiscard]] virtual bool at_end() const = 0;
};

class Gzip : public Unpacker {
 public:
  explicit Gzip(const std::string& name) : name_(name) {
    FT_CHECK(inflateInit2(&stream_, 15 + 16) == Z_OK, "zlib has no memory");
  }
  ~Gzip() override { inflateEnd(&stream_); }

  std::size_t unpack(std::string_view& in, std::span<char> out) override {
    if (ended_) {  // several files in one, or zeros behind it
      if (in.find_first_not_of('\0') == std::string_view::npos) return in = {}, 0;
      if (inflateReset(&stream_) != Z_OK) fail("it cannot go on");
      ended_ = false;
    }
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = static_cast<unsigned>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<unsigned>(out.size());
    const int code = inflate(&stream_, Z_NO_FLUSH);
    if (code == Z_MEM_ERROR) throw std::bad_alloc();
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
      fail(stream_.msg != nullptr ? stream_.msg : "no gzip data");
    in.remove_prefix(in.size() - stream_.avail_in);
    ended_ = code == Z_STREAM_END;
    return out.size() - stream_.avail_out;
  }
  [[nodiscard]] bool at_end() const override { return ended_; }

 private:
  [[noreturn]] void fail(std::string_view why) const {
    fail_user(
        {name_},
        fmt::format("the gzip data is damaged or cut short ({}); check with gzip -t, or fetch the file again", why));
  }
  const std::string& name_;
  z_stream stream_{};
  bool ended_ = false;
};

class Zstd : public Unpacker {
 public:
  explicit Zstd(const std::string& name) : name_(name), stream_(ZSTD_createDStream()) {
    FT_CHECK(stream_ != nullptr, "zstd has no memory");
  }
  ~Zstd() override { ZSTD_freeDStream(stream_); }

  std::size_t unpack(std::string_view& in, std::span<char> out) override {
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t code = ZSTD_decompressStream(stream_, &output, &input);
    if (ZSTD_isError(code) != 0) {
      fail_user({name_}, fmt::format("the zstd data is damaged or cut short, or needs a longer window ({}); check with "
                                     "zstd -t, or fetch the file again",
                                     ZSTD_getErrorName(code)));
    }
    in.remove_prefix(input.pos);
    ended_ = code == 0;
    return output.pos;
  }
  [[nodiscard]] bool at_end() const override { return ended_; }

 private:
  const std::string& name_;
  ZSTD_DStream* stream_;
  bool ended_ = false;
};

// Whether it is a device that is read without an end (/dev/zero). A terminal ends when its user says so, a pipe with its
// writer; /dev/null holds nothing.
bool is_endless(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || (!S_ISCHR(info.st_mode) && !S_ISBLK(info.st_mode))) return false;
  if (S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3)) return false;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  const bool terminal = descriptor >= 0 && ::isatty(descriptor) == 1;
  if (descriptor >= 0) ::close(descriptor);
  return !terminal;
}

}  // namespace

struct ByteSource::State {
  std::string name;
  std::optional<InputFile> file;
  std::array<char, kPiece> raw, plain;
  std::string_view packed;  // of `raw`, not yet unpacked
  std::string ahead;        // what peek() has read
  bool ahead_is_given = false;
  std::unique_ptr<Unpacker> unpacker;
  bool over = false;

  std::string_view read_raw() {
    const std::size_t got = file->read(raw);
    return {raw.data(), got};
  }

  std::string_view read() {
    if (over) return {};
    if (!unpacker) {
      std::string_view got = packed.empty() ? read_raw() : packed;
      packed = {};
      over = got.empty();
      return got;
    }
    while (true) {
      if (packed.empty()) packed = read_raw();
      const bool no_more = packed.empty();
      if (no_more && unpacker->at_end()) {
        over = true;
        return {};
      }
      over = true;  // should it throw
      const std::size_t got = unpacker->unpack(packed, plain);
      over = false;
      if (got > 0) return {plain.data(), got};
      if (no_more && !unpacker->at_end()) {
        over = true;
        fail_user({name},
                  "the packed data is damaged or cut short; check with gzip -t or zstd -t, or fetch the file again");
      }
    }
  }
};

ByteSource::ByteSource(const std::filesystem::path& path) : state_(std::make_unique<State>()) {
  state_->name = path.string();
  const Found::Kind kind = look_at(path).kind;
  if (kind == Found::Kind::nothing) fail_user({state_->name}, "there is no such file");
  if (kind == Found::Kind::folder) {
    std::string inside;
    for (const std::string& name : list_folder(path)) {
      if (inside.size() < 100) inside += (inside.empty() ? "" : ", ") + name;
    }
    fail_user({state_->name},
              inside.empty() ? "this is an empty folder, not a file of records"
                             : fmt::format("this is a folder, not a file of records; name a file in it: {}", inside));
  }
  if (kind == Found::Kind::other && is_endless(path))
    fail_user({state_->name}, "this is a device, not a file of records");
  state_->file.emplace(path);
  std::size_t got = 0;  // a pipe gives a few bytes at a time
  while (got < 4) {
    const std::size_t more = state_->file->read(std::span(state_->raw).subspan(got));
    if (more == 0) break;
    got += more;
  }
  state_->packed = {state_->raw.data(), got};
  if (state_->packed.starts_with("\x1f\x8b")) state_->unpacker = std::make_unique<Gzip>(state_->name);
  if (state_->packed.starts_with("\x28\xb5\x2f\xfd")) state_->unpacker = std::make_unique<Zstd>(state_->name);
}
ByteSource::~ByteSource() = default;
ByteSource::ByteSource(ByteSource&&) noexcept = default;
ByteSource& ByteSource::operator=(ByteSource&&) noexcept = default;

std::string_view ByteSource::next() {
  if (state_->ahead_is_given) state_->ahead.clear();
  if (!state_->ahead.empty()) {
    state_->ahead_is_given = true;
    return state_->ahead;
  }
  return state_->read();
}

std::string_view ByteSource::peek(std::size_t least) {
  if (state_->ahead_is_given) state_->ahead.clear();
  state_->ahead_is_given = false;
  while (state_->ahead.size() < least) {
    const std::string_view got = state_->read();
    if (got.empty()) break;
    state_->ahead.append(got);
  }
  return state_->ahead;
}

bool ByteSource::is_packed() const { return state_->unpacker != nullptr; }
const std::string& ByteSource::name() const { return state_->name; }

bool LineSource::next(std::string& line) {
  line.clear();
  bool started = false;
  while (!left_.empty() || !(left_ = source_.next()).empty()) {
    started = true;
    const void* const newline = std::memchr(left_.data(), '\n', left_.size());
    const std::size_t length = newline != nullptr ? static_cast<const char*>(newline) - left_.data() : left_.size();
    if (line.size() + length > kMostRecordBytes) {
      fail_user({source_.name(), line_ + 1},
                fmt::format("this line is longer than {} MiB: is it a file of records?", kMostRecordBytes >> 20U));
    }
    line.append(left_.substr(0, length));
    left_.remove_prefix(length + (newline != nullptr ? 1 : 0));
    if (newline != nullptr) break;
  }
  if (started) ++line_;
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return started;
}

}  // namespace ft::records

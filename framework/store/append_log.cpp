#include "framework/store/append_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <span>

#include "framework/base/digest.h"
#include "framework/base/error.h"
#include "framework/base/reading.h"

namespace ft {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kHead = "{\"sum\":\"";
constexpr std::string_view kOf = "\",\"of\":\"";
constexpr std::string_view kMiddle = "\",\"record\":";
constexpr std::size_t kSumDigits = 16;
constexpr std::size_t kMaxComplaints = 20;

std::string checksum(std::string_view owner, std::string_view json) {
  return (owner.empty() ? xxh128(json) : xxh128(std::string(owner).append(json))).substr(0, kSumDigits);
}

bool is_regular(const FileHandle& file) {
  struct stat info {};
  if (::fstat(file.descriptor(), &info) != 0) fail_unreadable(file.path(), errno);
  return S_ISREG(info.st_mode);
}

// Exactly these bytes: what is cut off behind them was not read as something else.
void read_exactly(const FileHandle& file, std::span<char> bytes, std::int64_t offset) {
  while (!bytes.empty()) {
    const ssize_t count = ::pread(file.descriptor(), bytes.data(), bytes.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_unreadable(file.path(), errno);
    FT_CHECK(count > 0, "{} became shorter while it was read", file.path().string());
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += count;
  }
}

// The size of the file up to and with its last line end, searched from the back.
std::int64_t size_of_whole_lines(const FileHandle& file) {
  std::vector<char> block(1 << 16);
  for (std::int64_t end = file.size(); end > 0;) {
    const std::int64_t begin = std::max<std::int64_t>(0, end - static_cast<std::int64_t>(block.size()));
    const auto count = static_cast<std::size_t>(end - begin);
    read_exactly(file, std::span(block).first(count), begin);
    const auto from_end = std::find(block.rend() - static_cast<std::ptrdiff_t>(count), block.rend(), '\n');
    if (from_end != block.rend()) return begin + (block.rend() - from_end);
    end = begin;
  }
  return 0;
}

struct Unwrapped {
  std::string_view owner, record;
};

// What a whole line holds, or nothing where the checksum or the frame is wrong.
std::optional<Unwrapped> unwrap(std::string_view line) {
  if (!line.starts_with(kHead) || !line.ends_with('}')) return std::nullopt;
  line.remove_suffix(1);
  line.remove_prefix(kHead.size());
  if (line.size() < kSumDigits) return std::nullopt;
  const std::string_view sum = line.substr(0, kSumDigits);
  line.remove_prefix(kSumDigits);
  Unwrapped result;
  if (line.starts_with(kOf)) {
    result.owner = line.substr(kOf.size(), Owner::kDigits);
    line.remove_prefix(std::min(line.size(), kOf.size() + Owner::kDigits));
  }
  if (!line.starts_with(kMiddle)) return std::nullopt;
  result.record = line.substr(kMiddle.size());
  if (checksum(result.owner, result.record) != sum) return std::nullopt;
  return result;
}

// `owner`: whose records are wanted; nullptr: all.
void read_piece(const fs::path& path, std::int64_t piece, const Owner* owner,
                const std::function<void(std::string_view, const RecordPlace&)>& use, PieceCounts& counts) {
  const auto complain = [&](std::int64_t line, std::string_view what) {
    if (counts.complaints.size() < kMaxComplaints) {
      counts.complaints.push_back(fmt::format("{}:{}: {}", path.filename().string(), line, what));
    }
  };
  LineReader lines(path);
  std::int64_t number = 0, offset = 0;
  for (std::string line; lines.next(line);) {
    ++number;
    const RecordPlace place{piece, offset, std::ssize(line)};
    offset += std::ssize(line) + 1;
    const std::optional<Unwrapped> held = unwrap(line);
    if (lines.torn()) {  // the writer died in the middle
      ++counts.torn;
      complain(number, "a torn last line is passed over");
    } else if (!held) {
      ++counts.damaged;
      complain(number, "a line that does not match its checksum is passed over");
    } else if (owner != nullptr && held->owner != owner->text()) {
      ++counts.foreign;
      complain(number, held->owner.empty() ? "a line of nobody is passed over" : "a line of other work is passed over");
    } else {
      ++counts.records;
      use(held->record, place);
    }
  }
}

}  // namespace

AppendLog::AppendLog(const fs::path& path, Owner owner)
    : file_(path, O_RDWR | O_CREAT | O_APPEND), owner_(std::move(owner)) {
  if (!is_regular(file_)) return;
  const std::int64_t size = file_.size();
  size_ = size_of_whole_lines(file_);
  dropped_bytes_ = size - size_;
  if (dropped_bytes_ > 0 && ::ftruncate(file_.descriptor(), size_) != 0) fail_system("write", path, errno);
}

void AppendLog::append(std::string_view json) {
  FT_CHECK(json.find('\n') == std::string_view::npos, "a record of {} has a line end in it", path().string());
  std::string line;
  line.reserve(json.size() + 64);
  line.append(kHead).append(checksum(owner_.text(), json));
  if (!owner_.text().empty()) line.append(kOf).append(owner_.text());
  line.append(kMiddle).append(json).append("}\n");
  ssize_t written = 0;
  do {
    written = ::write(file_.descriptor(), line.data(), line.size());
  } while (written < 0 && errno == EINTR);
  if (written == static_cast<ssize_t>(line.size())) {
    size_ += written;
    return;
  }
  const int error = written < 0 ? errno : ENOSPC;  // a short write to a plain file: it is full
  if (written > 0 && is_regular(file_) && ::ftruncate(file_.descriptor(), size_) != 0) {
    fail_system("cut a torn line off", path(), errno);
  }
  fail_system("append to", path(), error);
}

void AppendLog::sync() {
  if (::fdatasync(file_.descriptor()) != 0) fail_system("sync", path(), errno);
}

PieceCounts read_pieces(const std::vector<fs::path>& paths, const std::function<void(std::string_view)>& use) {
  PieceCounts counts;
  for (const fs::path& path : paths)
    read_piece(
        path, 0, nullptr, [&](std::string_view record, const RecordPlace&) { use(record); }, counts);
  return counts;
}

std::int64_t count_records(const std::vector<fs::path>& paths, const Owner& owner) {
  PieceCounts counts;
  for (const fs::path& path : paths)
    read_piece(
        path, 0, &owner, [](std::string_view, const RecordPlace&) {}, counts);
  return counts.records;
}

PieceCounts RecordFiles::read_all(
    std::int64_t piece, const std::function<void(std::string_view json, const RecordPlace& place)>& use) const {
  PieceCounts counts;
  read_piece(pieces_[static_cast<std::size_t>(piece)], piece, &owner_, use, counts);
  return counts;
}

std::string RecordFiles::bytes_of(const RecordPlace& place) const {
  auto file = open_.find(place.piece);
  if (file == open_.end())
    file = open_.emplace(place.piece, FileHandle(pieces_[static_cast<std::size_t>(place.piece)], O_RDONLY)).first;
  std::string bytes(static_cast<std::size_t>(place.size), '\0');
  read_exactly(file->second, bytes, place.offset);
  return bytes;
}

void RecordFiles::read_lines(const RecordPlace& stretch, const std::function<void(std::string_view json)>& use) const {
  const std::string bytes = bytes_of(stretch);
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t end = std::min(bytes.find('\n', at), bytes.size());
    const std::optional<Unwrapped> held = unwrap(std::string_view(bytes).substr(at, end - at));
    if (held && held->owner == owner_.text()) use(held->record);
    at = end + 1;
  }
}

std::string RecordFiles::read(const RecordPlace& place) const {
  const std::string line = bytes_of(place);
  const std::optional<Unwrapped> held = unwrap(line);
  if (!held || held->owner != owner_.text()) {
    throw Error(fmt::format("{} was damaged since it was written, at byte {}",
                            pieces_[static_cast<std::size_t>(place.piece)].string(), place.offset));
  }
  return std::string(held->record);
}

std::string piece_name(std::string_view stem, int rank) { return fmt::format("{}-{:04}.jsonl", stem, rank); }

std::vector<fs::path> list_pieces(const fs::path& folder, std::string_view stem) {
  std::vector<std::pair<int, fs::path>> pieces;
  for (const std::string& name : list_folder(folder)) {
    if (!name.starts_with(stem) || name.size() <= stem.size() + 1) continue;
    int rank = 0;
    const char* first = name.data() + stem.size() + 1;
    if (std::from_chars(first, name.data() + name.size(), rank).ec != std::errc()) continue;
    if (rank >= 0 && name == piece_name(stem, rank)) pieces.emplace_back(rank, folder / name);
  }
  std::sort(pieces.begin(), pieces.end());
  std::vector<fs::path> paths;
  for (auto& [rank, path] : pieces) paths.push_back(std::move(path));
  return paths;
}

}  // namespace ft

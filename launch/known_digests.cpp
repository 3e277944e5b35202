#include "launch/known_digests.h"

#include <fmt/format.h>

#include "framework/base/digest.h"
#include "framework/base/reading.h"
#include "framework/base/units.h"

namespace ft {
namespace {

constexpr std::int64_t kLarge = 64'000'000;  // hashed in some hundredths of a second

}  // namespace

KnownDigests::KnownDigests(const std::filesystem::path& run) : notes_(DigestNotes::read_if_readable(run)) {}

std::vector<FileDigest> KnownDigests::of(const std::vector<std::filesystem::path>& files) {
  return digests_of(files, {}, [this](const auto& file) { return of(file); });
}

std::string KnownDigests::of(const std::filesystem::path& file) {
  const Found found = look_at(file);
  if (found.size <= kLarge) return sha256_file(file);
  if (const auto known = notes_.find(file)) return *known;
  unread_.push_back(file);
  unread_bytes_ += static_cast<double>(found.size);
  return std::string(kNotRead);
}

std::string KnownDigests::unread_text() const {
  if (unread_.empty()) return {};
  return fmt::format(
      "not read: {}{} ({}), which no start in this folder has hashed as it is now: what is done of the stages made "
      "from it is not "
      "known here; a start hashes it first",
      unread_.front().string(), unread_.size() > 1 ? fmt::format(" and {} more", unread_.size() - 1) : "",
      bytes_text(unread_bytes_));
}

}  // namespace ft

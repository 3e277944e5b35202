#include "datasets/files.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "framework/base/philox.h"
#include "framework/base/plain_file.h"
#include "framework/base/reading.h"
#include "framework/base/user_path.h"

namespace ft {
namespace {

constexpr std::string_view kDefaultDataFolder = "../shared/data";
constexpr double kDefaultValidShare = 0.08;  // the method's 1,000 of 12,000 problems
constexpr std::string_view kTextId = "text-";

}  // namespace

std::filesystem::path data_folder() {
  const char* const set = std::getenv("FT_DATA");
  return set != nullptr && *set != '\0' ? user_path(set) : std::string(kDefaultDataFolder);
}

std::filesystem::path dataset_file(const ProblemSetSpec& spec, std::string_view name) {
  return (spec.path.empty() ? data_folder() / spec.dataset : std::filesystem::path(spec.path)) / name;
}

void require_file(const ProblemSetSpec& spec, const std::filesystem::path& file) {
  const Found::Kind kind = look_at(file).kind;
  if (kind == Found::Kind::file) return;
  if (kind == Found::Kind::other) {
    fail_user(spec.place, fmt::format("data set '{}' needs a file that can be read several times, but {} is {}",
                                      spec.dataset, file.string(), kNoPlainFile));
  }
  if (kind == Found::Kind::folder) {
    std::vector<std::string> names = list_folder(file);
    if (names.size() > 5) names.resize(5);
    fail_user(spec.place, fmt::format("data set '{}' needs a file, but {} is a folder{}", spec.dataset, file.string(),
                                      names.empty() ? std::string(" without files")
                                                    : fmt::format("; name a file in it: {}", fmt::join(names, ", "))));
  }
  std::string what = fmt::format("data set '{}' needs the file {}, which does not exist", spec.dataset, file.string());
  if (spec.dataset == "jsonl") {
    what += fmt::format("; relative names count from the current folder, {}", std::filesystem::current_path().string());
  } else if (!spec.path.empty()) {
    what += fmt::format("; `path` must name the folder that holds {}", file.filename().string());
  } else {
    const bool set = std::getenv("FT_DATA") != nullptr;
    what += fmt::format("; set FT_DATA to the folder that holds {}/{} ({}), or give this set a `path`", spec.dataset,
                        file.filename().string(),
                        set ? fmt::format("it is {} now", data_folder().string())
                            : fmt::format("it is not set, its default is {}", kDefaultDataFolder));
  }
  fail_user(spec.place, what);
}

std::uint64_t text_hash(std::string_view text) {
  std::string bare;
  bare.reserve(text.size());
  for (char c : text) {
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') bare += c;
  }
  return name_hash(bare);
}

std::string text_id(std::string_view text) { return fmt::format("{}{:016x}", kTextId, text_hash(text)); }

bool is_text_id(std::string_view id) { return id.starts_with(kTextId) && id.size() == kTextId.size() + 16; }

double valid_share(const ProblemSetSpec& spec) {
  return spec.valid_share.value_or(spec.dataset == "jsonl" ? 0.0 : kDefaultValidShare);
}

bool in_split(const ProblemSetSpec& spec, std::string_view text) {
  const Philox random(static_cast<std::uint64_t>(spec.valid_seed), "validation part");
  const bool valid = random.uniform(text_hash(text), 0) < valid_share(spec);
  return valid == (spec.split == "valid");
}

void apply_limit(const ProblemSetSpec& spec, std::vector<Problem>& problems) {
  const auto limit = static_cast<std::size_t>(spec.limit);
  if (spec.limit == 0 || problems.size() <= limit) return;
  const Philox random(0, "problem limit");
  std::vector<std::pair<std::uint64_t, std::size_t>> keys;  // random key, place; the place decides between equal texts
  for (std::size_t i = 0; i < problems.size(); ++i) keys.emplace_back(random.bits(text_hash(problems[i].text), 0), i);
  std::nth_element(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(limit), keys.end());
  keys.resize(limit);
  std::sort(keys.begin(), keys.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  std::vector<Problem> kept;
  for (const auto& [key, i] : keys) kept.push_back(std::move(problems[i]));
  problems = std::move(kept);
}

}  // namespace ft

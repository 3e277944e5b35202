#include "framework/recipe/attempt_pieces.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "framework/problem/attempt_line.h"
#include "framework/problem/records.h"
#include "framework/recipe/dropped_records.h"

namespace ft {
namespace {

constexpr std::string_view kStem = "attempts";
constexpr std::int64_t kBytesAStretch = 1 << 18;
constexpr std::size_t kWordsAtOnce = 1 << 13;

template <class T>
std::string_view bytes_of(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

}  // namespace

AttemptPieces::AttemptPieces(StageContext& stage, const ProblemPlaces& problems, std::vector<int> indices)
    : stage_(stage), problems_(problems), indices_(std::move(indices)), files_({}, {}) {}

std::optional<AttemptPieces::Which> AttemptPieces::which(std::string_view record) const {
  const auto problem = problems_.find(record);
  if (!problem) return std::nullopt;
  const auto scanned = scan_attempt(record);
  const int index = scanned ? scanned->index : attempt_from_json(record, {std::string(kStem)}).index;
  const auto found = std::ranges::find(indices_, index);
  if (found == indices_.end()) return std::nullopt;
  return Which{*problem, static_cast<std::size_t>(found - indices_.begin())};
}

void AttemptPieces::look_at(std::int64_t piece, PieceCounts& counts) {
  Stretch now{{piece, 0, 0}, problems_.size(), -1};
  const auto close = [&] {
    if (now.last >= 0) stretches_.push_back(now);
    now = {{piece, now.lines.offset + now.lines.size, 0}, problems_.size(), -1};
  };
  const PieceCounts of_piece = files_.read_all(piece, [&](std::string_view record, const RecordPlace& line) {
    if (now.lines.size > kBytesAStretch) close();
    now.lines.size = line.offset + line.size + 1 - now.lines.offset;
    const auto found = which(record);
    if (!found) return;
    now.first = std::min(now.first, found->problem);
    now.last = std::max(now.last, found->problem);
    bits_[bit(found->problem, found->index) / 64] |= std::uint64_t{1} << bit(found->problem, found->index) % 64;
  });
  close();
  add_counts(counts, of_piece);
}

void AttemptPieces::look() {
  const Communicator& world = stage_.groups.world;
  files_ = RecordFiles(list_pieces(stage_.work.path(), kStem), stage_.work.owner());
  bits_.assign((bit(problems_.size(), 0) + 63) / 64, 0);
  stretches_.clear();
  PieceCounts counts;
  stage_.together("looking at the attempts", [&] {
    for (std::int64_t piece = world.rank(); piece < std::ssize(files_.pieces()); piece += world.size()) {
      stage_.stop.check();
      look_at(piece, counts);
    }
  });
  if (!std::exchange(told_, true)) tell_dropped(stage_.log, counts, kStem);
  gather();
}

// A bit an attempt, some thousands at a time.
void AttemptPieces::gather() {
  Communicator& world = stage_.groups.world;
  const std::span own(bits_);
  for (std::size_t first = 0; first < bits_.size(); first += kWordsAtOnce) {
    const auto part = own.subspan(first, std::min(kWordsAtOnce, bits_.size() - first));
    for (const std::string& of_rank : world.all_gather_bytes("attempts found", bytes_of<std::uint64_t>(part))) {
      for (std::size_t i = 0; i < part.size(); ++i) {
        std::uint64_t word = 0;
        std::memcpy(&word, of_rank.data() + i * sizeof word, sizeof word);
        part[i] |= word;
      }
    }
  }
  std::vector<Stretch> all;
  for (const std::string& of_rank :
       world.all_gather_bytes("stretches of attempts", bytes_of<Stretch>(std::span<const Stretch>(stretches_)))) {
    const std::size_t before = all.size();
    all.resize(before + of_rank.size() / sizeof(Stretch));
    if (!of_rank.empty()) std::memcpy(all.data() + before, of_rank.data(), of_rank.size());
  }
  stretches_ = std::move(all);
}

void AttemptPieces::for_each(std::int64_t first, std::int64_t end,
                             const std::function<void(std::string_view line)>& use) const {
  std::vector<std::string> lines(bit(end - first, 0));
  for (const Stretch& stretch : stretches_) {
    if (stretch.last < first || stretch.first >= end) continue;
    files_.read_lines(stretch.lines, [&](std::string_view record) {
      const auto found = which(record);
      if (!found || found->problem < first || found->problem >= end) return;
      std::string& line = lines[bit(found->problem - first, found->index)];
      if (line.empty()) line = plain_attempt_line(record);
    });
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    FT_CHECK(!lines[i].empty(), "attempt {} of problem {} is missing at the end of stage '{}'",
             indices_[i % indices_.size()], first + static_cast<std::int64_t>(i / indices_.size()) + 1,
             stage_.plan.name);
    use(lines[i]);
  }
}

}  // namespace ft

#include "framework/recipe/problem_spool.h"

#include <fcntl.h>

#include <cstring>

#include "framework/comm/one_rank.h"
#include "framework/problem/records.h"
#include "framework/store/files.h"

namespace ft {
namespace {

constexpr std::int64_t kBytesAtOnce = 1 << 20;

}  // namespace

ProblemSpool::ProblemSpool(Communicator& world, const std::filesystem::path& file,
                           const std::function<std::int64_t(std::int64_t)>& block,
                           const std::function<std::vector<Problem>()>& load) {
  // The number of problems, then the offsets.
  const std::string numbers = on_rank_zero(world, "problems for all ranks", [&] {
    const std::vector<Problem> problems = load();
    const std::int64_t each = block(std::ssize(problems));
    std::vector<std::int64_t> offsets = {std::ssize(problems), each, 0};
    FileHandle out(file, O_WRONLY | O_CREAT | O_TRUNC);
    std::string lines;
    for (std::int64_t i = 0; i < std::ssize(problems); ++i) {
      const std::string line = to_json_line(problems[static_cast<std::size_t>(i)]) + "\n";
      offsets.push_back(offsets.back() + std::ssize(line));
      lines += line;
      if (std::ssize(lines) < kBytesAtOnce && i + 1 < std::ssize(problems)) continue;
      out.write(lines);
      lines.clear();
    }
    out.sync();  // for ranks of other hosts
    out.close();
    return std::string(reinterpret_cast<const char*>(offsets.data()), offsets.size() * sizeof offsets[0]);
  });
  file_.emplace(file);
  offsets_.resize(numbers.size() / sizeof(std::int64_t));
  std::memcpy(offsets_.data(), numbers.data(), numbers.size());
  num_problems_ = offsets_[0];
  block_ = offsets_[1];
  offsets_.erase(offsets_.begin(), offsets_.begin() + 2);
}

std::string ProblemSpool::lines(std::int64_t block) const {
  return text(offset(end_of(block - 1)), offset(end_of(block)));
}

std::string ProblemSpool::text(std::int64_t begin, std::int64_t end) const {
  std::string lines(static_cast<std::size_t>(end - begin), '\0');
  file_->read(std::as_writable_bytes(std::span(lines)), static_cast<std::uint64_t>(begin));
  return lines;
}

std::vector<Problem> ProblemSpool::read(std::int64_t block) const {
  const std::string lines = this->lines(block);
  std::vector<Problem> problems;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t line_end = lines.find('\n', at);
    problems.push_back(
        problem_from_json(std::string_view(lines).substr(at, line_end - at), {.file = file_->path().string()}));
    at = line_end + 1;
  }
  return problems;
}

Problem ProblemSpool::problem(std::int64_t place) const {
  const std::string line = text(offset(place), offset(place + 1));
  return problem_from_json(std::string_view(line).substr(0, line.size() - 1), {.file = file_->path().string()});
}

}  // namespace ft

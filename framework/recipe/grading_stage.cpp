#include "framework/recipe/grading_stage.h"

#include <algorithm>
#include <map>
#include <optional>

#include "framework/base/digest.h"
#include "framework/base/reading.h"
#include "framework/problem/records.h"
#include "framework/recipe/sealed_inputs.h"
#include "framework/recipe/verdict_files.h"
#include "framework/store/files.h"
#include "framework/store/folder_writer.h"

namespace ft {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::int64_t kMostBlocks = 1024;  // files of one folder

// In the output "verdicts-00012.jsonl". In the work folder "verdicts-00012-<inputs>-<content>.jsonl", with the digests of
// what was graded and of the file: a start that was cut off may have read damage that nobody has seen by then.
std::string block_name(std::int64_t block) { return fmt::format("{}{:05}", kVerdictsPrefix, block); }

std::string short_digest(std::string_view text) { return sha256(text).substr(0, 16); }

struct Tally {
  std::int64_t graded = 0, right = 0, unknown = 0, unreadable = 0;

  void add(const Grade& grade) {
    ++graded;
    right += grade.verdict == Verdict::equal ? 1 : 0;
    unknown += grade.verdict == Verdict::unknown ? 1 : 0;
    unreadable += grade.answer_found ? 0 : 1;
  }
};

// The problems of one block with their attempts.
struct Block {
  std::vector<std::pair<Problem, std::vector<Attempt>>> problems;

  // Of everything that its verdicts depend on, besides the grader.
  [[nodiscard]] std::string digest() const {
    Json text = Json::array();
    for (const auto& [problem, attempts] : problems) {
      text.push_back({problem.id, problem.answer});
      for (const Attempt& attempt : attempts) text.push_back({attempt.index, attempt.text});
    }
    return short_digest(text.dump());
  }
};

class Grading {
 public:
  Grading(StageContext& stage, const GradingJob& job)
      : stage_(stage),
        job_(job),
        attempts_(SealedFolder::open(job.attempts)),
        judge_(make_judge(job.settings)),
        work_(verdict_work(stage.plan.folder, stage.plan.output)) {
    problems_ = count_problems(attempts_);
    std::int64_t bytes = 0;
    for (const std::string& piece : pieces_of(attempts_, kAttemptsPrefix)) bytes += attempts_.find(piece)->size;
    const auto wanted =
        static_cast<std::int64_t>(static_cast<double>(job.bytes_per_block) * static_cast<double>(problems_) /
                                  static_cast<double>(std::max<std::int64_t>(1, bytes)));
    per_block_ = std::max({std::int64_t{1}, wanted, (problems_ + kMostBlocks - 1) / kMostBlocks});
    make_folder(work_);
    names_ = list_folder(work_);
  }

  // Local: this rank's blocks that are not there yet.
  void grade_own() {
    std::int64_t own = 0;
    for (std::int64_t problem = 0; problem < problems_; ++problem) own += is_own(problem / per_block_) ? 1 : 0;
    stage_.progress.begin(stage_.plan.name, own, 0);
    const StopLead::Work work = stage_.stop.work_begins();
    std::int64_t place = 0, done = 0;
    const auto wanted = [&](std::int64_t problem) {
      place = problem;
      return is_own(problem / per_block_);
    };
    Block block;
    for_each_problem(attempts_, wanted, [&](const Problem& problem, std::vector<Attempt> attempts) {
      stage_.stop.check();
      block.problems.emplace_back(problem, std::move(attempts));
      ++done;
      if (place + 1 < problems_ && (place + 1) % per_block_ != 0) return;
      finish(place / per_block_, block);
      block.problems.clear();
      stage_.progress.update(done, "");
    });
    stage_.progress.end();
  }

  [[nodiscard]] std::int64_t problems_per_file() const { return per_block_; }

  // Local: this rank's blocks, all finished, into the output.
  void write_own(FolderWriter& folder) const {
    for (const auto& [block, file] : finished_) {
      const std::string lines = read_file(work_ / file.name);
      if (short_digest(lines) != file.digest)
        throw Error(fmt::format("{} was damaged since it was written", (work_ / file.name).string()));
      folder.write(block_name(block) + ".jsonl", lines);
    }
  }

  // Collective: of all ranks.
  Tally tally() const {
    Communicator& world = stage_.groups.world;
    Tally all;
    for (std::int64_t Tally::*count : {&Tally::graded, &Tally::right, &Tally::unknown, &Tally::unreadable})
      all.*count = sum_over_ranks(world, "verdicts", tally_.*count);
    return all;
  }

 private:
  struct File {
    std::string name, digest;
  };

  // Own blocks follow each other: so a rank opens few files of attempts that others open, too.
  bool is_own(std::int64_t block) const {
    const Communicator& world = stage_.groups.world;
    const std::int64_t blocks = (problems_ + per_block_ - 1) / per_block_;
    return blocks * world.rank() / world.size() <= block && block < blocks * (world.rank() + 1) / world.size();
  }

  void finish(std::int64_t number, const Block& block) {
    const std::string begin = fmt::format("{}-{}-", block_name(number), block.digest());
    if (keep(number, begin)) return;
    std::string lines;
    for (const auto& [problem, attempts] : block.problems) {
      stage_.stop.check();
      grade(problem, attempts, lines);
    }
    const std::string digest = short_digest(lines);
    finished_[number] = {begin + digest + ".jsonl", digest};
    replace_file(work_ / finished_[number].name, lines);
  }

  // Whether the block was finished before an interruption.
  bool keep(std::int64_t number, const std::string& begin) {
    for (const std::string& name : names_) {
      if (!name.starts_with(begin)) continue;
      const std::string lines = read_file(work_ / name), digest = short_digest(lines);
      if (name != begin + digest + ".jsonl") {
        stage_.log.warn("{} is damaged: its verdicts are made again", (work_ / name).string());
        continue;
      }
      finished_[number] = {name, digest};
      for (std::size_t at = 0; at < lines.size(); at = lines.find('\n', at) + 1) {
        const std::string_view line = std::string_view(lines).substr(at, lines.find('\n', at) - at);
        tally_.add(grade_from_json(line, {(work_ / name).string()}).grade);
      }
      return true;
    }
    return false;
  }

  // Attempts at one problem give few different answers.
  void grade(const Problem& problem, const std::vector<Attempt>& attempts, std::string& lines) {
    std::map<std::string, Grade> known;  // by the answer
    for (const Attempt& attempt : attempts) {
      Grade grade = judge_->found(attempt.text);
      if (grade.answer_found) {
        const auto [place, fresh] = known.try_emplace(grade.answer);
        if (fresh) place->second = judge_->compared(problem.answer, std::move(grade));
        grade = place->second;
      }
      tally_.add(grade);
      lines += to_json_line(GradeRecord{problem.id, attempt.index, std::move(grade)}) + "\n";
    }
  }

  StageContext& stage_;
  const GradingJob& job_;
  SealedFolder attempts_;
  std::shared_ptr<const grade::Judge> judge_;
  fs::path work_;
  std::vector<std::string> names_;  // what lies in it from before
  std::int64_t problems_ = 0, per_block_ = 1;
  std::map<std::int64_t, File> finished_;  // this rank's blocks
  Tally tally_;
};

}  // namespace

void run_grading(StageContext& stage, const GradingJob& job) {
  Communicator& world = stage.groups.world;
  std::optional<Grading> grading;
  stage.together("grading", [&] {
    grading.emplace(stage, job);
    grading->grade_own();
  });
  const Tally tally = grading->tally();
  const auto percent = [&](std::int64_t count) {
    return tally.graded == 0 ? 0 : 100.0 * static_cast<double>(count) / static_cast<double>(tally.graded);
  };
  stage.log.info("graded {} attempts ({}): {:.1f} % right, {:.1f} % without a readable answer, {:.1f} % undecided",
                 tally.graded, to_text(job.settings), percent(tally.right), percent(tally.unreadable),
                 percent(tally.unknown));
  const Json summary{
      {"graded", tally.graded}, {"right", tally.right}, {"unknown", tally.unknown}, {"unreadable", tally.unreadable}};
  const Json body{
      {"grading", to_json(job.settings)}, {kProblemsPerFile, grading->problems_per_file()}, {"summary", summary}};
  stage.output.seal_pieces([&] { return body; }, [&](FolderWriter& folder) { grading->write_own(folder); });
  if (world.rank() == 0)
    discard_folder(verdict_work(stage.plan.folder, stage.plan.output));  // its blocks are in the output
}

}  // namespace ft

#include "framework/recipe/evaluation.h"

#include <set>

#include "framework/comm/one_rank.h"
#include "framework/recipe/file_pages.h"
#include "framework/rerank/own_attempts.h"
#include "framework/rerank/table_share.h"

namespace ft {
namespace {

using rerank::RankingTable;

rerank::RankedProblem ranked(const Problem& problem, const std::vector<GradedAttempt>& attempts) {
  rerank::RankedProblem entry = rerank::ranked_problem(problem);
  for (const GradedAttempt& attempt : attempts) {
    if (attempt.index == Attempt::kGreedy) {
      entry.greedy = rerank::candidate_of(attempt);
    } else {
      entry.candidates.push_back(rerank::candidate_of(attempt));
    }
  }
  return entry;
}

// The table's files, one a rank.
class TableFiles {
 public:
  explicit TableFiles(StageContext& stage) : world_(stage.groups.world), folder_(stage.work.path() / "table") {
    on_rank_zero(world_, "folder of the table", [&] {
      stage.work.require_place();
      discard_folder(folder_);
      make_folder(folder_);
      return std::string();
    });
  }
  [[nodiscard]] std::filesystem::path path(const char* stem, int rank) const {
    return folder_ / fmt::format("{}-{:04}.bin", stem, rank);
  }
  // Collective.
  void remove() {
    world_.barrier("table read");
    on_rank_zero(world_, "end of the table", [&] {
      discard_folder(folder_);
      return std::string();
    });
  }

 private:
  Communicator& world_;
  std::filesystem::path folder_;
};

}  // namespace

RankingTable evaluate_together(StageContext& stage, std::int64_t problems, const ReadGraded& read, bool with_scores,
                               const rerank::RankingOptions& options) {
  Communicator& world = stage.groups.world;
  const int rank = world.rank(), ranks = world.size();
  TableFiles files(stage);
  std::string directory;
  stage.together("voting", [&] {
    FilePages pages = FilePages::make(files.path("share", rank));
    rerank::TableShare share(options, with_scores, pages);
    std::int64_t place = 0;
    const std::int64_t first = problems * rank / ranks, end = problems * (rank + 1) / ranks;
    const auto own = [&](std::int64_t problem) {
      place = problem;
      return first <= problem && problem < end;
    };
    read(own, [&](const Problem& problem, const std::vector<GradedAttempt>& attempts) {
      stage.stop.check();
      share.add(place, ranked(problem, attempts));
    });
    directory = share.finish();
    pages.close();
  });
  std::vector<std::string> directories = world.all_gather_bytes("shares of the table", directory);
  std::string answer;
  RankingTable table;
  {
    std::vector<FilePages> pages;
    std::vector<rerank::TableShareView> views;
    for (int r = 0; r < ranks; ++r) pages.push_back(FilePages::open(files.path("share", r)));
    for (int r = 0; r < ranks; ++r)
      views.push_back({&pages[static_cast<std::size_t>(r)], std::move(directories[static_cast<std::size_t>(r)])});
    const rerank::Evaluation evaluation(views, options);
    views.clear();  // what they say is in it
    FilePages scratch = FilePages::make(files.path("scratch", rank));
    answer = evaluation.answer(rank, ranks, scratch);
    const std::vector<std::string> answers = world.all_gather_bytes("numbers of the table", answer);
    if (rank == 0) table = evaluation.table(answers);
  }
  files.remove();
  return table;
}

std::vector<report::Example> examples_of(const RankingTable& table, const ReadGraded& read, int count,
                                         const rerank::AnswerEquality& equality) {
  std::set<std::int64_t> places;
  for (const bool saved : {true, false}) {
    int found = 0;
    for (const rerank::ProblemRow& row : table.problems) {
      if (!row.ranked || row.majority != (saved ? 0 : 1) || *row.ranked != (saved ? 1 : 0)) continue;
      if (found++ == count) break;
      places.insert(row.place);
    }
  }
  if (places.empty()) return {};
  std::vector<rerank::RankedProblem> problems;
  read([&](std::int64_t place) { return places.contains(place); },
       [&](const Problem& problem, const std::vector<GradedAttempt>& attempts) {
         problems.push_back(ranked(problem, attempts));
       });
  return report::ranking_examples(problems, count, equality);
}

}  // namespace ft

// Sealed attempts and verdicts: what is read is what was sealed, whichever byte of whichever file the disk returns
// otherwise.

#include "framework/recipe/sealed_inputs.h"

#include <rapidcheck.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "framework/problem/records.h"
#include "framework/store/folder_writer.h"
#include "tests/support/doctest_torch.h"

using namespace ft;
namespace fs = std::filesystem;

namespace {

constexpr int kProblems = 5, kEach = 3;

struct Folders {
  fs::path base = fs::temp_directory_path() / fmt::format("ft_sealed_inputs_{}", getpid());
  Folders() { fs::create_directories(base); }
  ~Folders() { fs::remove_all(base); }

  GradedFolders seal() const {
    std::string problems, attempts;
    std::vector<std::string> verdicts(2);
    for (int p = 0; p < kProblems; ++p) {
      Problem problem;
      problem.id = fmt::format("p{}", p);
      problem.answer = "7";
      problems += to_json_line(problem) + "\n";
      for (int i = 0; i < kEach; ++i) {
        Attempt attempt;
        attempt.problem = problem.id;
        attempt.index = i;
        attempt.text = fmt::format("text {} {}", p, i);
        attempts += to_json_line(attempt) + "\n";
        Grade grade{
            .answer = fmt::format("{}", i), .answer_found = true, .verdict = Verdict::different, .reason = "rational"};
        verdicts[p < 2 ? 0 : 1] += to_json_line(GradeRecord{problem.id, i, std::move(grade)}) + "\n";
      }
    }
    FolderWriter texts = FolderWriter::create(base / "attempts");
    texts.write("attempts.jsonl", attempts);
    texts.write("problems.jsonl", problems);
    texts.seal({.format = "ftrun-attempts"});
    FolderWriter grades = FolderWriter::create(base / "verdicts");
    grades.write("verdicts-00000.jsonl", verdicts[0]);
    grades.write("verdicts-00001.jsonl", verdicts[1]);
    grades.seal({.format = "ftrun-verdicts"});
    return open();
  }
  [[nodiscard]] GradedFolders open() const {
    return {SealedFolder::open(base / "attempts"), SealedFolder::open(base / "verdicts")};
  }
};

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("sealed attempts come with their verdicts, each share with its own") {
  const Folders folders;
  const GradedFolders sealed = folders.seal();
  CHECK(count_problems(sealed.attempts) == kProblems);
  for (const int ranks : {1, 2, 7}) {
    int seen = 0;
    for (int rank = 0; rank < ranks; ++rank) {
      const auto own = [&](std::int64_t problem) { return problem % ranks == rank; };
      for_each_graded(sealed, own, [&](const Problem& problem, const std::vector<GradedAttempt>& attempts) {
        REQUIRE(attempts.size() == kEach);
        for (const GradedAttempt& attempt : attempts) {
          CHECK(attempt.text == fmt::format("text {} {}", problem.id.substr(1), attempt.index));
          CHECK(attempt.answer == fmt::format("{}", attempt.index));
        }
        ++seen;
      });
    }
    CHECK(seen == kProblems);
  }
}

TEST_CASE("a flipped bit of a file is damage of that file, never a complaint of what it made of the lines") {
  const Folders folders;
  const GradedFolders sealed = folders.seal();
  const std::vector<fs::path> files = {"attempts/attempts.jsonl", "attempts/problems.jsonl",
                                       "verdicts/verdicts-00000.jsonl", "verdicts/verdicts-00001.jsonl"};
  CHECK(rc::check([&] {
    const fs::path name = *rc::gen::elementOf(files);
    const std::string before = content_of(folders.base / name);
    std::string bytes = before;
    const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << *rc::gen::inRange(0, 8)));
    std::ofstream(folders.base / name, std::ios::binary) << bytes;
    std::string said = "nothing";
    try {
      for_each_graded(
          sealed, [&](std::int64_t problem) { return problem % 2 == 0; },
          [](const Problem&, const std::vector<GradedAttempt>&) {});
    } catch (const BrokenFolder& broken) {
      said = broken.what();
    } catch (const std::exception& other) {
      said = fmt::format("another complaint: {}", other.what());
    }
    std::ofstream(folders.base / name, std::ios::binary) << before;
    RC_ASSERT(said.find(fmt::format("{} is damaged", name.filename().string())) != std::string::npos);
  }));
}

TEST_CASE("a share opens the files that hold its problems, and all shares together meet every damage") {
  const Folders folders;
  (void)folders.seal();
  const GradedFolders whole = folders.open();
  // The same in files of some problems each, other numbers for each sort, as stages seal them; and with scores.
  const auto seal = [&](const char* name, const char* prefix, const SealedFolder& from, std::int64_t each) {
    std::vector<std::string> files((kProblems + static_cast<std::size_t>(each) - 1) / static_cast<std::size_t>(each));
    int number = 0;
    for_each_line(from, prefix, [&](std::string_view line, const Place&) {
      files[static_cast<std::size_t>(number++ / kEach / each)].append(line).push_back('\n');
    });
    FolderWriter writer = FolderWriter::create(folders.base / name);
    for (std::size_t f = 0; f < files.size(); ++f) writer.write(fmt::format("{}-{:05}.jsonl", prefix, f), files[f]);
    if (from.find("problems.jsonl") != nullptr) writer.write("problems-00000.jsonl", from.read("problems.jsonl"));
    writer.seal({.format = "ftrun-test", .body = {{kProblemsPerFile, each}}});
    return SealedFolder::open(folders.base / name);
  };
  std::string scores;
  for (int p = 0; p < kProblems; ++p) {
    for (int i = 0; i < kEach; ++i)
      scores += to_json_line(ScoreRecord{fmt::format("p{}", p), i, -1, -2, -1.0 * (p + i)}) + "\n";
  }
  FolderWriter scored = FolderWriter::create(folders.base / "scored");
  scored.write("scores-00000.jsonl", scores);
  scored.seal({.format = "ftrun-test"});
  const GradedFolders cut{seal("cut-attempts", "attempts", whole.attempts, 2),
                          seal("cut-verdicts", "verdicts", whole.verdicts, 1),
                          seal("cut-scores", "scores", SealedFolder::open(folders.base / "scored"), 3)};
  const auto read_share = [&](int rank, int ranks, const UseGraded& use) {
    for_each_graded(
        cut, [&](std::int64_t problem) { return problem * ranks / kProblems == rank; }, use);
  };
  int seen = 0;
  const auto look = [&](const Problem& problem, const std::vector<GradedAttempt>& attempts) {
    REQUIRE(attempts.size() == kEach);
    const int p = problem.id[1] - '0';
    for (const GradedAttempt& attempt : attempts) {
      CHECK(attempt.text == fmt::format("text {} {}", p, attempt.index));
      CHECK(attempt.answer == fmt::format("{}", attempt.index));
      CHECK(attempt.log_score == -p - attempt.index);
    }
    ++seen;
  };
  for (const int ranks : {1, 2, 5, 7}) {
    seen = 0;
    for (int rank = 0; rank < ranks; ++rank) read_share(rank, ranks, look);
    CHECK(seen == kProblems);
  }
  // A file of attempts holds problems 0 and 1, 2 and 3, or 4; one of verdicts one; one of scores 0 to 2, or 3 and 4.
  const std::vector<std::pair<fs::path, std::set<int>>> readers_of = {
      {"cut-attempts/attempts-00000.jsonl", {0, 1}}, {"cut-attempts/attempts-00001.jsonl", {2, 3}},
      {"cut-attempts/attempts-00002.jsonl", {4}},    {"cut-attempts/problems-00000.jsonl", {0, 1, 2, 3, 4}},
      {"cut-verdicts/verdicts-00000.jsonl", {0}},    {"cut-verdicts/verdicts-00003.jsonl", {3}},
      {"cut-scores/scores-00000.jsonl", {0, 1, 2}},  {"cut-scores/scores-00001.jsonl", {3, 4}}};
  for (const auto& [name, readers] : readers_of) {
    const std::string before = content_of(folders.base / name);
    std::string bytes = before;
    bytes[bytes.size() / 2] ^= 1;
    std::ofstream(folders.base / name, std::ios::binary) << bytes;
    std::set<int> met, met_when_dealt, checked;
    for (int rank = 0; rank < kProblems; ++rank) {
      try {
        read_share(rank, kProblems, [](const Problem&, const std::vector<GradedAttempt>&) {});
      } catch (const BrokenFolder& broken) {
        CHECK(std::string(broken.what()).find(name.filename().string()) != std::string::npos);
        met.insert(rank);
      }
      std::optional<std::int64_t> next = rank;  // dealt while reading, as scoring does it
      try {
        for_each_graded(
            cut, [&](std::int64_t problem) { return next == problem; },
            [&](const Problem&, const std::vector<GradedAttempt>&) { next.reset(); });
      } catch (const BrokenFolder&) {
        met_when_dealt.insert(rank);
      }
      try {
        check_graded(
            cut, [&](std::int64_t problem) { return problem == rank; }, [] {});
      } catch (const BrokenFolder&) {
        checked.insert(rank);
      }
    }
    CHECK(met == readers);
    CHECK(met_when_dealt == readers);
    if (name.string().find("scores") == std::string::npos) CHECK(checked == readers);
    std::ofstream(folders.base / name, std::ios::binary) << before;
  }
}

TEST_CASE("verdicts of other attempts are told, where nothing is damaged") {
  const Folders folders;
  (void)folders.seal();
  fs::remove_all(folders.base / "verdicts");
  FolderWriter grades = FolderWriter::create(folders.base / "verdicts");
  grades.write("verdicts-00000.jsonl", "");
  grades.seal({.format = "ftrun-verdicts"});
  CHECK_THROWS_WITH_AS(for_each_graded(folders.open(), all_problems, [](const Problem&, std::vector<GradedAttempt>) {}),
                       doctest::Contains("attempt 0 of problem 'p0' has no verdict"), Error);
}

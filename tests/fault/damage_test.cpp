// Damage to checkpoints, in bulk: 1,000 flipped bytes, 100 cuts, and files that are gone, empty, swapped or strange.
// Every one must be found and named when a stage resumes, and the checkpoint before it be used, with its very bits.
//
// The whole thing runs in seconds, because it resumes within one process; fault/bad_input_test.py damages a few files
// of whole runs. FT_FAULT_SEED chooses other places.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "framework/base/philox.h"
#include "framework/comm/groups.h"
#include "framework/comm/solo_communicator.h"
#include "framework/recipe/checkpoints.h"
#include "framework/store/files.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/thread_communicator.h"
#include "tests/support/tiny_model.h"

using namespace ft;
using namespace ft::testing;
namespace fs = std::filesystem;

namespace {

constexpr int kFlips = 1000, kCuts = 100;
constexpr std::int64_t kOlder = 2, kNewer = 4;

TrainingSettings settings() {
  TrainingSettings s;
  s.lanes = 2;
  s.tokens_per_lane = s.tokens_per_micro_batch = 64;
  s.length = {kNewer, Length::Unit::steps};
  return s;
}

// Two checkpoints of a training on two ranks, and one rank that resumes from what is left of them.
class Bench {
 public:
  Bench() {
    fs::create_directories(base_);
    run_ranks(2, [&](Communicator& world) {
      const GroupSet groups(world, {.ranks = 2, .tensor = 1});
      train(groups.view());
    });
    REQUIRE(fs::exists(pristine_ / "step-00000002" / "manifest.json"));
    for (const auto& entry : fs::directory_iterator(pristine_ / "step-00000004"))
      files_.push_back(entry.path().filename());
    std::sort(files_.begin(), files_.end());
    fs::copy(pristine_, work_, fs::copy_options::recursive);
    REQUIRE(resume() == kNewer);
    newer_ = flat();
    fs::remove_all(work_ / "step-00000004");
    REQUIRE(resume() == kOlder);
    older_ = flat();
    REQUIRE_FALSE(at::equal(older_, newer_));
  }
  ~Bench() { fs::remove_all(base_); }

  [[nodiscard]] const std::vector<std::string>& files() const { return files_; }  // rank-0000.h5, rank-0001.h5, ...
  [[nodiscard]] fs::path pristine(std::int64_t step) const { return pristine_ / fmt::format("step-{:08}", step); }

  // Damages the newer one and resumes: what was damaged must be named, and the older one be used.
  void expect_older(const std::string& what, const std::string& named,
                    const std::function<void(const fs::path&)>& damage) {
    put_back();
    damage(work_ / "step-00000004");
    INFO(what);
    CHECK(resume() == kOlder);
    CHECK_MESSAGE(said_.find(named) != std::string::npos, "it said: ", said_);
    CHECK(said_.find("a checkpoint is damaged, the one before it is used") != std::string::npos);
    CHECK(at::equal(flat(), older_));
  }
  // The same, for what is no damage, but is worth a word.
  void expect_newer(const std::string& named, const std::function<void(const fs::path&)>& damage) {
    put_back();
    damage(work_ / "step-00000004");
    CHECK(resume() == kNewer);
    CHECK_MESSAGE(said_.find(named) != std::string::npos, "it said: ", said_);
    CHECK(at::equal(flat(), newer_));
  }
  void expect_none(const std::function<void(const fs::path&)>& damage) {
    put_back();
    damage(work_ / "step-00000004");
    damage(work_ / "step-00000002");
    CHECK(resume() == -1);
  }

 private:
  void train(Groups groups) {
    TinyModel model(1);
    Trainer trainer(model.decoder, groups, settings(), {}, 1, examples_, no_examples_);
    Logger quiet = silent_logger();
    Checkpoints checkpoints(pristine_, groups, quiet, {.stage = "solver", .files = {{"config.json", "{\"a\": 1}\n"}}});
    TrainHooks hooks;
    hooks.on_step = [&](const StepRecord& record) {
      checkpoints.poll();
      if (record.step == kOlder) checkpoints.save(model.decoder.parameters(), trainer, trainer.cursor());
    };
    hooks.save = [&](const TrainCursor& cursor, bool) {
      checkpoints.save(model.decoder.parameters(), trainer, cursor);
    };
    trainer.run(hooks);
    checkpoints.finish();
  }

  void put_back() {
    fs::create_directories(work_);
    for (const char* step : {"step-00000002", "step-00000004"}) {
      fs::remove_all(work_ / step);
      fs::copy(pristine_ / step, work_ / step);
    }
  }

  // The step at which a run would go on; -1: it would begin anew.
  std::int64_t resume() {
    said_.clear();
    Logger log(0, [this](std::string_view line) { said_ += std::string(line) + "\n"; });
    Checkpoints checkpoints(work_, groups_, log, {.stage = "solver"});
    return checkpoints.restore(model_.decoder.parameters(), trainer_) ? trainer_.cursor().step : -1;
  }

  // Weights and moments.
  at::Tensor flat() {
    const OptimizerState& state = trainer_.optimizer_state();
    return at::cat({model_.decoder.parameters().flat().detach(), state.first_moment, state.second_moment});
  }

  const fs::path base_ = (fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) /
                         fmt::format("ftrun-damage-{}", ::getpid());
  const fs::path pristine_ = base_ / "pristine", work_ = base_ / "work";
  const std::vector<Example> examples_ = tiny_examples(20, 3), no_examples_;
  std::vector<std::string> files_;
  SoloCommunicator solo_;
  Groups groups_{solo_, solo_, solo_};
  TinyModel model_{1};
  Trainer trainer_{model_.decoder, groups_, settings(), {}, 1, examples_, no_examples_};
  at::Tensor older_, newer_;
  std::string said_;
};

std::uint64_t seed() {
  const char* given = std::getenv("FT_FAULT_SEED");
  return given ? std::strtoull(given, nullptr, 10) : 1;
}

void flip(const fs::path& path, std::int64_t offset, unsigned char with) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(offset);
  const int byte = file.get();
  file.seekp(offset);
  file.put(static_cast<char>(byte ^ with));
  REQUIRE(file.good());
}

}  // namespace

TEST_CASE("every damage to a checkpoint is found and named, and the one before it used") {
  Bench bench;
  const auto& files = bench.files();
  REQUIRE(files ==
          std::vector<std::string>{"config.json", "index.h5", "manifest.json", "rank-0000.h5", "rank-0001.h5"});
  const Philox random(seed(), "damage");
  const auto pick = [&](std::uint64_t below, int item, int what) {
    return static_cast<std::int64_t>(
        random.below(below, static_cast<std::uint64_t>(item), static_cast<std::uint64_t>(what)));
  };
  for (int i = 0; i < kFlips; ++i) {
    const std::string& file = files[static_cast<std::size_t>(pick(files.size(), i, 0))];
    const std::int64_t offset = pick(fs::file_size(bench.pristine(kNewer) / file), i, 1);
    const auto with = static_cast<unsigned char>(1 + pick(255, i, 2));
    bench.expect_older(fmt::format("byte {} of {} xor {}", offset, file, with), file,
                       [&](const fs::path& p) { flip(p / file, offset, with); });
  }
  for (int i = kFlips; i < kFlips + kCuts; ++i) {
    const std::string& file = files[static_cast<std::size_t>(pick(files.size(), i, 0))];
    const std::int64_t size = pick(fs::file_size(bench.pristine(kNewer) / file), i, 1);
    bench.expect_older(fmt::format("{} cut to {} bytes", file, size), file,
                       [&](const fs::path& p) { fs::resize_file(p / file, static_cast<std::uintmax_t>(size)); });
  }
  for (const std::string& file : files) {
    bench.expect_older(file + " is gone", file, [&](const fs::path& p) { fs::remove(p / file); });
    bench.expect_older(file + " is empty", file, [&](const fs::path& p) { fs::resize_file(p / file, 0); });
    bench.expect_older(file + " has grown", file,
                       [&](const fs::path& p) { std::ofstream(p / file, std::ios::app) << 'x'; });
    bench.expect_older(file + " is a folder", file, [&](const fs::path& p) {
      fs::remove(p / file);
      fs::create_directory(p / file);
    });
    // A whole older one; the same bytes in both.
    if (file == "manifest.json" || file == "config.json" || file == "index.h5") continue;
    bench.expect_older(file + " is that of another step", file, [&](const fs::path& p) {
      fs::copy_file(bench.pristine(kOlder) / file, p / file, fs::copy_options::overwrite_existing);
    });
  }
  bench.expect_older("the manifest of another step", "step-00000004", [&](const fs::path& p) {
    fs::copy_file(bench.pristine(kOlder) / "manifest.json", p / "manifest.json", fs::copy_options::overwrite_existing);
  });
  bench.expect_older("two files are swapped", "rank-0001.h5", [&](const fs::path& p) {
    fs::rename(p / "rank-0000.h5", p / "x");
    fs::rename(p / "rank-0001.h5", p / "rank-0000.h5");
    fs::rename(p / "x", p / "rank-0001.h5");
  });
  bench.expect_older("the whole folder is that of another step", "holds a checkpoint of step 2",
                     [&](const fs::path& p) {
                       fs::remove_all(p);
                       fs::copy(bench.pristine(kOlder), p);
                     });
  bench.expect_older("an empty folder of a later step", "step-00000099", [&](const fs::path& p) {
    fs::rename(p, p.parent_path() / "step-00000099");
    fs::remove(p.parent_path() / "step-00000099" / "manifest.json");
  });
  bench.expect_newer("stranger.txt does not belong to this folder",
                     [](const fs::path& p) { std::ofstream(p / "stranger.txt") << "?"; });
  bench.expect_none([](const fs::path& p) { flip(p / "rank-0000.h5", 5000, 1); });
}

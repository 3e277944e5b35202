// Damage to checkpoints, in bulk: 1,000 flipped bytes, 100 cuts, and files that are gone, empty, swapped or strange.
// Every one must be found and named when a stage resumes, the checkpoint before it be used, with its very bits, and the
// damaged one be set aside with every byte it had.
//
// A file that cannot be read is not damaged: the run ends, and everything stays. Bytes that were sound when they were
// hashed and are not when they are read are damage, which all ranks see alike: this program defines pread(2), by which HDF5
// reads, itself.
//
// The whole thing runs in seconds, because it resumes within one process; fault/bad_input_test.py damages a few files
// of whole runs. FT_FAULT_SEED chooses other places.
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

#include "framework/base/philox.h"
#include "framework/comm/groups.h"
#include "framework/comm/solo_communicator.h"
#include "framework/recipe/checkpoints.h"
#include "framework/store/files.h"
#include "framework/store/sealed_folder.h"
#include "framework/store/set_aside.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/thread_communicator.h"
#include "tests/support/tiny_model.h"

using namespace ft;
using namespace ft::testing;
namespace fs = std::filesystem;

namespace {

// What reading the values of step 4 meets, in the file of this name.
enum class Disk { sound, other_bytes, error };
std::atomic<Disk> disk = Disk::sound;
std::string disk_file = "rank-0001.h5";

bool is_read_badly(int file, std::size_t size) {
  if (disk == Disk::sound || size < 2000) return false;  // values, not HDF5's own
  std::array<char, PATH_MAX> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  return ::readlink(link.c_str(), path.data(), path.size() - 1) > 0 &&
         std::string_view(path.data()).ends_with("step-00000004/" + disk_file);
}

}  // namespace

extern "C" {
ssize_t pread(int file, void* data, size_t size, off_t offset) {
  const bool bad = is_read_badly(file, size);
  if (bad && disk == Disk::error) {
    errno = EIO;
    return -1;
  }
  const ssize_t count = ::syscall(SYS_pread64, file, data, size, offset);
  if (bad && count > 0) static_cast<char*>(data)[count / 2] ^= 1;
  return count;
}
ssize_t pread64(int file, void* data, size_t size, off64_t offset) { return pread(file, data, size, offset); }
}

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

void flip(const fs::path& path, std::int64_t offset, unsigned char with) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(offset);
  const int byte = file.get();
  file.seekp(offset);
  file.put(static_cast<char>(byte ^ with));
  REQUIRE(file.good());
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
    const auto before = content();
    INFO(what);
    CHECK(resume() == kOlder);
    CHECK(content() == before);
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
  // Step 4 is damaged and set aside; step 2 is saved again, then step 4.
  void expect_saves() {
    put_back();
    flip(work_ / "step-00000004" / "rank-0000.h5", 5000, 1);
    REQUIRE(resume() == kOlder);
    const std::string damaged = names()[1];
    REQUIRE(is_set_aside(damaged));
    Logger quiet = silent_logger();
    Checkpoints checkpoints(work_, groups_, quiet, {.stage = "solver"});
    TrainCursor cursor = trainer_.cursor();
    cursor.validation_due = true;
    checkpoints.save(model_.decoder.parameters(), trainer_, cursor);
    checkpoints.finish();
    CHECK(names() == std::vector<std::string>{"step-00000002", damaged});
    const auto metadata = SealedFolder::open(work_ / "step-00000002").manifest().body.at("metadata");
    CHECK(metadata.at("cursor").at("validation_due") == true);
    CHECK(SealedFolder::open(work_ / "step-00000002").verify().empty());
    cursor.step = kNewer;
    checkpoints.save(model_.decoder.parameters(), trainer_, cursor);
    checkpoints.finish();
    CHECK(names() == std::vector<std::string>{"step-00000002", "step-00000004"});
  }
  void expect_none(const std::function<void(const fs::path&)>& damage) {
    put_back();
    damage(work_ / "step-00000004");
    damage(work_ / "step-00000002");
    const auto before = content();
    CHECK(resume() == -1);
    CHECK(content() == before);
    CHECK(said_.find("no sound checkpoint to go on from is left") != std::string::npos);
  }

  // On two ranks: the steps at which they would go on, -1 anew, and what each one threw.
  struct Resumed {
    std::array<std::int64_t, 2> steps{-2, -2};
    std::array<std::string, 2> errors;
  };
  Resumed resume_on_two(bool older_is_there = true) {
    put_back();
    if (!older_is_there) fs::remove_all(work_ / "step-00000002");
    Resumed resumed;
    run_ranks(2, [&](Communicator& world) {
      const GroupSet groups(world, {.ranks = 2, .tensor = 1});
      const auto rank = static_cast<std::size_t>(world.rank());
      TinyModel model(1);
      Trainer trainer(model.decoder, groups.view(), settings(), {}, 1, examples_, no_examples_);
      Logger quiet = silent_logger();
      Checkpoints checkpoints(work_, groups.view(), quiet, {.stage = "solver"});
      try {
        resumed.steps[rank] = checkpoints.restore(model.decoder.parameters(), trainer) ? trainer.cursor().step : -1;
      } catch (const Error& error) {
        resumed.errors[rank] = error.what();
      }
    });
    return resumed;
  }
  [[nodiscard]] std::vector<std::string> names() const { return list_folder(work_); }
  // As put back, under the names that they have now.
  [[nodiscard]] bool is_untouched() const {
    return names() == list_folder(pristine_) && content() == content_of(pristine_);
  }

 private:
  void train(Groups groups) {
    TinyModel model(1);
    Trainer trainer(model.decoder, groups, settings(), {}, 1, examples_, no_examples_);
    Logger quiet = silent_logger();
    Checkpoints checkpoints(pristine_, groups, quiet, {.stage = "solver", .files = {{"config.json", "{\"a\": 1}\n"}}});
    TrainHooks hooks;
    hooks.on_step = [&](const StepRecord& record) {
      if (record.step == kOlder) checkpoints.save(model.decoder.parameters(), trainer, trainer.cursor());
    };
    hooks.background_done = [&] { return checkpoints.ready(); };
    hooks.advance_background = [&] { checkpoints.advance(); };
    hooks.save = [&](const TrainCursor& cursor, bool) {
      checkpoints.save(model.decoder.parameters(), trainer, cursor);
    };
    trainer.run(hooks);
    checkpoints.finish();
  }

  void put_back() {
    fs::remove_all(work_);
    fs::copy(pristine_, work_, fs::copy_options::recursive);
  }

  // Every file, by the name that its folder had before it was set aside.
  std::map<std::string, std::string> content() const { return content_of(work_); }
  static std::map<std::string, std::string> content_of(const fs::path& folder) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const fs::path inside = entry.path().lexically_relative(folder);
      const std::string name = original_of(*inside.begin()) + "/" + inside.lexically_relative(*inside.begin()).string();
      files[name] = entry.is_regular_file() ? read_file(entry.path()) : "";
    }
    return files;
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

}  // namespace

TEST_CASE("bytes that change between the hash and the reading are damage on all ranks; an error of reading is none") {
  Bench bench;
  const std::vector<std::string> both = {"step-00000002", "step-00000004"};
  for (const char* file : {"rank-0000.h5", "rank-0001.h5"}) {
    CAPTURE(file);
    disk_file = file;
    disk = Disk::error;
    auto resumed = bench.resume_on_two();
    CHECK(resumed.errors[0] == resumed.errors[1]);
    CHECK(resumed.errors[0].find(file) != std::string::npos);
    CHECK(resumed.errors[0].find("Input/output error") != std::string::npos);
    CHECK(bench.names() == both);
    CHECK(bench.is_untouched());

    disk = Disk::other_bytes;
    resumed = bench.resume_on_two();
    CHECK(resumed.steps == std::array{kOlder, kOlder});
    REQUIRE(bench.names().size() == 2);
    CHECK(bench.names()[0] == "step-00000002");
    CHECK(original_of(bench.names()[1]) == "step-00000004");
    CHECK(is_set_aside(bench.names()[1]));

    resumed = bench.resume_on_two(false);  // the last one: first values are gone, so it is not begun anew at once
    CHECK(resumed.errors[0] == resumed.errors[1]);
    CHECK(resumed.errors[0].find("it was the last checkpoint") != std::string::npos);
    REQUIRE(bench.names().size() == 1);
    CHECK(is_set_aside(bench.names()[0]));
    disk = Disk::sound;
    CHECK(bench.resume_on_two().steps == std::array{kNewer, kNewer});
  }
}

TEST_CASE(
    "damaged checkpoints go when one that is not older is sealed, and the same step is saved again beside itself") {
  Bench bench;
  bench.expect_saves();
}

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

// A disk that is full at the n-th write, for every n: of a checkpoint (at once and in the background), a sealed folder,
// a log of attempts, a replaced file, the step log, TensorBoard events, an export and a store of examples.
//
// Each time there must be an Error that says what could not be written and where, and that the disk is full; what was
// there before must be untouched; and with space again the same call must succeed.
//
// This program defines write(2) and its like itself, so every library in it calls these: they fail with ENOSPC when
// their turn has come, and only for files of the test's folder.
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "framework/batching/example_store.h"
#include "framework/checkpoint/background_writer.h"
#include "framework/checkpoint/stored_weights.h"
#include "framework/model/hugging_face_writer.h"
#include "framework/store/append_log.h"
#include "framework/store/files.h"
#include "framework/store/sealed_folder.h"
#include "framework/tensor/safetensors.h"
#include "framework/train/event_file.h"
#include "framework/train/step_log.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/tiny_model.h"
#include "tests/unit/checkpoint/checkpoint_cases.h"

using namespace ft;
using namespace ft::testing;

namespace {

std::string folder_of_test;         // set before anything is armed
std::atomic<int> countdown = 0;     // the call at which it reaches 0 finds the disk full; 0: not armed
std::atomic<bool> is_full = false;  // from then on nothing more fits

// Makes the call fail when its turn has come, or when it needs space and there is none any more.
bool path_fails(const char* path, bool needs_space) {
  const bool ours = std::string_view(path).substr(0, folder_of_test.size()) == folder_of_test;
  if (!ours || (!is_full && countdown == 0)) return false;
  if (is_full && !needs_space) return false;
  if (!is_full && countdown.fetch_sub(1) == 1) is_full = true;
  if (is_full) errno = ENOSPC;
  return is_full;
}

bool file_fails(int file, bool needs_space) {
  if (!is_full && countdown == 0) return false;
  std::array<char, PATH_MAX> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  return ::readlink(link.c_str(), path.data(), path.size() - 1) > 0 && path_fails(path.data(), needs_space);
}

}  // namespace

extern "C" {
// As real disks do: half of it still fits.
ssize_t write(int file, const void* data, size_t size) {
  const bool was_full = is_full;
  const bool fails = file_fails(file, true);
  if (fails && (was_full || size < 2)) return -1;
  return ::syscall(SYS_write, file, data, fails ? size / 2 : size);
}
ssize_t pwrite(int file, const void* data, size_t size, off_t offset) {
  return file_fails(file, true) ? -1 : ::syscall(SYS_pwrite64, file, data, size, offset);
}
ssize_t pwrite64(int file, const void* data, size_t size, off64_t offset) { return pwrite(file, data, size, offset); }
ssize_t writev(int file, const struct iovec* parts, int count) {
  return file_fails(file, true) ? -1 : ::syscall(SYS_writev, file, parts, count);
}
int fallocate(int file, int mode, off_t offset, off_t size) {
  return file_fails(file, true) ? -1 : static_cast<int>(::syscall(SYS_fallocate, file, mode, offset, size));
}
int fsync(int file) { return file_fails(file, false) ? -1 : static_cast<int>(::syscall(SYS_fsync, file)); }
int fdatasync(int file) { return file_fails(file, false) ? -1 : static_cast<int>(::syscall(SYS_fdatasync, file)); }
int rename(const char* from, const char* to) noexcept {
  return path_fails(to, false) ? -1 : static_cast<int>(::syscall(SYS_rename, from, to));
}
int renameat2(int, const char* from, int, const char* to, unsigned flags) noexcept {
  return path_fails(to, false) ? -1 : static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags));
}
int mkdir(const char* path, mode_t mode) noexcept {
  return path_fails(path, true) ? -1 : static_cast<int>(::syscall(SYS_mkdir, path, mode));
}
}

namespace {

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

std::string complaint(const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no complaint";
}

using Action = std::function<void(const fs::path& folder)>;

struct Operation {
  Action before;   // makes the state before
  Action run;      // what is hit
  Action is_old;   // checks what must be there after a failure
  Action is_done;  // checks what must be there after success
};

// Runs the operation with its n-th write failing, for every n; returns how many there are.
int fail_at_every_write(const Operation& operation) {
  for (int n = 1;; ++n) {
    const TemporaryFolder folder;
    folder_of_test = folder.path.string();
    operation.before(folder.path);
    INFO("write number ", n);
    countdown = n;
    const std::string message = complaint([&] { operation.run(folder.path); });
    countdown = 0;
    if (!is_full.exchange(false)) {
      CHECK(message == "no complaint");
      operation.is_done(folder.path);
      return n - 1;
    }
    CHECK_MESSAGE(contains(message, "No space left on device"), message);
    CHECK_MESSAGE(contains(message, "cannot "), message);
    CHECK_MESSAGE(contains(message, folder_of_test), message);
    operation.is_old(folder.path);
    operation.run(folder.path);
    operation.is_done(folder.path);
  }
}

void append_three(const fs::path& folder) {
  AppendLog log(folder / "attempts-0000.jsonl");
  for (const char* record : {"{\"a\":2}", "{\"a\":3}", "{\"a\":4}"}) log.append(record);
  log.sync();
}

std::vector<std::string> records_in(const fs::path& folder) {
  std::vector<std::string> records;
  const PieceCounts counts =
      read_pieces(list_pieces(folder, "attempts"), [&](std::string_view record) { records.emplace_back(record); });
  CHECK(counts.damaged == 0);
  return records;
}

}  // namespace

TEST_CASE("a checkpoint") {
  const auto background = [](const fs::path& target) {
    on_grid(2, 1, [&](Groups groups) {
      Rank rank(groups);
      rank.fill_all();
      BackgroundWriter writer(groups);
      writer.begin(target, rank.content());
      (void)writer.finish();
    });
  };
  const Action before = [](const fs::path& folder) { (void)write_on(2, 1, folder / "step-1"); };
  const Action is_old = [](const fs::path& folder) {
    CHECK(names_in(folder) == std::vector<std::string>{"step-1"});
    read_alone(folder / "step-1");
  };
  const Action is_done = [](const fs::path& folder) {
    CHECK(names_in(folder) == std::vector<std::string>{"step-1", "step-2"});
    read_alone(folder / "step-1");
    read_alone(folder / "step-2");
    CHECK(SealedFolder::open(folder / "step-2").verify().empty());
  };
  const int blocking = fail_at_every_write(
      {before, [](const fs::path& folder) { (void)write_on(2, 1, folder / "step-2"); }, is_old, is_done});
  const int in_background =
      fail_at_every_write({before, [&](const fs::path& folder) { background(folder / "step-2"); }, is_old, is_done});
  MESSAGE("writes of a checkpoint: ", blocking, ", in the background: ", in_background);
  CHECK(blocking > 30);
  CHECK(in_background == blocking);
}

TEST_CASE("a checkpoint that is written again: the one before stays until the new one is sealed") {
  const Action before = [](const fs::path& folder) { (void)write_on(2, 1, folder / "step-1"); };
  const Action again = [](const fs::path& folder) {
    on_grid(2, 1, [&](Groups groups) {
      Rank rank(groups);
      rank.fill_all();
      BackgroundWriter writer(groups);
      writer.begin(folder / "step-1", rank.content(), {}, FolderWriter::IfThere::exchange);
      (void)writer.finish();
    });
  };
  const Action one = [](const fs::path& folder) {
    CHECK(names_in(folder) == std::vector<std::string>{"step-1"});
    CHECK(SealedFolder::open(folder / "step-1").verify().empty());
    read_alone(folder / "step-1");
  };
  CHECK(fail_at_every_write({before, again, one, one}) > 30);
}

TEST_CASE("a sealed output") {
  const Action before = [](const fs::path& folder) { replace_file(folder / "other", "old"); };
  const int writes = fail_at_every_write(
      {before,
       [](const fs::path& folder) {
         FolderWriter writer = FolderWriter::create(folder / "output");
         writer.write("report.json", std::string(10000, 'x'));
         writer.write("html/index.html", "page");
         writer.seal({.format = "ftrun-report"});
       },
       [](const fs::path& folder) { CHECK(names_in(folder) == std::vector<std::string>{"other"}); },
       [](const fs::path& folder) { CHECK(SealedFolder::open(folder / "output").verify().empty()); }});
  CHECK(writes >= 14);
}

TEST_CASE("a log of attempts: what was appended stays, what was torn is cut off") {
  const int writes = fail_at_every_write(
      {[](const fs::path& folder) { AppendLog(folder / "attempts-0000.jsonl").append("{\"a\":1}"); }, append_three,
       [](const fs::path& folder) {
         const auto records = records_in(folder);
         REQUIRE(!records.empty());
         CHECK(records.size() <= 4);
         CHECK(records.front() == "{\"a\":1}");
         CHECK(text_of(folder / "attempts-0000.jsonl").back() == '\n');
       },
       [](const fs::path& folder) {
         const auto records = records_in(folder);
         REQUIRE(records.size() >= 4);
         CHECK(records.back() == "{\"a\":4}");
       }});
  CHECK(writes == 4);
}

TEST_CASE("a file that is replaced") {
  const int writes =
      fail_at_every_write({[](const fs::path& folder) { replace_file(folder / "run.yaml", "old"); },
                           [](const fs::path& folder) { replace_file(folder / "run.yaml", "new"); },
                           [](const fs::path& folder) {
                             CHECK(names_in(folder) == std::vector<std::string>{"run.yaml"});
                             const std::string text = text_of(folder / "run.yaml");
                             CHECK((text == "old" || text == "new"));  // the last step only makes the new name durable
                           },
                           [](const fs::path& folder) { CHECK(text_of(folder / "run.yaml") == "new"); }});
  CHECK(writes == 5);
}

TEST_CASE("the step log and TensorBoard's events") {
  const Action run = [](const fs::path& folder) {
    StepLog log(folder / "steps.jsonl", Owner(), 1);
    EventFile events(folder / "events", 1000, 1);
    log.write(StepRecord{.step = 2});
    events.add("loss", 1.0, 2, 1001);
    log.write(StepRecord{.step = 3});
  };
  const auto steps = [](const fs::path& folder) {
    std::vector<std::int64_t> found;
    std::ifstream file(folder / "steps.jsonl");
    for (std::string line; std::getline(file, line);) {
      const auto json = nlohmann::json::parse(line, nullptr, false);
      if (json.is_object()) found.push_back(json["step"]);
    }
    return found;
  };
  const int writes = fail_at_every_write({[](const fs::path& folder) {
                                            StepLog log(folder / "steps.jsonl", Owner(), 0);
                                            for (const std::int64_t step : {1, 2})
                                              log.write(StepRecord{.step = step});  // the second one is to be dropped
                                          },
                                          run,
                                          [&](const fs::path& folder) {
                                            REQUIRE(!steps(folder).empty());
                                            CHECK(steps(folder).front() == 1);
                                          },
                                          [&](const fs::path& folder) {
                                            CHECK(steps(folder) == std::vector<std::int64_t>{1, 2, 3});
                                          }});
  CHECK(writes >= 6);
}

TEST_CASE("an export") {
  const ModelConfig config = tiny_config();
  std::vector<float> values(6000, 1.5F);
  const auto run = [&](const fs::path& folder) {
    make_folder(folder / "out");
    write_hugging_face(
        folder / "out", config, {{"a", {60, 50}}, {"b", {100, 60}}},
        [&](const std::string& name) { return std::span(std::as_const(values)).first(name == "a" ? 3000 : 6000); },
        {.max_file_bytes = 20000});
  };
  const int writes = fail_at_every_write({[](const fs::path&) {}, run,
                                          [](const fs::path&) {},  // launch/export.cpp names the folder last
                                          [](const fs::path& folder) {
                                            const SafetensorsReader reader(folder / "out");
                                            CHECK(reader.tensors().size() == 2);
                                          }});
  CHECK(writes >= 12);
}

TEST_CASE("a store of tokenised examples: blocks that were written before are kept") {
  const std::string key = example_key(std::vector<std::string>{"full disk"});
  const auto store_in = [&](const fs::path& folder) { return ExampleStore(folder / "store", key); };
  const auto block = [&](std::int64_t number) {
    return pack_block({key, number}, ft::testing::tiny_examples(5, static_cast<std::uint64_t>(number)));
  };
  const Action before = [&](const fs::path& folder) {
    fs::create_directory(folder / "store");
    ExamplePiece piece = store_in(folder).piece(0, 0);
    (void)piece.append(block(0));
  };
  const Action complete = [&](const fs::path& folder) {
    const ExampleStore store = store_in(folder);
    std::vector<BlockRecord> records = store.scan(0, 1).found;
    const std::int64_t there = std::ssize(records);
    ExamplePiece piece = store.piece(0, end_of_piece(records, 0));
    for (std::int64_t number = there; number < 3; ++number) records.push_back(piece.append(block(number)));
    piece.sync();
    store.write_index(records);
  };
  const Action is_old = [&](const fs::path& folder) {
    const std::vector<BlockRecord> found = store_in(folder).scan(0, 1).found;
    REQUIRE(!found.empty());
    CHECK(found.front().number == 0);
  };
  const Action is_done = [&](const fs::path& folder) { CHECK(store_in(folder).open().size() == 15); };
  CHECK(fail_at_every_write({before, complete, is_old, is_done}) >= 6);
}

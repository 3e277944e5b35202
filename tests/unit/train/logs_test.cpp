#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "framework/base/reading.h"
#include "framework/train/event_file.h"
#include "framework/train/step_log.h"
#include "tests/support/doctest_torch.h"

using namespace ft;
namespace fs = std::filesystem;

namespace {

struct TemporaryFolder {
  fs::path path = fs::temp_directory_path() / ("ftrun-logs-" + std::to_string(::getpid()));
  TemporaryFolder() { fs::create_directories(path); }
  ~TemporaryFolder() { fs::remove_all(path); }
};

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

const Owner kOwner("0123456789abcdef");

}  // namespace

TEST_CASE("CRC-32C equals published check values") {
  CHECK(crc32c("123456789") == 0xE3069283U);            // the check value of the CRC catalogue
  CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AAU);  // RFC 3720, B.4
  CHECK(crc32c(std::string(32, '\xFF')) == 0x62A8AB43U);
}

TEST_CASE("an event file has the bytes that TensorBoard's reader accepts") {
  const TemporaryFolder folder;
  EventFile events(folder.path, 1700000000, 3);
  events.add("loss", 1.5, 4, 1700000001);
  const std::string bytes = content(events.path());
  // Walk the framing: each record's checksums must hold, and nothing may be left over.
  std::vector<std::string> records;
  for (std::size_t at = 0; at < bytes.size();) {
    std::uint64_t length = 0;
    std::uint32_t crc = 0;
    std::memcpy(&length, bytes.data() + at, 8);
    std::memcpy(&crc, bytes.data() + at + 8, 4);
    CHECK(crc == masked_crc32c(bytes.substr(at, 8)));
    records.push_back(bytes.substr(at + 12, length));
    std::memcpy(&crc, bytes.data() + at + 12 + length, 4);
    CHECK(crc == masked_crc32c(records.back()));
    at += 16 + length;
  }
  REQUIRE(records.size() == 3);
  CHECK(records[0].find("brain.Event:2") != std::string::npos);
  // Event{1: 1700000001.0, 2: 4, 5: Summary{1: Value{1: "loss", 2: 1.5f}}}, written out by hand.
  double seconds = 1700000001;
  const std::string expected = std::string("\x09") + std::string(reinterpret_cast<const char*>(&seconds), 8) +
                               "\x10\x04" + std::string("\x2a\x0d\x0a\x0b\x0a\x04", 6) + "loss" +
                               std::string("\x15\x00\x00\xc0\x3f", 5);
  CHECK(records[2] == expected);
  CHECK(EventFile(folder.path, 1700000000, 3).path() != events.path());
}

TEST_CASE("a step log that is opened again holds every step once") {
  const TemporaryFolder folder;
  const fs::path path = folder.path / "steps.jsonl";
  StepRecord record{.num_steps = 9, .loss = 2.5, .terms = {2.5}, .counts = {7}};
  {
    StepLog log(path, kOwner, 0);
    for (record.step = 1; record.step <= 5; ++record.step) log.write(record);
    log.write(ValidationRecord{.step = 3, .loss = 1.25});
  }
  std::ofstream(path, std::ios::app) << "{\"step\":6,\"lo";  // torn by a kill
  {
    StepLog log(path, kOwner, 3);
    record.step = 4;
    log.write(record);
  }
  std::string expected;
  for (record.step = 1; record.step <= 3; ++record.step) expected += to_json_line(record, kOwner) + "\n";
  expected += to_json_line(ValidationRecord{.step = 3, .loss = 1.25}, kOwner) + "\n";
  CHECK(expected.find("{\"step\":3,\"validation_loss\":1.25,\"of\":\"0123456789abcdef\",\"sum\":\"") !=
        std::string::npos);
  record.step = 4;
  expected += to_json_line(record, kOwner) + "\n";
  CHECK(content(path) == expected);
  CHECK(to_json_line(record, kOwner).find("\"terms\":{\"mle\":2.5}") != std::string::npos);
}

TEST_CASE("a flipped bit anywhere in a line of the step log makes it no record, or changes nothing that is read") {
  const TemporaryFolder folder;
  const fs::path path = folder.path / "steps.jsonl";
  const std::string step = to_json_line(
                        StepRecord{.step = 12, .loss = 2.5, .terms = {2.5}, .counts = {7}, .gradient_norm = 0.75},
                        kOwner),
                    checked = to_json_line(ValidationRecord{.step = 12, .loss = 1.5}, kOwner);
  for (const std::string& line : {step, checked}) {
    const auto original = read_step_line(line, kOwner);
    REQUIRE(original);
    const std::size_t frame = line.rfind(",\"sum\"");
    for (std::size_t at = 0; at < line.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string other = line;
        other[at] = static_cast<char>(other[at] ^ (1 << bit));
        const auto read = read_step_line(other, kOwner);
        if (at < frame) CHECK_FALSE(read);
        if (read) CHECK((*read)["step"] == (*original)["step"]);
        if (at < frame) CHECK_FALSE(step_from_json(other, kOwner));
      }
    }
    CHECK_FALSE(read_step_line(line.substr(0, frame) + "}", kOwner));  // as older programs wrote them
  }
  std::string damaged = step;
  damaged[damaged.find("2.5")] = '3';
  std::ofstream(path, std::ios::binary) << step << "\n" << damaged << "\n" << checked << "\n";
  CHECK(count_foreign_lines(path, kOwner) == 1);
  CHECK(StepLog(path, kOwner, 12).foreign_lines() == 1);
  CHECK(content(path) == step + "\n" + checked + "\n");
}

TEST_CASE("foreign lines in a step log are left out and counted; what needs no change is not touched") {
  const TemporaryFolder folder;
  const fs::path path = folder.path / "steps.jsonl";
  const std::string one = to_json_line(StepRecord{.step = 1}, kOwner),
                    two = to_json_line(StepRecord{.step = 2}, kOwner),
                    skipped = to_json_line(StepRecord{.step = 3, .skipped = true}, kOwner),
                    checked = to_json_line(ValidationRecord{.step = 2, .loss = 1.5}, kOwner);
  const std::vector<std::string> foreign = {"",
                                            "x",
                                            "# a note",
                                            "[1]",
                                            "{}",
                                            "7",
                                            "null",
                                            R"({"step":"2"})",
                                            R"({"step":2})",
                                            R"({"step":null,"loss":1})",
                                            "\xff\xfe",
                                            R"({"step":2,"validation_loss":"low"})",
                                            R"({"step":2,"loss":"x","tokens":1,"seconds":1,"learning_rate":1})"};
  std::string text = one + "\n";
  for (const std::string& line : foreign) text += line + "\n";
  text += two + "\n" + checked + "\n" + skipped + "\n{\"step\":4,\"lo";
  std::ofstream(path, std::ios::binary) << text;
  {
    const StepLog log(path, kOwner, 3);
    CHECK(log.foreign_lines() == std::ssize(foreign));
  }
  const std::string kept = one + "\n" + two + "\n" + checked + "\n" + skipped + "\n";
  CHECK(content(path) == kept);
  const auto inode = [&] {
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    return info.st_ino;
  };
  const auto before = inode();
  {
    StepLog log(path, kOwner, 3);
    CHECK(log.foreign_lines() == 0);
  }
  CHECK(inode() == before);
  CHECK(content(path) == kept);
  fs::remove(path);
  fs::create_symlink(folder.path / "nowhere", path);
  CHECK_THROWS_AS(StepLog(path, kOwner, 3), Unreadable);
  fs::remove(path);
}

TEST_CASE("steps of another stage are foreign, whole as they are") {
  const TemporaryFolder folder;
  const fs::path path = folder.path / "steps.jsonl";
  const Owner other("0123456789abcdee"), nobody;
  std::string text, own;
  for (std::int64_t step = 1; step <= 40; ++step) {
    const Owner& owner = step % 3 == 0 ? other : step % 7 == 0 ? nobody : kOwner;
    const std::string line = step % 5 == 0 ? to_json_line(ValidationRecord{.step = step, .loss = 1}, owner)
                                           : to_json_line(StepRecord{.step = step}, owner);
    text += line + "\n";
    if (owner.text() == kOwner.text()) own += line + "\n";
    for (const Owner& reader : {kOwner, other, nobody}) {
      CHECK(read_step_line(line, reader).has_value() == (reader.text() == owner.text()));
      CHECK(step_from_json(line, reader).has_value() == (reader.text() == owner.text() && step % 5 != 0));
    }
  }
  std::ofstream(path, std::ios::binary) << text;
  const std::int64_t foreign = 13 + 4;  // steps that 3 divides; of the others those that 7 divides
  CHECK(count_foreign_lines(path, kOwner) == foreign);
  CHECK(StepLog(path, kOwner, 40).foreign_lines() == foreign);
  CHECK(content(path) == own);
}

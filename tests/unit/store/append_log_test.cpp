#include "framework/store/append_log.h"

#include <rapidcheck.h>
#include <sys/resource.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/unit/store/temp_folder.h"

using namespace ft;
using namespace ft::testing;
namespace fs = std::filesystem;

namespace {

struct Read {
  std::vector<std::string> records;
  PieceCounts counts;
};

Read read(const std::vector<fs::path>& paths) {
  Read result;
  result.counts = read_pieces(paths, [&](std::string_view json) { result.records.emplace_back(json); });
  return result;
}

const std::vector<std::string> kRecords = {R"({"id":1})", R"({"text":"a\nb \" } { \u00e4"})", "[]", R"("x")"};

void write_records(const fs::path& path) {
  AppendLog log(path);
  for (const std::string& record : kRecords) log.append(record);
  log.sync();
}

}  // namespace

TEST_CASE("records read back, and every line is JSON") {
  const TempFolder temp;
  write_records(temp / "a");
  const Read all = read({temp / "a"});
  CHECK(all.records == kRecords);
  CHECK(all.counts.records == 4);
  CHECK(all.counts.torn + all.counts.damaged == 0);
  std::ifstream in(temp / "a");
  std::string line;
  for (const std::string& record : kRecords) {
    REQUIRE(std::getline(in, line));
    CHECK(nlohmann::json::parse(line)["record"] == nlohmann::json::parse(record));
  }
}

TEST_CASE("cut anywhere, the file gives the records before the cut, and goes on") {
  const TempFolder temp;
  write_records(temp / "whole");
  const std::string whole = read_plain(temp / "whole");
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const std::string head = whole.substr(0, size);
    write_plain(temp / "cut", head);
    const auto lines = static_cast<std::size_t>(std::count(head.begin(), head.end(), '\n'));
    const bool torn = !head.empty() && head.back() != '\n';
    const Read before = read({temp / "cut"});
    REQUIRE(before.records == std::vector<std::string>(kRecords.begin(), kRecords.begin() + static_cast<long>(lines)));
    REQUIRE(before.counts.torn == (torn ? 1 : 0));
    REQUIRE(before.counts.damaged == 0);
    AppendLog log(temp / "cut");
    REQUIRE((log.dropped_bytes() > 0) == torn);
    log.append("7");
    const Read after = read({temp / "cut"});
    REQUIRE(after.records.size() == lines + 1);
    REQUIRE(after.records.back() == "7");
    REQUIRE(after.counts.torn + after.counts.damaged == 0);
  }
}

TEST_CASE("a flipped bit costs its own line and no other") {
  const TempFolder temp;
  write_records(temp / "whole");
  const std::string whole = read_plain(temp / "whole");
  for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
    std::string bytes = whole;
    bytes[i] = static_cast<char>(bytes[i] ^ 4);
    write_plain(temp / "flipped", bytes);
    const Read all = read({temp / "flipped"});
    const bool joins_lines = whole[i] == '\n';
    REQUIRE(all.records.size() == kRecords.size() - (joins_lines ? 2 : 1));
    REQUIRE(all.counts.damaged == 1);
    for (const std::string& record : all.records) {
      REQUIRE(std::find(kRecords.begin(), kRecords.end(), record) != kRecords.end());
    }
  }
  write_plain(temp / "zeros", whole + std::string(5000, '\0'));  // what a lost machine leaves
  const Read zeros = read({temp / "zeros"});
  CHECK(zeros.records == kRecords);
  CHECK(zeros.counts.torn == 1);
  CHECK(zeros.counts.complaints == std::vector<std::string>{"zeros:5: a torn last line is passed over"});
}

TEST_CASE("records of others and of nobody are told from an owner's, in one file and in any order") {
  CHECK_THROWS(Owner("0123456789abcde"));
  CHECK_THROWS(Owner("0123456789abcdeF"));
  const Owner mine("00000000000000aa"), theirs("00000000000000bb11");
  CHECK(rc::check([&](const std::vector<std::uint8_t>& kinds) {
    const TempFolder temp;
    const fs::path path = temp / "a-0000.jsonl";
    std::vector<std::string> expected;
    std::int64_t foreign = 0;
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      const std::string record = fmt::format(R"({{"id":{}}})", i);
      AppendLog(path, kinds[i] % 3 == 0 ? mine : kinds[i] % 3 == 1 ? theirs : Owner()).append(record);
      if (kinds[i] % 3 == 0) expected.push_back(record);
      foreign += kinds[i] % 3 == 0 ? 0 : 1;
    }
    const RecordFiles files({path}, mine);
    std::vector<std::string> got, by_stretch, one_by_one;
    RecordPlace all{0, 0, 0};
    std::vector<RecordPlace> places;
    const PieceCounts counts = files.read_all(0, [&](std::string_view json, const RecordPlace& place) {
      got.emplace_back(json);
      places.push_back(place);
    });
    RC_ASSERT(got == expected);
    RC_ASSERT(counts.foreign == foreign);
    RC_ASSERT(counts.records == std::ssize(expected));
    RC_ASSERT(counts.damaged == 0);
    if (kinds.empty()) return;
    all.size = static_cast<std::int64_t>(fs::file_size(path));
    files.read_lines(all, [&](std::string_view json) { by_stretch.emplace_back(json); });
    for (const RecordPlace& place : places) one_by_one.push_back(files.read(place));
    RC_ASSERT(by_stretch == expected);
    RC_ASSERT(one_by_one == expected);
    RC_ASSERT(read({path}).counts.records == std::ssize(kinds));
  }));
}

TEST_CASE("a record under another owner's name is damaged") {
  const TempFolder temp;
  AppendLog(temp / "a", Owner("00000000000000aa")).append("7");
  std::string bytes = read_plain(temp / "a");
  bytes.replace(bytes.find("aa\""), 2, "bb");
  write_plain(temp / "a", bytes);
  CHECK(read({temp / "a"}).counts.damaged == 1);
}

TEST_CASE("long torn tails are found over several blocks") {
  const TempFolder temp;
  const std::string line = "{\"sum\":\"";
  write_records(temp / "a");
  const std::string whole = read_plain(temp / "a");
  for (const std::size_t tail : {65'535U, 65'536U, 65'537U, 200'000U}) {
    write_plain(temp / "a", whole + std::string(tail, 'x'));
    const AppendLog log(temp / "a");
    CHECK(log.dropped_bytes() == static_cast<std::int64_t>(tail));
    CHECK(read_plain(temp / "a") == whole);
  }
}

TEST_CASE("any text without a line end survives") {
  const TempFolder temp;
  int run = 0;
  CHECK(rc::check([&](std::vector<std::string> records) {
    for (std::string& record : records) std::erase(record, '\n');
    const fs::path path = temp / fmt::format("r{}", run++);
    {
      AppendLog log(path);
      for (const std::string& record : records) log.append(record);
    }
    RC_ASSERT(read({path}).records == records);
  }));
}

TEST_CASE("a full disk is an error that names the file; the log can be used on") {
  const TempFolder temp;
  fs::create_symlink("/dev/full", temp / "full");
  AppendLog full(temp / "full");
  CHECK(has(refusal([&] { full.append("1"); }), "full: No space left on device"));

  const int code = in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    AppendLog log(temp / "a");
    log.append("1");
    const std::int64_t size = static_cast<std::int64_t>(fs::file_size(temp / "a"));
    const rlimit limit{static_cast<rlim_t>(size + 10), RLIM_INFINITY};  // the next write is cut short
    ::setrlimit(RLIMIT_FSIZE, &limit);
    if (!has(refusal([&] { log.append("22"); }), "cannot append to")) return 1;
    if (static_cast<std::int64_t>(fs::file_size(temp / "a")) != size) return 2;
    const rlimit free{RLIM_INFINITY, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &free);
    log.append("333");
    return read({temp / "a"}).records == std::vector<std::string>{"1", "333"} ? 0 : 3;
  });
  CHECK(code == 0);
  AppendLog log(temp / "b");
  CHECK_THROWS_AS(log.append("a\nb"), Error);
}

TEST_CASE("a killed writer loses nothing whose append had returned") {
  const TempFolder temp;
  const int code = in_child([&] {
    AppendLog log(temp / "a");
    for (int i = 0; i < 100; ++i) log.append(std::to_string(i));
    ::raise(SIGKILL);
    return 0;
  });
  CHECK(code == -1);
  CHECK(read({temp / "a"}).records.size() == 100);
}

TEST_CASE("pieces are found for however many ranks there were, in their order") {
  const TempFolder temp;
  for (const int rank : {12, 0, 3, 10'000}) AppendLog(temp / piece_name("attempts", rank)).append(std::to_string(rank));
  for (const char* other : {"attempts-1.jsonl", "attempts-0001.jsonl.gz", "attempts2-0001.jsonl", "attempts", "x"}) {
    write_plain(temp / other, "no piece");
  }
  const auto pieces = list_pieces(temp.path(), "attempts");
  CHECK(read(pieces).records == std::vector<std::string>{"0", "3", "12", "10000"});
  CHECK(pieces[0].filename() == "attempts-0000.jsonl");
  CHECK(list_pieces(temp / "nowhere", "attempts").empty());
  CHECK(read({temp / "nowhere"}).counts.records == 0);
}

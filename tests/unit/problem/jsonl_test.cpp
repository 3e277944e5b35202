#include "framework/problem/jsonl.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace ft;

namespace {

class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / fmt::format("ft_jsonl_{}", getpid())) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::filesystem::path write(std::string_view name, std::string_view bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return path_ / name;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// The message without the folder's name, or "no error"; every record's field 'question' is read.
std::string message_of(const Folder& folder, const std::filesystem::path& path) {
  try {
    JsonlReader reader(path);
    while (const auto record = reader.next()) (void)record->text("question");
  } catch (const UserError& error) {
    std::string what = error.what();
    const auto at = what.find(folder.path().string());
    REQUIRE(at == 0);
    return what.substr(folder.path().string().size() + 1);
  }
  return "no error";
}

std::string message_of(std::string_view bytes) {
  const Folder folder;
  return message_of(folder, folder.write("a.jsonl", bytes));
}

std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("records come line by line, whatever ends the lines") {
  const Folder folder;
  const auto path = folder.write("a.jsonl", "\xEF\xBB\xBF{\"question\":\"one\"}\r\n\n  \n{\"question\":\"two\"}");
  JsonlReader reader(path);
  auto record = reader.next();
  REQUIRE(record);
  CHECK(record->text("question") == "one");
  CHECK(record->place().line == 1);
  record = reader.next();
  REQUIRE(record);
  CHECK(record->text("question") == "two");
  CHECK(to_string(record->place()) == path.string() + ":4");
  CHECK_FALSE(reader.next());
  CHECK_FALSE(reader.next());
}

TEST_CASE("lines longer than any buffer, through gzip and plain") {
  const Folder folder;
  for (const char* name : {"long.jsonl", "long.jsonl.gz"}) {
    JsonlWriter writer(folder.path() / name);
    for (std::size_t n : {1UL, 65530UL, 65536UL, 300000UL}) {
      writer.write(fmt::format("{{\"n\":{},\"text\":\"{}\"}}", n, std::string(n, 'x')));
    }
    writer.close();
    JsonlReader reader(folder.path() / name);
    int records = 0;
    while (const auto record = reader.next()) {
      CHECK(record->text("text").size() == static_cast<std::size_t>(record->integer("n")));
      ++records;
    }
    CHECK(records == 4);
  }
  CHECK(slurp(folder.path() / "long.jsonl").size() > 400000);
  CHECK(slurp(folder.path() / "long.jsonl.gz").size() < 4000);
}

TEST_CASE("the same lines give the same gzip bytes") {
  const Folder folder;
  for (const char* name : {"a.gz", "b.gz"}) {
    JsonlWriter writer(folder.path() / name);
    writer.write("{}");
    writer.close();
  }
  CHECK(slurp(folder.path() / "a.gz") == slurp(folder.path() / "b.gz"));
}

TEST_CASE("every kind of field") {
  const auto record = JsonRecord::parse(
      R"({"s":"x","i":-3,"d":0.1,"b":true,"n":null,"ss":["a","b"],"rs":[{"k":1},{"k":2}],"big":18446744073709551615})",
      {"f", 1, 0});
  CHECK(record.text("s") == "x");
  CHECK(record.integer("i") == -3);
  CHECK(record.number("i") == -3.0);
  CHECK(record.number("d") == 0.1);
  CHECK(record.boolean("b"));
  CHECK_FALSE(record.has("n"));
  CHECK_FALSE(record.optional_text("n"));
  CHECK_FALSE(record.optional_integer("absent"));
  CHECK(record.optional_boolean("b") == true);
  CHECK(record.texts("ss") == std::vector<std::string>{"a", "b"});
  REQUIRE(record.records("rs").size() == 2);
  CHECK(record.records("rs")[1].integer("k") == 2);
  CHECK_THROWS_WITH((void)record.integer("big"),
                    "f:1: field 'big' is 18446744073709551615, more than a 64-bit integer holds");
  CHECK_THROWS_WITH((void)record.integer("d"), "f:1: field 'd' is not an integer but a number with a fraction");
  CHECK_THROWS_WITH((void)record.optional_text("i"), "f:1: field 'i' is not a string but an integer");
  CHECK_THROWS_WITH((void)record.texts("rs"), "f:1: field 'rs' must be a list of strings, but element 1 is an object");
  CHECK_THROWS_WITH((void)record.records("ss"), "f:1: field 'ss' must be a list of objects, but element 1 is a string");
  CHECK_THROWS_WITH((void)record.texts("s"), "f:1: field 's' is not a list of strings but a string");
}

TEST_CASE("bad files: the message says file, line, column and what to do") {
  CHECK(message_of("{\"question\":\"a\"}\n{\"qestion\":\"b\"}\n") ==
        "a.jsonl:2: field 'question' (a string) is missing; fields here are: qestion; did you mean 'qestion'?");
  CHECK(message_of("{\"question\":5}") == "a.jsonl:1: field 'question' is not a string but an integer");
  CHECK(message_of("{\"question\":null}") ==
        "a.jsonl:1: field 'question' (a string) is null; fields here are: question");
  CHECK(message_of("{}") == "a.jsonl:1: field 'question' (a string) is missing; fields here are: none");
  CHECK(message_of("") == "a.jsonl: the file is empty: at least one JSON object is needed, one a line");
  CHECK(message_of("\n\n \n") == "a.jsonl: the file is empty: at least one JSON object is needed, one a line");
  CHECK(message_of("[1,2]") == "a.jsonl:1: each line must hold one JSON object {...}, but this line holds a list");
  CHECK(message_of("\n{\"question\":\"a\xFFz\"}") ==
        "a.jsonl:2:15: the byte 0xff is not valid UTF-8; convert the file, e.g. with iconv -t utf-8");
  const std::string cut = message_of("{\"question\":\"a");
  CHECK(cut.starts_with("a.jsonl:1:15: not valid JSON: "));
  CHECK(cut.find("missing closing quote") != std::string::npos);
  CHECK(message_of("{\"question\":\"a\"} x").starts_with("a.jsonl:1:18: not valid JSON: "));
  CHECK(message_of("{'question':'a'}").starts_with("a.jsonl:1:2: not valid JSON: "));
  CHECK(message_of("{\"question\":\"a\",\"answer\":1e400}").starts_with("a.jsonl:1: a number is too large: "));
  // A whole file as one JSON list over several lines.
  CHECK(message_of("[\n{\"question\":\"a\"}\n]").starts_with("a.jsonl:1:2: not valid JSON: "));
}

TEST_CASE("missing files, folders, damaged gzip") {
  const Folder folder;
  CHECK(message_of(folder, folder.path() / "none.jsonl") == "none.jsonl: there is no such file");
  std::filesystem::create_directories(folder.path() / "d");
  CHECK(message_of(folder, folder.path() / "d") == "d: this is a folder, not a JSON lines file");
  JsonlWriter writer(folder.path() / "whole.gz");
  for (int i = 0; i < 5000; ++i) writer.write(fmt::format("{{\"question\":\"{}\"}}", i * 7919));
  writer.close();
  CHECK(message_of(folder, folder.path() / "whole.gz") == "no error");
  const std::string whole = slurp(folder.path() / "whole.gz");
  const std::string cut = message_of(folder, folder.write("cut.gz", whole.substr(0, whole.size() / 2)));
  CHECK(cut.find("the gzip data is damaged or cut short") != std::string::npos);
  std::string flipped = whole;
  flipped[whole.size() - 6] = static_cast<char>(flipped[whole.size() - 6] ^ 1);  // in the checksum
  CHECK(message_of(folder, folder.write("bad.gz", flipped)).find("damaged") != std::string::npos);
  CHECK_THROWS_WITH_AS(JsonlWriter(folder.path() / "no/such/x.jsonl"), doctest::Contains("cannot be created"),
                       UserError);
}

TEST_CASE("a full disk is noticed") {
  if (!std::filesystem::exists("/dev/full")) {
    MESSAGE("skipped: there is no /dev/full here");
    return;
  }
  JsonlWriter writer("/dev/full");
  CHECK_THROWS_AS(
      {
        for (int i = 0; i < 10000; ++i) writer.write(std::string(100, 'x'));
        writer.close();
      },
      Error);
}

TEST_CASE("well-formed UTF-8 as the Unicode standard defines it") {
  for (const char* good : {"", "ascii", "\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF0\x90\x80\x80",
                           "\xF4\x8F\xBF\xBF"}) {
    CHECK_FALSE(first_invalid_utf8(good));
  }
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xC2", "\xE2\x88", "\xFF"}) {
    CHECK(first_invalid_utf8(bad) == 0U);
    CHECK(first_invalid_utf8(std::string("ab") + bad) == 2U);
  }
}

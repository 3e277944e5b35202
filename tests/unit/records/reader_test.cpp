#include "framework/records/reader.h"

#include <doctest/doctest.h>
#include <zlib.h>
#include <zstd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/file_folder.h"

using namespace ft;

namespace {

using Folder = testing::FileFolder;

// The message without the folder's name, or "no error"; every record's field 'question' is read.
std::string message_of(const Folder& folder, const std::filesystem::path& path) {
  try {
    RecordReader reader(path);
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

std::string gzipped(const std::string& plain) {
  z_stream z{};
  REQUIRE(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string packed(deflateBound(&z, plain.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  z.avail_in = static_cast<unsigned>(plain.size());
  z.next_out = reinterpret_cast<Bytef*>(packed.data());
  z.avail_out = static_cast<unsigned>(packed.size());
  REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
  packed.resize(z.total_out);
  deflateEnd(&z);
  return packed;
}

std::string zstd_packed(const std::string& plain) {
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 3));
  return packed;
}

// What each record holds, one a line: "row: name=value, ..."; a complaint is a line too.
std::string content_of(const std::filesystem::path& path) {
  std::string text;
  RecordReader reader(path);
  for (int i = 0; i < 1000; ++i) {
    try {
      const auto record = reader.next();
      if (!record) return text;
      text += fmt::format("{}:", record->row());
      for (const std::string& name : record->field_names())
        text += fmt::format(" {}={}", name, record->written(name).value_or("-"));
    } catch (const UserError& error) {
      text += std::string(error.what()).substr(path.parent_path().string().size() + 1);
    }
    text += "\n";
  }
  return text + "without end";
}

}  // namespace

TEST_CASE("records come line by line, whatever ends the lines") {
  const Folder folder;
  const auto path = folder.write("a.jsonl", "\xEF\xBB\xBF{\"question\":\"one\"}\r\n\n  \n{\"question\":\"two\"}");
  RecordReader reader(path);
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
  std::string lines;
  for (const std::size_t n : {1UL, 65530UL, 65536UL, 300000UL})
    lines += fmt::format("{{\"n\":{},\"text\":\"{}\"}}\n", n, std::string(n, 'x'));
  for (const auto& path : {folder.write("long.jsonl", lines), folder.write("long.jsonl.gz", gzipped(lines))}) {
    RecordReader reader(path);
    int records = 0;
    for (; const auto record = reader.next(); ++records)
      CHECK(record->text("text").size() == static_cast<std::size_t>(record->integer("n")));
    CHECK(records == 4);
  }
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

TEST_CASE("fields by path, and numbers as written") {
  const auto record = JsonRecord::parse(
      R"({"a.b":1,"a":{"b":2,"c":[{"d":"x"},{"d":"y"},{}]},"n":123456789012345678901234567890,"z":0.10,"e":1e400,"m":-0,"f":1e2})",
      {"f", 1, 0});
  CHECK(record.integer("a.b") == 1);  // the name itself comes first
  CHECK(record.text("a.c[0].d") == "x");
  CHECK(record.text("a.c[-2].d") == "y");
  CHECK_FALSE(record.has("a.c[-1].d"));
  CHECK_FALSE(record.has("a.c[3].d"));
  CHECK_FALSE(record.has("a.c.d"));
  for (const char* bad : {"", ".", "a..b", "a.c[", "a.c[x]", "a.c[0x]", "[]", "a.c[99999999999999999999]"})
    CHECK_FALSE(record.has(bad));
  REQUIRE(record.value("a.c[].d"));
  CHECK(record.value("a.c[].d")->items.size() == 3);
  CHECK(record.value("a.c[].d")->items[1].text == "y");
  CHECK(record.written("n") == "123456789012345678901234567890");
  CHECK(record.written("z") == "0.10");
  CHECK(record.written("e") == "1e400");
  CHECK(record.written("m") == "-0");
  CHECK(record.number("f") == 100);
  CHECK(record.number("n") == 123456789012345678901234567890.0);
  CHECK_THROWS_WITH((void)record.number("e"),
                    "f:1: a number is too large: field 'e' is 1e400, more than a 64-bit number holds");
  CHECK_THROWS_WITH((void)record.written("a"),
                    "f:1: field 'a' is not a string or a number but an object; a field within it is named by its path: "
                    "a.b, a.c[0].d");
}

TEST_CASE("bad files: the message says file, line, column and what to do") {
  CHECK(message_of("{\"question\":\"a\"}\n{\"qestion\":\"b\"}\n") ==
        "a.jsonl:2: field 'question' (a string) is missing; fields here are: qestion; did you mean 'qestion'?");
  CHECK(message_of("{\"question\":5}") == "a.jsonl:1: field 'question' is not a string but an integer");
  CHECK(message_of("{\"question\":null}") ==
        "a.jsonl:1: field 'question' (a string) is null; fields here are: question");
  CHECK(message_of("{}") == "a.jsonl:1: field 'question' (a string) is missing; fields here are: none");
  CHECK(message_of("") == "a.jsonl: the file is empty: at least one record is needed (JSON lines)");
  CHECK(message_of("\n\n \n") == "a.jsonl: the file is empty: at least one record is needed (JSON lines)");
  CHECK(message_of("[1,2]") ==
        "a.jsonl:1:2: each record must be one JSON object {...}, but element 1 of this list is an integer");
  CHECK(message_of("\n{\"question\":\"a\xFFz\"}")
            .starts_with("a.jsonl:2:15: the byte 0xff is not valid UTF-8; convert the file, e.g. with iconv -f "));
  CHECK(message_of("{\"question\":\"a") == "a.jsonl:1:15: not valid JSON: a text does not end: missing closing quote");
  CHECK(message_of("{\"question\":\"a\"} x") ==
        "a.jsonl:1:18: not valid JSON: something stands behind the end of the value");
  CHECK(message_of("{'question':'a'}") ==
        "a.jsonl:1:2: not valid JSON: a name in double quotes is missing; ''' stands there");
  CHECK(message_of("{\"question\":\"a\",\n").starts_with("a.jsonl:1:17: not valid JSON: "));
  CHECK(message_of("{\"question\":\"a\"}\n{\"answer\":1,\"question\":\"b\",\"answer\":2}")
            .starts_with("a.jsonl:2:28: the name 'answer' stands twice in one object"));
  CHECK(message_of("no json at all").starts_with("a.jsonl:1:1: not valid JSON: 'no' is no value"));
}

TEST_CASE("a JSON list, objects over many lines, CSV: plain, gzip and zstd") {
  const Folder folder;
  const std::string list = "\xEF\xBB\xBF [ {\"q\":\"a]}\\\"\",\"n\":0.10},\n {\"q\":\"b\",\n\"n\":2} ]\n";
  const std::string objects = "{\n \"q\": \"a\"\n}\n{\"q\": \"b\"} {\"q\":\"c\"}\n";
  const std::string csv = "q,n,\"l,x\"\r\n\"a \"\"1\"\"\nb\",0.10,\r\n\r\nplain, 2 ,\"\"\r\n";
  const auto all = [&](const std::string& name, const std::string& bytes, const std::string& expected) {
    CHECK(content_of(folder.write(name, bytes)) == expected);
    CHECK(content_of(folder.write(name + ".gz", gzipped(bytes))) == expected);
    CHECK(content_of(folder.write(name + ".zst", zstd_packed(bytes))) == expected);
    const std::size_t half = bytes.size() / 2;  // members one after another are one file
    CHECK(content_of(folder.write(name + ".gz", gzipped(bytes.substr(0, half)) + gzipped(bytes.substr(half)))) ==
          expected);
    CHECK(content_of(folder.write(name + ".zst",
                                  zstd_packed(bytes.substr(0, half)) + zstd_packed(bytes.substr(half)))) == expected);
  };
  all("list.json", list, "1: n=0.10 q=a]}\"\n2: n=2 q=b\n");
  all("objects.json", objects, "1: q=a\n2: q=b\n3: q=c\n");
  all("a.csv", csv, "1: l,x=- n=0.10 q=a \"1\"\nb\n2: l,x= n= 2  q=plain\n");
  all("b.tsv", "q\tn\na,b\t1\n", "1: n=1 q=a,b\n");
  CHECK(content_of(folder.write("c.csv", "q;n\na,b;1")) == "1: n=1 q=a,b\n");
  CHECK(content_of(folder.write("no_extension", "question,answer\n1+1?,2\n")) == "1: answer=2 question=1+1?\n");
}

TEST_CASE("what is wrong in a list or in CSV is said with its place, and the next record still comes where it can") {
  const Folder folder;
  CHECK(content_of(folder.write("a.json", "[{\"q\":1},\n {\"q\":tru},\n {\"q\":3}]")) ==
        "1: q=1\na.json:2:7: not valid JSON: 'tru' is no value; texts stand in double quotes\n3: q=3\n");
  CHECK(content_of(folder.write("b.json", "[{\"q\":1},\n {\"q\":2}")) ==
        "1: q=1\n2: q=2\nb.json:2:9: not valid JSON: the list does not end: the file is cut short\n");
  CHECK(content_of(folder.write("c.json", "[{\"q\":1} {\"q\":2}]")) ==
        "1: q=1\nc.json:1:10: not valid JSON: ',' is missing between two elements, or ] at the end\n");
  CHECK(content_of(folder.write("d.json", "[{\"q\":1},]")) ==
        "1: q=1\nd.json:1:10: not valid JSON: a comma stands before the end of the list\n");
  CHECK(content_of(folder.write("e.csv", "a,b\n1,2,3\n4,5\n"))
            .starts_with("e.csv:2: this row has 3 cells, but the first line names 2 columns"));
  CHECK(content_of(folder.write("e.csv", "a,b\n1,2,3\n4,5\n")).ends_with("\n2: a=4 b=5\n"));
  CHECK(content_of(folder.write("f.csv", "a,b\n\"1,2\n")) ==
        "f.csv:2: the double quote that opens a cell here is never closed\n");
  CHECK(content_of(folder.write("g.csv", "a,b\n\"1\"x,2\n"))
            .starts_with("g.csv:2: something stands behind the closing quote"));
  CHECK_THROWS_WITH((void)content_of(folder.write("h.csv", "a,a\n1,2\n")),
                    doctest::Contains("h.csv:1: the first line names the column 'a' twice"));
  CHECK(content_of(folder.write("i.csv", "a,b\n")) ==
        "i.csv: the file is empty: at least one record is needed (CSV)\n");
}

TEST_CASE("a cell is a text, and a number or a boolean where it reads as one") {
  const Folder folder;
  RecordReader reader(folder.write("a.csv", "a,b,c,d\n0.5,True,x,12\n"));
  const auto record = reader.next();
  REQUIRE(record);
  CHECK(record->number("a") == 0.5);
  CHECK(record->text("a") == "0.5");
  CHECK(record->boolean("b"));
  CHECK_FALSE(record->is_number("c"));
  CHECK(record->integer("d") == 12);
}

TEST_CASE("missing files, folders, damaged data, and files of another kind") {
  const Folder folder;
  CHECK(message_of(folder, folder.path() / "none.jsonl") == "none.jsonl: there is no such file");
  std::filesystem::create_directories(folder.path() / "d");
  CHECK(message_of(folder, folder.path() / "d") == "d: this is an empty folder, not a file of records");
  folder.write("d/train.parquet", "");
  CHECK(message_of(folder, folder.path() / "d") ==
        "d: this is a folder, not a file of records; name a file in it: train.parquet");
  std::string plain;
  for (int i = 0; i < 5000; ++i) plain += fmt::format("{{\"question\":\"{}\"}}\n", i * 7919);
  for (const std::string& whole : {gzipped(plain), zstd_packed(plain)}) {
    CHECK(message_of(folder, folder.write("whole", whole)) == "no error");
    CHECK(message_of(folder, folder.write("cut", whole.substr(0, whole.size() / 2)))
              .find("data is damaged or cut short") != std::string::npos);
    CHECK(message_of(folder, folder.write("cut", whole.substr(0, whole.size() - 1)))
              .find("data is damaged or cut short") != std::string::npos);
  }
  std::string flipped = gzipped(plain);
  flipped[flipped.size() - 6] = static_cast<char>(flipped[flipped.size() - 6] ^ 1);  // in the checksum
  CHECK(message_of(folder, folder.write("bad.gz", flipped)).find("damaged") != std::string::npos);
  CHECK(message_of("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n").find("git lfs pull") !=
        std::string::npos);
  CHECK(message_of("<!DOCTYPE html><html>").find("web page") != std::string::npos);
  CHECK(message_of("PK\x03\x04zip").find("zip") != std::string::npos);
  CHECK(message_of("PAR1").find("cut short") != std::string::npos);
  CHECK(message_of(std::string("\xff\xfe{\0", 4)).find("UTF-16") != std::string::npos);
}

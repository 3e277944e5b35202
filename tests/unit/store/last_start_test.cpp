#include "framework/store/last_start.h"

#include "framework/base/digest.h"
#include "framework/store/stage_folder.h"
#include "tests/unit/store/temp_folder.h"

using namespace ft;
using namespace ft::testing;

namespace {

MeantOutput meant(const std::string& stage, const std::string& identity, const std::string& extent) {
  const std::filesystem::path folder = std::filesystem::path("stages") / stage_folder_name(stage, identity);
  return {stage, folder, folder / output_folder_name(sha256(extent)), identity, extent};
}

}  // namespace

TEST_CASE("a record of a start reads back as it was, wherever the folder lies") {
  const TempFolder temp;
  CHECK_FALSE(read_last_start(temp.path()).has_value());
  const LastStart start{{meant("solver", sha256("1"), ""), meant("a b \"c\"", sha256("2"), "per_problem: 8\n")}};
  write_last_start(temp.path(), start);
  CHECK((read_last_start(temp.path())->outputs == start.outputs));
  write_last_start(temp.path(), {{start.outputs[1]}});
  const auto again = read_last_start(temp.path());
  CHECK(again->outputs.size() == 1);
  CHECK(again->find("solver") == nullptr);
  CHECK(again->find("a b \"c\"")->extent == "per_problem: 8\n");
  CHECK(again->find_folder("/elsewhere" / start.outputs[1].folder) == &again->outputs[0]);
  CHECK(again->find_folder("y") == nullptr);
}

TEST_CASE("an entry whose folders are not those of its identity and extent is refused") {
  const TempFolder temp;
  const MeantOutput one = meant("solver", sha256("1"), "length: 30steps\n"),
                    other = meant("solver", sha256("2"), "length: 20steps\n");
  for (int mixed = 0; mixed < 16; ++mixed) {  // which members are the other one's
    MeantOutput entry = one;
    if (mixed & 1) entry.folder = other.folder;
    if (mixed & 2) entry.output = other.output;
    if (mixed & 4) entry.identity = other.identity;
    if (mixed & 8) entry.extent = other.extent;
    write_last_start(temp.path(), {{entry}});
    CAPTURE(mixed);
    if (mixed == 0 || mixed == 15) {
      CHECK((read_last_start(temp.path())->outputs.front() == entry));
    } else {
      CHECK(has(refusal([&] { (void)read_last_start(temp.path()); }), "changed by hand"));
    }
  }
}

TEST_CASE("a record that leads out of the run folder, or is none, is named") {
  const TempFolder temp;
  for (
      const char* text :
      {"", "{", "{}", R"({"version": 2, "stages": []})", R"({"version": 1, "stages": [{"stage": "a"}]})",
       R"({"version": 1, "stages": [{"stage": "a", "folder": "/etc", "output": "x", "identity": "", "extent": ""}]})",
       R"({"version": 1, "stages": [{"stage": "a", "folder": "x", "output": "../x", "identity": "", "extent": ""}]})"}) {
    INFO(text);
    write_plain(temp / kLastStartName, text);
    CHECK_THROWS_AS((void)read_last_start(temp.path()), BrokenRecord);
    CHECK(has(refusal([&] { (void)read_last_start(temp.path()); }), "last_start.json"));
  }
}

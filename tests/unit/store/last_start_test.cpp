#include "framework/store/last_start.h"

#include "tests/unit/store/temp_folder.h"

using namespace ft;
using namespace ft::testing;

TEST_CASE("a record of a start reads back as it was, wherever the folder lies") {
  const TempFolder temp;
  CHECK_FALSE(read_last_start(temp.path()).has_value());
  const LastStart start{
      {{"solver", "stages/solver-0123456789ab", "stages/solver-0123456789ab/output-e3b0c44298fc", "0123", ""},
       {"a b \"c\"", "stages/x", "stages/x/output-1", "4567", "per_problem: 8\n"}}};
  write_last_start(temp.path(), start);
  CHECK((read_last_start(temp.path())->outputs == start.outputs));
  write_last_start(temp.path(), {{start.outputs[1]}});
  const auto again = read_last_start(temp.path());
  CHECK(again->outputs.size() == 1);
  CHECK(again->find("solver") == nullptr);
  CHECK(again->find("a b \"c\"")->extent == "per_problem: 8\n");
  CHECK(again->find_folder("/elsewhere/stages/x") == &again->outputs[0]);
  CHECK(again->find_folder("y") == nullptr);
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

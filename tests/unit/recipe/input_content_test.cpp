#include "framework/recipe/input_content.h"

#include "framework/base/error.h"
#include "tests/support/doctest_torch.h"

using namespace ft;

TEST_CASE("lists of digests and inputs read back as they were, whatever files are called") {
  const std::string one(64, 'a'), two(64, '0');
  const std::vector<FileDigest> files = {{"config.json", one}, {"a b", two}, {"line\nfeed", one}, {" ", two}};
  CHECK((read_file_digests(to_text(files)) == files));
  CHECK(read_file_digests("").empty());
  CHECK_THROWS_AS((void)read_file_digests("config.json 12\n"), Error);
  const std::vector<InputContent> inputs = {{"model", "model", "base", "", files},
                                            {"problems", "problem set", "train", "a: \"b\"\n", {}}};
  CHECK((read_input_contents(to_json(inputs)) == inputs));
  CHECK_THROWS_AS((void)read_input_contents("{"), Error);
  CHECK_THROWS_AS((void)read_input_contents("{}"), Error);
}

#include "framework/text/added_tokens.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace ft;

namespace {

using Parts = std::vector<std::pair<std::string, TokenId>>;

Parts parts(std::vector<AddedToken> tokens, std::string_view text) {
  Parts found;
  for (const auto& part : AddedTokenFinder(std::move(tokens)).split(text)) found.emplace_back(part.text, part.id);
  return found;
}

}  // namespace

TEST_CASE("the leftmost token is found, of several the longest") {
  const std::vector<AddedToken> tokens{{.id = 1, .content = "<a>"},
                                       {.id = 2, .content = "<a><b>"},
                                       {.id = 3, .content = "<b>"},
                                       {.id = 4, .content = "a><b>x"}};
  CHECK(parts(tokens, "x<a><b>x<b>") == Parts{{"x", -1}, {"<a><b>", 2}, {"x", -1}, {"<b>", 3}});
  CHECK(parts(tokens, "<<a>") == Parts{{"<", -1}, {"<a>", 1}});
  CHECK(parts(tokens, "<a") == Parts{{"<a", -1}});
  CHECK(parts(tokens, "").empty());
  CHECK(parts({}, "<a>") == Parts{{"<a>", -1}});
}

TEST_CASE("strip flags take white space along, also Unicode's, but not twice") {
  const std::vector<AddedToken> tokens{{.id = 1, .content = "L", .lstrip = true},
                                       {.id = 2, .content = "R", .rstrip = true}};
  CHECK(parts(tokens, "a \xE3\x80\x80L b") == Parts{{"a", -1}, {" \xE3\x80\x80L", 1}, {" b", -1}});
  CHECK(parts(tokens, "a R \n b") == Parts{{"a ", -1}, {"R \n ", 2}, {"b", -1}});
  CHECK(parts(tokens, "R  L") == Parts{{"R  ", 2}, {"L", 1}});
}

TEST_CASE("single words touch no word character") {
  const std::vector<AddedToken> tokens{{.id = 1, .content = "word", .single_word = true}};
  CHECK(parts(tokens, "word-word.") == Parts{{"word", 1}, {"-", -1}, {"word", 1}, {".", -1}});
  CHECK(parts(tokens, "sword words _word word1") == Parts{{"sword words _word word1", -1}});
  CHECK(parts(tokens, "\xC3\xA9word") == Parts{{"\xC3\xA9word", -1}});                   // a letter
  CHECK(parts(tokens, "\xE2\x82\xACword") == Parts{{"\xE2\x82\xAC", -1}, {"word", 1}});  // a currency sign
}

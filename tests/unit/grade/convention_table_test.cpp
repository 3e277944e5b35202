#include "framework/grade/conventions.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "framework/base/error.h"
#include "framework/grade/judge.h"

using namespace ft::grade;

TEST_CASE("every row of the table of conventions does what it says") {
  for (const Convention& one : convention_table()) {
    CHECK(one.get(Conventions{}) == one.choices.front().name);
    for (const Convention::Choice& choice : one.choices) {
      Conventions conventions;
      one.set(conventions, choice.name);
      CHECK(one.get(conventions) == choice.name);
      const Judge judge(conventions);
      const Judgement judgement = judge.equal(one.example.gold, one.example.candidate);
      CHECK_MESSAGE(judgement.verdict == choice.verdict, one.name, " ", choice.name, ": ", judgement.reason);
      if (judge.key(one.example.gold) == judge.key(one.example.candidate)) CHECK(choice.verdict == ft::Verdict::equal);
    }
    Conventions conventions;
    CHECK_THROWS_AS(one.set(conventions, "fractoin"), ft::UserError);
    CHECK(conventions == Conventions{});
  }
  for (const SettledConvention& one : settled_conventions()) {
    const Judgement judgement = Judge().equal(one.example.gold, one.example.candidate);
    CHECK_MESSAGE(judgement.verdict == one.verdict, one.meaning, ": ", judgement.reason);
  }
}

TEST_CASE("README shows the table as it is") {
  std::ifstream file(FT_PROJECT_ROOT "/README.md");
  std::stringstream readme;
  readme << file.rdbuf();
  CHECK_MESSAGE(readme.str().find(convention_markdown()) != std::string::npos, "README.md wants this table:\n",
                convention_markdown());
}

TEST_CASE("conventions in words, and those without effect") {
  CHECK(to_text(Conventions{}) == "by default");
  CHECK(to_text({.percent = Conventions::Percent::fraction, .tolerance = 0.001}) ==
        "percent fraction, tolerance 0.001");
  CHECK(without_effect({.lists = Conventions::Lists::in_order}).empty());
  CHECK(without_effect({.rules = Conventions::Rules::prm800k}).empty());
  CHECK(without_effect({.rules = Conventions::Rules::prm800k, .lists = Conventions::Lists::in_order}) ==
        std::vector<std::string_view>{"lists"});
  Conventions conventions;
  for (const char* text : {"-0.1", "0.6", "much", "nan", ""})
    CHECK_THROWS_AS(convention_table().back().set(conventions, text), ft::UserError);
}

TEST_CASE("what agrees in a vote") {
  const Judge usual, strict({.rules = Conventions::Rules::prm800k});
  CHECK(usual.agree("1/2", "0.5"));
  CHECK(usual.key("1/2") == usual.key("0.5"));
  CHECK(strict.equal("5", "5 \\text{ cm}").verdict == ft::Verdict::equal);
  CHECK_FALSE(strict.agree("\\frac{1}{2}", "\\frac{2}{4}"));
  CHECK(strict.agree("1,000", "1000"));
  CHECK(strict.key("1,000") == strict.key("1000"));
  CHECK(strict.key("") != strict.key(" x"));
  CHECK(usual.numbers_have_one_key());
  CHECK_FALSE(strict.numbers_have_one_key());
  CHECK_FALSE(Judge({.tolerance = 0.1}).numbers_have_one_key());
}

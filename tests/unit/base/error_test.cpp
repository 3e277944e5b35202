#include "framework/base/error.h"

#include <doctest/doctest.h>

#include <vector>

using namespace ft;

TEST_CASE("places leave out what is unknown") {
  CHECK(to_string(Place{"run.yaml", 3, 7}) == "run.yaml:3:7");
  CHECK(to_string(Place{"run.yaml", 3}) == "run.yaml:3");
  CHECK(to_string(Place{"argument 'a=1'"}) == "argument 'a=1'");
}

TEST_CASE("a user's mistake speaks of his file, a program's of the source") {
  CHECK_THROWS_WITH_AS(fail_user({"run.yaml", 3, 7}, "no"), "run.yaml:3:7: no", UserError);
  CHECK_THROWS_WITH_AS(fail_user("no"), "no", UserError);
  try {
    FT_CHECK(1 + 1 == 3, "{} heads", 5);
    FAIL("passed");
  } catch (const UserError&) {
    FAIL("is no user's mistake");
  } catch (const Error& error) {
    const std::string text = error.what();
    CHECK(text.starts_with("5 heads ["));
    CHECK(text.find("error_test.cpp:") != std::string::npos);
  }
  CHECK_NOTHROW(FT_CHECK(true, "never"));
}

TEST_CASE("a message shows characters that would cut it or reach the terminal as commands") {
  using namespace std::string_literals;
  try {
    fail_user({"a.yaml", 1, 2}, "x\0y \x1b[31m\r\x7f é\tb\nc"s);
  } catch (const UserError& error) {
    CHECK(std::string(error.what()) == "a.yaml:1:2: x\\x00y \\x1b[31m\\x0d\\x7f é\tb\nc");
  }
}

TEST_CASE("nearest finds slips of the pen and nothing else") {
  const std::vector<std::string> words = {"learning_rate", "lanes", "length", "loss"};
  CHECK(nearest("learing_rate", words) == "learning_rate");
  CHECK(nearest("lenght", words) == "length");
  CHECK(nearest("lanes", words) == "lanes");
  CHECK(nearest("temperature", words) == std::nullopt);
  CHECK(nearest("x", std::vector<std::string>{}) == std::nullopt);
}

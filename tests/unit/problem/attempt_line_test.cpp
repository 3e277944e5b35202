#include "framework/problem/attempt_line.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>

#include "framework/problem/problem_places.h"
#include "framework/problem/records.h"

using namespace ft;

namespace {

Attempt any_attempt() {
  Attempt attempt;
  const auto text = [] {
    return *rc::gen::container<std::string>(rc::gen::element('a', '"', '\\', '\n', ',', '}', '{', ':', 'i', 'n', '\t'));
  };
  attempt.problem = text();
  attempt.text = text() + (*rc::gen::inRange(0, 2) == 1 ? ",\"log_prob\":1,\"verdict\":\"equal\"}" : "");
  attempt.index = *rc::gen::inRange(-1, 1000);
  attempt.finished = *rc::gen::inRange(0, 2) == 1;
  attempt.num_tokens = *rc::gen::inRange(0, 5000);
  attempt.log_prob = *rc::gen::element(-1.5, 0.0, -1e-300, -123.25, -HUGE_VAL);
  return attempt;
}

}  // namespace

TEST_CASE("what is seen of a line without parsing it is what parsing gives") {
  CHECK(rc::check([] {
    const Attempt attempt = any_attempt();
    const std::string line = to_json_line(attempt);
    const auto found = scan_attempt(line);
    RC_ASSERT(found.has_value());
    RC_ASSERT(found->index == attempt.index);
    RC_ASSERT(found->finished == attempt.finished);
    RC_ASSERT(found->num_tokens == attempt.num_tokens);
    RC_ASSERT(plain_attempt_line(line) == line);
    // What an older program wrote behind it goes; a line that is cut is none.
    const std::string older =
        line.substr(0, line.size() - 1) + ",\"answer\":\"7\",\"verdict\":\"equal\",\"reason\":\"\"}";
    RC_ASSERT(!scan_attempt(older));
    RC_ASSERT(plain_attempt_line(older) == line);
    RC_ASSERT(!scan_attempt(line.substr(0, *rc::gen::inRange<std::size_t>(0, line.size()))));
  }));
}

TEST_CASE("a line's problem is found by how the line begins") {
  CHECK(rc::check([] {
    std::vector<std::string> ids;
    ProblemPlaces places;
    for (int i = *rc::gen::inRange(1, 20); i > 0; --i) {
      const std::string id = any_attempt().problem;
      if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
    }
    for (const std::string& id : ids) places.add(id);
    places.finish();
    const Attempt attempt = any_attempt();
    const auto expected = std::ranges::find(ids, attempt.problem);
    const auto found = places.find(to_json_line(attempt));
    RC_ASSERT(found.has_value() == (expected != ids.end()));
    if (found) RC_ASSERT(*found == expected - ids.begin());
    RC_ASSERT(!places.find("{\"sum\":1}"));
  }));
}

TEST_CASE("two problems of one id are an error") {
  ProblemPlaces places;
  places.add("a");
  places.add("a");
  CHECK_THROWS_WITH_AS(places.finish(), doctest::Contains("have the same id"), Error);
}

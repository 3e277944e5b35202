#include "framework/report/overlap.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <set>
#include <sstream>
#include <string>
#include <vector>

using namespace ft::report;

namespace {

// The definition, spelt out: runs of three words as sets of texts, every pair compared.
std::set<std::string> runs(const std::string& text) {
  std::istringstream stream(normalise_words(text));
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  std::set<std::string> result;
  if (words.size() <= 3) {
    if (!words.empty()) result.insert(normalise_words(text));
    return result;
  }
  for (std::size_t i = 0; i + 3 <= words.size(); ++i) result.insert(words[i] + " " + words[i + 1] + " " + words[i + 2]);
  return result;
}

double similarity(const std::string& a, const std::string& b) {
  const auto x = runs(a), y = runs(b);
  double common = 0;
  for (const auto& one : x) common += y.contains(one) ? 1 : 0;
  const double all = static_cast<double>(x.size() + y.size()) - common;
  return all == 0 ? 0 : common / all;
}

rc::Gen<std::vector<std::string>> lists() {
  return rc::gen::exec([] {
    std::vector<std::string> texts;
    const auto count = *rc::gen::inRange(0, 9);
    for (int i = 0; i < count; ++i) {
      std::string text;
      const auto length = *rc::gen::inRange(0, 9);
      for (int w = 0; w < length; ++w)
        text += (w > 0 ? " " : "") + std::string(1, static_cast<char>('a' + *rc::gen::inRange(0, 3)));
      texts.push_back(text);
    }
    return texts;
  });
}

}  // namespace

TEST_CASE("normalisation keeps what changes a problem and nothing else") {
  CHECK(normalise_words("What is $1+1$?") == normalise_words("what  is 1 + 1"));
  CHECK(normalise_words("What is 1+1?") != normalise_words("What is 1-1?"));
  CHECK(normalise_words("3.5 apples.") == "3.5 apples");
  CHECK(normalise_words("f(x)") == "f ( x )");
  CHECK(normalise_words(" ,; ").empty());
}

TEST_CASE("shared problems: the index finds exactly what comparing every pair finds") {
  CHECK(rc::check([] {
    const auto first = *lists();
    const auto second = *lists();
    const double threshold = *rc::gen::element(0.3, 0.5, 0.8, 1.0);
    const Overlap found = find_overlap(first, second, threshold);
    std::set<std::size_t> equal, near;
    for (std::size_t j = 0; j < second.size(); ++j) {
      bool same = false, close = false;
      for (const auto& text : first) {
        same = same || normalise_words(text) == normalise_words(second[j]);
        close = close || similarity(text, second[j]) >= threshold - 1e-12;
      }
      if (same)
        equal.insert(j);
      else if (close)
        near.insert(j);
    }
    std::set<std::size_t> found_equal, found_near;
    for (const auto& pair : found.exact_pairs) found_equal.insert(pair.second);
    for (const auto& pair : found.near_pairs) {
      found_near.insert(pair.second);
      double best = 0;
      for (const auto& text : first) best = std::max(best, similarity(text, second[pair.second]));
      RC_ASSERT(std::abs(pair.similarity - best) < 1e-12);
      RC_ASSERT(std::abs(similarity(first[pair.first], second[pair.second]) - best) < 1e-12);
    }
    RC_ASSERT(found_equal == equal);
    RC_ASSERT(found_near == near);
  }));
}

TEST_CASE("duplicates within one list") {
  const std::vector<std::string> texts{"What is 1 + 1?", "Name a prime.", "what is 1+1", "What is 1+1",
                                       "Name a prime?"};
  const Overlap found = find_duplicates(texts);
  CHECK(found.exact == 3);
  CHECK(found.near == 0);
  CHECK(found.exact_pairs[0].first == 0);
  CHECK(found.exact_pairs[0].second == 2);
  CHECK(found.exact_pairs[2].first == 1);
}

TEST_CASE("a finding names the problems") {
  const std::vector<std::string> train{"Tom has 3 apples and buys 4 more apples at the market on Monday morning."};
  const std::vector<std::string> test{"Tom has 3 apples and buys 4 more apples at the market on Monday evening.",
                                      "Else?"};
  const OverlapFinding finding = describe_overlap("train", train, {{"t1"}}, "test", test, {{"x1", "x2"}}, 0.8);
  CHECK(finding.overlap.exact == 0);
  REQUIRE(finding.overlap.near == 1);
  CHECK(finding.examples[0].first_id == "t1");
  CHECK(finding.examples[0].second_id == "x1");
  CHECK(finding.examples[0].similarity == doctest::Approx(12.0 / 14));
}

// The prover in a helper process: what it proves, and that a missing, dead or hung helper costs verdicts and nothing
// else.
#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "framework/grade/cas_client.h"
#include "framework/grade/parser.h"

using ft::Verdict;
using ft::grade::CasProver;
using ft::grade::Grader;

namespace {

ft::grade::Node read(const std::string& text) {
  ft::grade::Budget budget(100'000);
  return ft::grade::parse(text, {}, budget);
}

std::string program(const std::string& a, const std::string& b) {
  return ft::grade::cas_program(read(a), read(b)).value_or("none");
}

constexpr const char* kA = "\\sqrt{112+70\\sqrt2+(46+34\\sqrt2)\\sqrt5}";
constexpr const char* kB = "5+4\\sqrt2+3\\sqrt5+\\sqrt{10}";

}  // namespace

TEST_CASE("expressions become programs") {
  CHECK(program("\\sqrt{2}+3", "x y") == "2 2 root 3 +\nx0 x1 * ");
  CHECK(program("x^{1/3}", "\\sin 30^\\circ") == "x0 3 root 1 ^\n30 pi * 180 / sin ");
  CHECK(program("\\log_2 8", "\\frac{-1}{2}") == "8 ln 2 ln /\n1 ~ 2 / ");
  CHECK(program("f(x)", "1") == "none");
  CHECK(program("\\infty", "1") == "none");
}

TEST_CASE("without a working helper the pair stays as undecided as before") {
  const Grader plain;
  for (const char* helper : {"/nonexistent/helper", "/bin/false"}) {
    const auto prover = std::make_shared<CasProver>(helper, 1);
    const Grader grader(prover);
    for (int i = 0; i < 3; ++i) CHECK(grader.equal(kA, kB).verdict == plain.equal(kA, kB).verdict);
    CHECK(prover->counts().asked == 3);
    CHECK(prover->counts().deaths == 3);
  }
}

TEST_CASE("a helper that never answers is given up") {
  const auto prover = std::make_shared<CasProver>("/bin/cat", 1);
  const auto start = std::chrono::steady_clock::now();
  CHECK(Grader(prover).equal(kA, kB).verdict == Grader().equal(kA, kB).verdict);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
  CHECK(prover->counts().deaths == 1);
}

#ifdef FT_CAS_HELPER

TEST_CASE("the helper proves identities and their negations") {
  const auto prover = std::make_shared<CasProver>(FT_CAS_HELPER);
  const Grader grader(prover);
  const std::vector<std::pair<std::string, std::string>> equal{
      {kA, kB},
      {"\\sqrt2+\\sqrt3", "\\sqrt{5+2\\sqrt6}"},
      {"\\sqrt[3]{2+\\sqrt5}", "\\frac{1+\\sqrt5}{2}"},
      {"\\cos\\frac{2\\pi}{7}+\\cos\\frac{4\\pi}{7}+\\cos\\frac{6\\pi}{7}", "-\\frac12"},
      {"4\\arctan\\frac15-\\arctan\\frac1{239}", "\\frac\\pi4"},
      {"\\tan\\frac\\pi8", "\\sqrt2-1"},
      {"\\ln(2+\\sqrt3)", "-\\ln(2-\\sqrt3)"}};
  for (const auto& [a, b] : equal) {
    const auto judgement = grader.equal(a, b);
    CHECK_MESSAGE(judgement.verdict == Verdict::equal, a, " | ", b, ": ", judgement.reason);
    CHECK_MESSAGE((judgement.rung == "cas" || judgement.rung == "exact"), a, " | ", b, ": ", judgement.rung);
  }
  // Equal to more digits than the numeric rung has.
  CHECK(grader.equal("e^{\\pi\\sqrt{163}}", "262537412640768744").verdict != Verdict::equal);
  const ft::grade::CasCounts counts = prover->counts();
  CHECK(counts.equal >= 5);
  CHECK(counts.deaths == 0);
}

TEST_CASE("hostile expressions cost the helper its limits and the grader a verdict") {
  const auto prover = std::make_shared<CasProver>(FT_CAS_HELPER);
  const Grader grader(prover);
  std::string roots = "0";
  for (int i = 2; i < 40; ++i) roots += "+\\sqrt[7]{" + std::to_string(i) + "+\\sqrt{" + std::to_string(i + 1) + "}}";
  const auto start = std::chrono::steady_clock::now();
  CHECK(grader.equal("\\sqrt{(" + roots + ")^2}", roots).verdict != Verdict::different);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
  CHECK(prover->counts().deaths == 0);
  CHECK(grader.equal("\\sqrt2+\\sqrt3", "\\sqrt{5+2\\sqrt6}").verdict == Verdict::equal);  // and goes on
}

TEST_CASE("threads have a helper each") {
  const auto prover = std::make_shared<CasProver>(FT_CAS_HELPER);
  const Grader grader(prover);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&grader] {
      for (int n = 2; n < 12; ++n) {
        const std::string a = "\\sqrt{" + std::to_string(n) + "}+\\sqrt{" + std::to_string(n + 1) + "}";
        const std::string b = "\\sqrt{" + std::to_string(2 * n + 1) + "+2\\sqrt{" + std::to_string(n * (n + 1)) + "}}";
        if (grader.equal(a, b).verdict != Verdict::equal) throw std::runtime_error(a + " | " + b);
      }
    });
  }
  threads.clear();
  CHECK(prover->counts().deaths == 0);
}

#endif

// A training that has died is noticed, one that has learnt is left in peace.

#include "framework/train/standstill.h"

#include <cmath>

#include "framework/train/step_log.h"
#include "tests/support/doctest_torch.h"

using namespace ft;

namespace {

StepRecord margin_step(double loss, double norm) {
  StepRecord record{.loss = loss, .gradient_norm = norm};
  record.terms[static_cast<std::size_t>(LossKind::margin)] = loss;
  record.counts[static_cast<std::size_t>(LossKind::margin)] = 10;
  return record;
}

StepRecord likelihood_step(double loss, double norm) {
  StepRecord record{.loss = loss, .gradient_norm = norm};
  record.terms[static_cast<std::size_t>(LossKind::mle)] = loss;
  record.counts[static_cast<std::size_t>(LossKind::mle)] = 100;
  return record;
}

StepRecord verdict_step(double loss, double norm) {
  StepRecord record{.loss = loss, .gradient_norm = norm};
  record.terms[static_cast<std::size_t>(LossKind::cross_entropy_full)] = loss;
  record.counts[static_cast<std::size_t>(LossKind::cross_entropy_full)] = 10;
  return record;
}

// The step at which the watch speaks, counted from 1; 0: at the end; -1: never.
int speaks_at(const std::vector<StepRecord>& steps, std::string* words = nullptr, LossWeights weights = {}) {
  StandstillWatch watch(weights);
  int at = -1;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto said = watch.step(steps[i]);
    if (!said) continue;
    CHECK(at == -1);  // once
    at = static_cast<int>(i) + 1;
    if (words != nullptr) *words = *said;
  }
  if (const auto said = watch.end()) {
    CHECK(at == -1);
    at = 0;
    if (words != nullptr) *words = *said;
  }
  return at;
}

}  // namespace

TEST_CASE("a margin that stands at lambda without a gradient") {
  std::string words;
  // What a real verifier did at too large a rate, in four steps.
  CHECK(speaks_at({margin_step(0.750, 3.0), margin_step(0.837, 101), margin_step(0.99999, 0.0036),
                   margin_step(1.0000003, 0.0006)},
                  &words) == 0);
  CHECK(words.find("the margin loss stands at 1.0000, which is lambda") != std::string::npos);
  CHECK(words.find("once 1e+02") != std::string::npos);
  CHECK(words.find("loss: both") != std::string::npos);
  CHECK(speaks_at({margin_step(1.03, 3), margin_step(50, 830), margin_step(1, 0), margin_step(1, 0), margin_step(1, 0),
                   margin_step(1, 0)}) == 5);
  LossWeights half;
  half.margin = 0.5;
  CHECK(speaks_at({margin_step(0.6, 3), margin_step(0.5, 0), margin_step(0.5, 0), margin_step(0.5, 0)}, nullptr,
                  half) == 4);
  // With another loss beside it the gradient lives; that all scores are alike shows in twenty steps.
  std::vector<StepRecord> joint(30, margin_step(1.0, 2.0));
  CHECK(speaks_at(joint) == 20);
}

TEST_CASE("any gradient that has vanished before anything was learnt") {
  std::string words;
  CHECK(speaks_at({likelihood_step(5, 10), likelihood_step(7, 4), likelihood_step(7, 1e-4), likelihood_step(7, 1e-4),
                   likelihood_step(7, 1e-4)},
                  &words) == 5);
  CHECK(words.find("the loss stands at 7.0000 (at first 5.0000) with a gradient norm of 0.0001, once 10") !=
        std::string::npos);
}

TEST_CASE("a verdict as good as a coin's") {
  CHECK(speaks_at(std::vector<StepRecord>(400, verdict_step(0.69, 1))) == 200);
  CHECK(speaks_at(std::vector<StepRecord>(40, verdict_step(0.70, 1))) == 0);
  CHECK(speaks_at(std::vector<StepRecord>(10, verdict_step(0.70, 1))) == -1);  // too few to tell
  std::vector<StepRecord> learning;
  for (int i = 0; i < 400; ++i) learning.push_back(verdict_step(4 * std::exp(-i / 20.0) + 0.5, 1));
  CHECK(speaks_at(learning) == -1);  // far above a coin's at first
}

TEST_CASE("what has learnt all there was is no standstill") {
  CHECK(speaks_at({margin_step(1.1, 3), margin_step(0.4, 2), margin_step(0, 0), margin_step(0, 0), margin_step(0, 0),
                   margin_step(0, 0)}) == -1);
  CHECK(speaks_at({likelihood_step(5, 10), likelihood_step(1, 4), likelihood_step(0.01, 1e-4),
                   likelihood_step(0.01, 1e-4), likelihood_step(0.01, 1e-4)}) == -1);
  std::vector<StepRecord> sound;
  for (int i = 0; i < 50; ++i) sound.push_back(margin_step(1.0 - 0.01 * i + 0.002 * (i % 3), 2.0 / (1 + i)));
  CHECK(speaks_at(sound) == -1);
  CHECK(speaks_at({}) == -1);
}

TEST_CASE("skipped steps count for nothing, and the step log tells the same") {
  StepRecord skipped = margin_step(NAN, NAN);
  skipped.skipped = true;
  std::vector<StepRecord> steps = {margin_step(0.75, 3), skipped, margin_step(0.8, 101),
                                   margin_step(1, 1e-3), skipped, margin_step(1, 1e-3),
                                   margin_step(1, 1e-3)};
  std::string words, read_words;
  CHECK(speaks_at(steps, &words) == 7);
  std::vector<StepRecord> read;
  for (const StepRecord& step : steps) {
    if (const auto record = step_from_json(to_json_line(step, Owner()), Owner())) read.push_back(*record);
  }
  CHECK(read.size() == 5);  // a loss that is no number stands there as null
  CHECK(speaks_at(read, &read_words) == 5);
  CHECK(words == read_words);
  for (const char* foreign : {"", "x", "{\"step\": 1", "[1]", "{\"step\":50,\"validation_loss\":1.1}",
                              "{\"step\":\"1\",\"loss\":2,\"gradient_norm\":1}"}) {
    CHECK_FALSE(step_from_json(foreign, Owner()));
  }
}

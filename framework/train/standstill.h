// Notices a training that has stopped learning without having learnt: the margin loss that makes a verifier give every
// solution the same score, a cross-entropy that is as good as a coin, a gradient that has vanished. Such a training runs
// to its end without an error, and what comes of it is worth nothing.
//
//   StandstillWatch watch(weights);
//   if (const auto words = watch.step(record)) log.warn("verifier: {}", *words);   // after every step
//   if (const auto words = watch.end()) log.warn("verifier: {}", *words);          // what a short training shows, too
//
// A function of the records alone, so that whoever reads them from the step log finds the same.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "framework/batching/example.h"
#include "framework/train/trainer.h"

namespace ft {

class StandstillWatch {
 public:
  explicit StandstillWatch(const LossWeights& weights) : weights_(weights) {}

  // What is wrong and what to do, in one sentence or two, when it first shows; nothing otherwise. Skipped steps count for
  // nothing.
  [[nodiscard]] std::optional<std::string> step(const StepRecord& record);
  // After the last step: nothing where step() has spoken before.
  [[nodiscard]] std::optional<std::string> end();

 private:
  [[nodiscard]] std::optional<std::string> words(int steps_needed) const;
  [[nodiscard]] std::optional<std::string> coin_words(std::size_t steps_needed) const;
  std::optional<std::string> said(std::optional<std::string> what);

  LossWeights weights_;
  bool said_ = false;
  double first_loss_ = 0, largest_norm_ = 0;
  int still_ = 0;  // steps in a row whose gradient is next to nothing while the loss is not
  int alike_ = 0;  // of them or not: steps in a row whose margin term is lambda
  StepRecord last_;
  std::deque<double> cross_entropies_;  // of the last steps that had such a term
};

}  // namespace ft

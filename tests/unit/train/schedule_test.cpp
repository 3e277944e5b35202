#include "framework/train/schedule.h"

#include <cmath>

#include "framework/base/error.h"
#include "tests/support/doctest_torch.h"

using namespace ft;

namespace {

using enum Length::Unit;

// 100 examples of 10 tokens, 4 a step: 25 steps an epoch.
StepPlanner planner() { return StepPlanner(std::vector<std::int64_t>(100, 10), {.lanes = 2, .tokens_per_lane = 20}); }

TrainingSettings settings(Length length, Length warmup, ScheduleKind shape) {
  TrainingSettings s;
  s.learning_rate = 2.0;
  s.final_learning_rate = 0.1;
  s.length = length;
  s.warmup = warmup;
  s.schedule = shape;
  return s;
}

}  // namespace

TEST_CASE("lengths in steps, tokens and epochs become numbers of steps") {
  StepPlanner p = planner();
  CHECK(count_steps({7, steps}, p, 100) == 7);
  CHECK(count_steps({400, tokens}, p, 100) == 10);
  CHECK(count_steps({401, tokens}, p, 100) == 11);
  CHECK(count_steps({2, epochs}, p, 100) == 50);
  CHECK(count_steps({0.5, epochs}, p, 100) == 13);  // 50 examples: 12 steps and a half
  CHECK_THROWS_AS((void)count_steps({1, seconds}, p, 100), Error);
}

TEST_CASE("an epoch's length ends at its last example, other lengths run on") {
  StepPlanner p = planner();
  const Schedule by_epoch(settings({1, epochs}, {}, ScheduleKind::constant), p, 100);
  CHECK(by_epoch.stop() == 100);
  CHECK(by_epoch.num_steps() == 25);
  CHECK(by_epoch.over(25, 0));
  CHECK_FALSE(by_epoch.over(24, 1e9));
  const Schedule by_step(settings({3, steps}, {}, ScheduleKind::constant), p, 100);
  CHECK(by_step.stop() > 1000000);
  CHECK_THROWS_AS(Schedule(settings({0.001, epochs}, {}, ScheduleKind::constant), p, 100), UserError);
}

TEST_CASE("warm-up is a straight line to the peak, the rest falls to its fraction") {
  StepPlanner p = planner();
  for (const ScheduleKind shape : {ScheduleKind::constant, ScheduleKind::linear, ScheduleKind::cosine}) {
    const Schedule s(settings({20, steps}, {4, steps}, shape), p, 100);
    for (int k = 0; k < 4; ++k) CHECK(s.learning_rate(k, 0) == doctest::Approx(2.0 * (k + 1) / 4));
    CHECK(s.learning_rate(4, 0) == doctest::Approx(2.0));
    const double half = s.learning_rate(12, 0), end = s.learning_rate(20, 0);
    CHECK(half == doctest::Approx(shape == ScheduleKind::constant ? 2.0 : 2.0 * 0.55));
    CHECK(end == doctest::Approx(shape == ScheduleKind::constant ? 2.0 : 0.2));
  }
  const Schedule cosine(settings({16, steps}, {}, ScheduleKind::cosine), p, 100);
  CHECK(cosine.learning_rate(4, 0) == doctest::Approx(2.0 * (0.1 + 0.9 * 0.5 * (1 + std::sqrt(0.5)))));
}

TEST_CASE("a length in time goes by the clock it is given") {
  StepPlanner p = planner();
  const Schedule s(settings({100, seconds}, {2, steps}, ScheduleKind::linear), p, 100);
  CHECK_FALSE(s.num_steps().has_value());
  CHECK_FALSE(s.over(1000000, 99.9));
  CHECK(s.over(1, 100));
  CHECK(s.learning_rate(10, 50) == doctest::Approx(2.0 * 0.55));
}

TEST_CASE("something is due whenever a multiple was passed, whatever was done before") {
  const auto at = [](std::int64_t s, std::int64_t t, double e) {
    return Progress{.steps = s, .tokens = t, .epochs = e};
  };
  CHECK(due({10, steps}, at(9, 0, 0), at(10, 0, 0)));
  CHECK_FALSE(due({10, steps}, at(10, 0, 0), at(11, 0, 0)));
  CHECK(due({1000, tokens}, at(0, 1990, 0), at(1, 2020, 0)));
  CHECK(due({0.5, epochs}, at(0, 0, 0.49), at(1, 0, 0.51)));
  CHECK_FALSE(due({0, steps}, at(0, 0, 0), at(100, 0, 0)));
}

TEST_CASE("with a length of its own the schedule does not move when the training grows") {
  StepPlanner p = planner();
  for (const ScheduleKind shape : {ScheduleKind::linear, ScheduleKind::cosine}) {
    TrainingSettings shorter = settings({10, steps}, {4, steps}, shape),
                     longer = settings({2, epochs}, {4, steps}, shape);
    shorter.schedule_length = longer.schedule_length = Length{20, steps};
    const Schedule a(shorter, p, 100), b(longer, p, 100), alone(settings({20, steps}, {4, steps}, shape), p, 100);
    for (int step = 0; step < 20; ++step) {
      CHECK(a.learning_rate(step, 0) == alone.learning_rate(step, 0));
      CHECK(b.learning_rate(step, 0) == alone.learning_rate(step, 0));
    }
    CHECK(b.learning_rate(49, 0) == doctest::Approx(0.2));
    CHECK(a.over(10, 0));
    CHECK_FALSE(b.over(49, 0));
  }
}

TEST_CASE("a length may grow where neither the learning rate nor the result depends on it") {
  TrainingSettings s = settings({20, steps}, {}, ScheduleKind::cosine);
  CHECK_FALSE(can_extend(s));
  s.schedule_length = Length{20, steps};
  CHECK(can_extend(s));
  s.schedule = ScheduleKind::constant;
  s.schedule_length.reset();
  CHECK(can_extend(s));
  s.result = ResultWeights::best;
  CHECK(can_extend(s));  // without a validation the last weights are the result
  s.validation = "valid";
  CHECK_FALSE(can_extend(s));
}

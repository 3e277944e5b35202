// How many tokens a sampler still has to draw, guessed from what it has drawn: attempts differ in length, and the first
// ones to finish are the short ones, so that counting finished attempts overrates what is left many times at first.
//
//   TokensLeft left{.num_requests = 360, .slots = 64, .most = 256};
//   left.finished(57);                                  // an attempt has ended with 57 tokens
//   left.tokens(generator.num_tokens()) / rate;         // seconds
#pragma once

#include <algorithm>
#include <cstdint>

namespace ft {

struct TokensLeft {
  std::int64_t num_requests = 0;
  std::int64_t slots = 1;  // attempts drawn at the same time
  std::int64_t most = 1;   // tokens of one attempt

  void finished(std::int64_t tokens) {
    ++num_finished;
    finished_tokens += tokens;
  }

  // `drawn`: tokens so far, of finished and unfinished attempts. While few have finished, an attempt under way is taken to
  // be half done; the more have, the more it is taken to become as long as they were. Those not begun: as long as all
  // others on average.
  [[nodiscard]] double tokens(std::int64_t drawn) const {
    const auto under_way = static_cast<double>(std::min(slots, num_requests - num_finished));
    if (under_way <= 0) return 0;
    const auto ended = static_cast<double>(num_finished), all = static_cast<double>(num_requests);
    const double so_far = std::max(0.0, static_cast<double>(drawn - finished_tokens)) / under_way;
    const double mean_ended = ended > 0 ? static_cast<double>(finished_tokens) / ended : 0;
    const double trust = ended / (ended + under_way);
    const double rest = std::min((1 - trust) * so_far + trust * std::max(mean_ended - so_far, 0.25 * mean_ended),
                                 std::max(0.0, static_cast<double>(most) - so_far));
    const double mean = (static_cast<double>(finished_tokens) + (so_far + rest) * under_way) / (ended + under_way);
    return rest * under_way + (all - ended - under_way) * mean;
  }

  std::int64_t num_finished = 0, finished_tokens = 0;
};

}  // namespace ft

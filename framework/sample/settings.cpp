#include "framework/config/binder.h"
#include "framework/sample/generator.h"

namespace ft {

void describe(SamplingSettings& settings, Binder& binder) {
  binder.identity("temperature", settings.temperature, "flattens (above 1) or sharpens the distribution; 0 is greedy",
                  Range{.low = 0, .high = 100});
  binder.identity("top_p", settings.top_p, "samples from the smallest set of tokens with this probability; 1 is off",
                  Range{.low = 0, .high = 1, .low_open = true});
  binder.identity("top_k", settings.top_k, "samples from this many most probable tokens; 0 is off", Range::at_least(0));
  binder.identity("max_new_tokens", settings.max_new_tokens, "longest attempt, in tokens", Range{1, 1 << 20});
  binder.choice_unless(SamplingSettings().compute, "compute", settings.compute,
                       "what matrix products with weights are computed from; keys and values, norms, attention and the "
                       "draw are float32");
  binder.execution("slots", settings.slots, "attempts that one rank decodes together", Range{1, 4096});
}

}  // namespace ft

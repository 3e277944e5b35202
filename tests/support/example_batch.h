// Batches straight from examples, for tests that have no store: the same packing on the way.
//
//   const Batch batch = batch_of({a, b, a});
#pragma once

#include <vector>

#include "framework/batching/batch.h"
#include "framework/batching/example_list.h"

namespace ft::testing {

inline Batch batch_of(const std::vector<Example>& examples) {
  const Examples list(examples);
  std::vector<ExampleView> all;
  for (std::int64_t i = 0; i < list.size(); ++i) all.push_back(list[i]);
  return make_batch(all);
}

inline LossUnits units_of(const Example& example) { return Examples(std::vector{example}).units(0); }

}  // namespace ft::testing

// Requests in the order given, as a Generator asks for them.
//
//   generator.run(asked(prompts, {{.prompt = 0, .problem = 100, .index = 0}, ...}), done, stop);
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "framework/sample/generator.h"

namespace ft::testing {

// `prompt` of a request is its place among `prompts`; requests at one prompt that follow each other go together.
inline NextRequests asked(std::vector<std::vector<TokenId>> prompts, std::vector<SampleRequest> requests) {
  return [prompts = std::move(prompts), requests = std::move(requests),
          next = std::size_t{0}]() mutable -> std::optional<PromptRequests> {
    if (next == requests.size()) return std::nullopt;
    const SampleRequest first = requests[next];
    PromptRequests group{first.prompt, first.problem, prompts[static_cast<std::size_t>(first.prompt)], {}};
    for (; next < requests.size(); ++next) {
      if (requests[next].prompt != first.prompt || requests[next].problem != first.problem) break;
      group.indices.push_back(requests[next].index);
    }
    return group;
  };
}

}  // namespace ft::testing

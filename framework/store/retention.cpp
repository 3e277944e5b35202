#include "framework/store/retention.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace ft {

std::vector<std::filesystem::path> removable(std::vector<Candidate> candidates, RetentionPolicy policy) {
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.step > b.step; });  // newest first
  std::set<std::filesystem::path> kept;
  const int last = std::max(policy.last, 1);
  for (const Candidate& candidate : candidates) {
    if (static_cast<int>(kept.size()) < last) kept.insert(candidate.folder);
  }
  std::vector<Candidate> ranked = candidates;
  std::erase_if(ranked, [](const Candidate& candidate) { return std::isnan(candidate.loss); });
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const Candidate& a, const Candidate& b) { return a.loss < b.loss; });
  for (int i = 0; i < policy.best && i < static_cast<int>(ranked.size()); ++i) {
    kept.insert(ranked[static_cast<std::size_t>(i)].folder);
  }
  std::vector<std::filesystem::path> result;
  for (auto it = candidates.rbegin(); it != candidates.rend(); ++it) {
    if (!kept.contains(it->folder)) result.push_back(it->folder);
  }
  return result;
}

}  // namespace ft

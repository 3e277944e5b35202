#include "framework/rerank/cluster.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <numeric>
#include <utility>

namespace ft::rerank {
namespace {

// "= -3/4": keys of plain rational numbers, which differ exactly where the numbers do.
bool is_rational_key(const std::string& key) {
  if (!key.starts_with("= ") || key.size() < 3) return false;
  return std::all_of(key.begin() + 2, key.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0 || c == '-' || c == '/'; });
}

class Components {
 public:
  explicit Components(std::size_t size) : parent_(size) { std::iota(parent_.begin(), parent_.end(), std::size_t{0}); }
  std::size_t find(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  // The smaller root stays, so that the result depends on the order of the keys only.
  void join(std::size_t a, std::size_t b) {
    a = find(a);
    b = find(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<std::size_t> parent_;
};

}  // namespace

AnswerEquality equality_of(std::shared_ptr<const grade::Judge> judge) {
  AnswerEquality equality{[judge](std::string_view answer) { return judge->key(answer); },
                          [judge](std::string_view a, std::string_view b) { return judge->agree(a, b); },
                          {}};
  if (judge->numbers_have_one_key()) {
    equality.keys_differ = [](const std::string& a, const std::string& b) {
      return is_rational_key(a) && is_rational_key(b);
    };
  }
  return equality;
}

AnswerEquality grader_equality() { return equality_of(std::make_shared<grade::Judge>()); }

std::vector<Cluster> cluster_answers(std::span<const Candidate> candidates, const AnswerEquality& equality) {
  std::map<std::string, std::vector<int>> by_key;
  std::map<std::string, std::string> keys;  // of texts already seen
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const Candidate& candidate = candidates[i];
    if (!candidate.answer_found) continue;
    auto known = keys.find(candidate.answer);
    if (known == keys.end()) known = keys.emplace(candidate.answer, equality.key(candidate.answer)).first;
    by_key[known->second].push_back(static_cast<int>(i));
  }
  // One text a key: the smallest, so that the choice does not depend on the order of the attempts.
  std::vector<const std::string*> key_names;
  std::vector<std::string> texts;
  for (const auto& [key, members] : by_key) {
    key_names.push_back(&key);
    std::string smallest = candidates[static_cast<std::size_t>(members.front())].answer;
    for (const int member : members) smallest = std::min(smallest, candidates[static_cast<std::size_t>(member)].answer);
    texts.push_back(std::move(smallest));
  }
  Components components(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    for (std::size_t j = i + 1; j < texts.size(); ++j) {
      if (components.find(i) == components.find(j)) continue;
      if (equality.keys_differ && equality.keys_differ(*key_names[i], *key_names[j])) continue;
      if (equality.equal(texts[i], texts[j])) components.join(i, j);
    }
  }
  std::map<std::size_t, Cluster> by_root;  // ordered by the smallest key
  std::size_t index = 0;
  for (const auto& [key, members] : by_key) {
    Cluster& cluster = by_root[components.find(index)];
    if (cluster.members.empty()) cluster.answer = texts[components.find(index)];
    for (const int member : members) {
      cluster.members.push_back(member);
      cluster.right += candidates[static_cast<std::size_t>(member)].right ? 1 : 0;
    }
    ++index;
  }
  std::vector<Cluster> clusters;
  for (auto& [root, cluster] : by_root) {
    std::sort(cluster.members.begin(), cluster.members.end());
    clusters.push_back(std::move(cluster));
  }
  std::stable_sort(clusters.begin(), clusters.end(),
                   [](const Cluster& a, const Cluster& b) { return a.size() > b.size(); });
  return clusters;
}

}  // namespace ft::rerank

#include "framework/report/overlap.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "framework/base/philox.h"

namespace ft::report {
namespace {

constexpr std::size_t kRun = 3;

using Shingles = std::vector<std::uint64_t>;

// Hashes of all runs of three words, sorted, each once. A text of fewer words is one run.
Shingles shingles_of(const std::string& words) {
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < words.size(); ++i)
    if (words[i] != ' ' && (i == 0 || words[i - 1] == ' ')) starts.push_back(i);
  Shingles result;
  if (starts.empty()) return result;
  const std::size_t last = starts.size() > kRun ? starts.size() - kRun : 0;
  for (std::size_t i = 0; i <= last; ++i) {
    const std::size_t end = i + kRun < starts.size() ? starts[i + kRun] - 1 : words.size();
    result.push_back(name_hash(std::string_view(words).substr(starts[i], end - starts[i])));
  }
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

double jaccard(const Shingles& a, const Shingles& b) {
  std::size_t common = 0;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i] == b[j])
      ++common, ++i, ++j;
    else if (a[i] < b[j])
      ++i;
    else
      ++j;
  }
  const std::size_t all = a.size() + b.size() - common;
  return all == 0 ? 0 : static_cast<double>(common) / static_cast<double>(all);
}

// Two sets with a Jaccard index of t or more share one of the |A| - ceil(t |A|) + 1 rarest members of A, and likewise
// of B, in one common order of rarity.
class Index {
 public:
  Index(const std::vector<Shingles>& first, const std::vector<Shingles>& second, double threshold)
      : first_(first), threshold_(threshold) {
    for (const auto* sets : {&first, &second})
      for (const Shingles& set : *sets)
        for (const std::uint64_t shingle : set) ++frequency_[shingle];
  }

  void add(std::size_t i) {
    for (const std::uint64_t shingle : prefix(first_[i])) postings_[shingle].push_back(i);
  }

  // The nearest of those added, at least `threshold` near.
  [[nodiscard]] std::optional<OverlapPair> nearest(const Shingles& set) {
    std::optional<OverlapPair> best;
    ++visit_;
    seen_.resize(first_.size(), 0);
    for (const std::uint64_t shingle : prefix(set)) {
      const auto found = postings_.find(shingle);
      if (found == postings_.end()) continue;
      for (const std::size_t i : found->second) {
        if (seen_[i] == visit_) continue;
        seen_[i] = visit_;
        const auto [small, large] = std::minmax(first_[i].size(), set.size());
        if (static_cast<double>(small) < threshold_ * static_cast<double>(large)) continue;
        const double similarity = jaccard(first_[i], set);
        if (similarity < threshold_) continue;
        const bool better =
            !best || similarity > best->similarity || (similarity == best->similarity && i < best->first);
        if (better) best = OverlapPair{i, 0, similarity};
      }
    }
    return best;
  }

 private:
  [[nodiscard]] Shingles prefix(const Shingles& set) const {
    Shingles rare = set;
    std::sort(rare.begin(), rare.end(), [&](std::uint64_t a, std::uint64_t b) {
      const int fa = frequency_.at(a);
      const int fb = frequency_.at(b);
      return fa != fb ? fa < fb : a < b;
    });
    const auto needed = static_cast<std::size_t>(std::ceil(threshold_ * static_cast<double>(set.size()) - 1e-9));
    rare.resize(std::min(set.size(), set.size() - std::min(needed, set.size()) + 1));
    return rare;
  }

  const std::vector<Shingles>& first_;
  double threshold_;
  std::unordered_map<std::uint64_t, int> frequency_;
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> postings_;
  std::vector<std::uint64_t> seen_;
  std::uint64_t visit_ = 0;
};

// `within`: both lists are one, and an item is compared with those before it.
Overlap compare(std::span<const std::string> first, std::span<const std::string> second, double threshold,
                bool within) {
  Overlap result{first.size(), second.size(), 0, 0, {}, {}};
  std::vector<std::string> words_first, words_second;
  for (const std::string& text : first) words_first.push_back(normalise_words(text));
  if (!within)
    for (const std::string& text : second) words_second.push_back(normalise_words(text));
  const std::vector<std::string>& asked = within ? words_first : words_second;
  std::vector<Shingles> sets_first, sets_second;
  for (const std::string& words : words_first) sets_first.push_back(shingles_of(words));
  if (!within)
    for (const std::string& words : words_second) sets_second.push_back(shingles_of(words));
  const std::vector<Shingles>& sets_asked = within ? sets_first : sets_second;

  std::unordered_map<std::string_view, std::size_t> known;
  Index index(sets_first, sets_second, threshold);
  const auto learn = [&](std::size_t i) {
    if (known.emplace(words_first[i], i).second) index.add(i);
  };
  if (!within)
    for (std::size_t i = 0; i < first.size(); ++i) learn(i);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (const auto equal = known.find(asked[i]); equal != known.end()) {
      result.exact_pairs.push_back({equal->second, i, 1});
    } else if (auto pair = index.nearest(sets_asked[i])) {
      pair->second = i;
      result.near_pairs.push_back(*pair);
    }
    if (within) learn(i);
  }
  result.exact = result.exact_pairs.size();
  result.near = result.near_pairs.size();
  return result;
}

}  // namespace

std::string normalise_words(std::string_view text) {
  std::string words;
  const auto separate = [&] {
    if (!words.empty() && words.back() != ' ') words += ' ';
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool point = c == '.' && i > 0 && i + 1 < text.size() &&
                       std::isdigit(static_cast<unsigned char>(text[i - 1])) != 0 &&
                       std::isdigit(static_cast<unsigned char>(text[i + 1])) != 0;
    if (std::isalnum(c) != 0 || c >= 0x80 || point) {
      words += static_cast<char>(std::tolower(c));
    } else if (std::string_view("+-*/^=<>()[]{}|_!%").find(static_cast<char>(c)) != std::string_view::npos) {
      separate();
      words += static_cast<char>(c);
      words += ' ';
    } else {
      separate();
    }
  }
  while (!words.empty() && words.back() == ' ') words.pop_back();
  return words;
}

Overlap find_overlap(std::span<const std::string> first, std::span<const std::string> second, double threshold) {
  return compare(first, second, threshold, false);
}

Overlap find_duplicates(std::span<const std::string> texts, double threshold) {
  return compare(texts, texts, threshold, true);
}

namespace {

OverlapFinding with_examples(OverlapFinding finding, std::span<const std::string> first_texts,
                             std::span<const std::string> first_ids, std::span<const std::string> second_texts,
                             std::span<const std::string> second_ids) {
  constexpr std::size_t kMost = 10;
  std::vector<OverlapPair> pairs = finding.overlap.near_pairs;
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const OverlapPair& a, const OverlapPair& b) { return a.similarity > b.similarity; });
  pairs.insert(pairs.begin(), finding.overlap.exact_pairs.begin(), finding.overlap.exact_pairs.end());
  for (std::size_t i = 0; i < std::min(kMost, pairs.size()); ++i) {
    const OverlapPair& pair = pairs[i];
    finding.examples.push_back({first_ids[pair.first], second_ids[pair.second], first_texts[pair.first],
                                second_texts[pair.second], pair.similarity});
  }
  return finding;
}

}  // namespace

OverlapFinding describe_overlap(const std::string& first, std::span<const std::string> first_texts,
                                std::span<const std::string> first_ids, const std::string& second,
                                std::span<const std::string> second_texts, std::span<const std::string> second_ids,
                                double threshold) {
  OverlapFinding finding{first, second, find_overlap(first_texts, second_texts, threshold), {}};
  return with_examples(std::move(finding), first_texts, first_ids, second_texts, second_ids);
}

OverlapFinding describe_duplicates(const std::string& name, std::span<const std::string> texts,
                                   std::span<const std::string> ids, double threshold) {
  OverlapFinding finding{name, name, find_duplicates(texts, threshold), {}};
  return with_examples(std::move(finding), texts, ids, texts, ids);
}

}  // namespace ft::report

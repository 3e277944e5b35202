#include "framework/rerank/expectation.h"

#include <algorithm>
#include <cmath>

#include "framework/base/error.h"

namespace ft::rerank {
namespace {

// Of tied contenders: up to so many the subsets are counted, beyond it is reckoned with their shares.
constexpr std::size_t kMostCounted = 128;

}  // namespace

namespace {

double computed_binomial(int n, int k) {
  k = std::min(k, n - k);
  double value = 1;
  for (int i = 1; i <= k; ++i) value = value * (n - k + i) / i;
  return value < 0x1p53 ? std::round(value) : value;
}

constexpr int kInTable = 128;  // what is reckoned exactly takes no larger ones

std::vector<double> table_of_binomials() {
  std::vector<double> table;
  for (int n = 0; n <= kInTable; ++n)
    for (int k = 0; k <= n; ++k) table.push_back(computed_binomial(n, k));
  return table;
}

}  // namespace

double binomial(int n, int k) {
  static const std::vector<double> table = table_of_binomials();  // a vote of 100 attempts asks for thousands
  if (k < 0 || k > n) return 0;
  return n > kInTable
             ? computed_binomial(n, k)
             : table[static_cast<std::size_t>(n) * static_cast<std::size_t>(n + 1) / 2 + static_cast<std::size_t>(k)];
}

namespace {

double log_binomial(double n, double k) { return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1); }

// C(here, taken) C(below, seats - taken) / C(tied, seats)
double chance(std::size_t here, std::size_t below, std::size_t tied, int seats, std::size_t taken) {
  const auto others = static_cast<double>(seats) - static_cast<double>(taken);
  if (others < 0 || others > static_cast<double>(below) || taken > here) return 0;
  return std::exp(log_binomial(static_cast<double>(here), static_cast<double>(taken)) +
                  log_binomial(static_cast<double>(below), others) - log_binomial(static_cast<double>(tied), seats));
}

// The contenders at one level, while nobody above has a seat: `tickets` and `right` are those of the sure ones among them.
struct Level {
  std::span<const Contender* const> here;  // the tied ones
  std::size_t below = 0;                   // tied ones at lower levels
  std::size_t tied = 0;                    // all of them
  double tickets = 0, right = 0;
};

// By counting subsets. Adds to `expectation`.
void count_best(const Level& level, int seats, double& expectation) {
  const auto& here = level.here;
  const double subsets = binomial(static_cast<int>(level.tied), seats);
  // ways[j][t]: subsets of `here` with j members and t tickets; rights[j][t]: the sum of their right tickets.
  int most = 0;
  for (const Contender* one : here) most += static_cast<int>(one->tickets);
  const std::size_t width = static_cast<std::size_t>(most) + 1;
  std::vector<std::vector<double>> ways(here.size() + 1, std::vector<double>(width, 0));
  std::vector<std::vector<double>> rights = ways;
  ways[0][0] = 1;
  for (const Contender* one : here) {
    const auto step = static_cast<std::size_t>(one->tickets);
    for (std::size_t j = here.size(); j-- > 0;) {
      for (std::size_t t = width - step; t-- > 0;) {
        if (ways[j][t] == 0) continue;
        ways[j + 1][t + step] += ways[j][t];
        rights[j + 1][t + step] += rights[j][t] + one->right * ways[j][t];
      }
    }
  }
  for (std::size_t j = 0; j <= here.size(); ++j) {
    // The other seats go to lower levels.
    const double others = binomial(static_cast<int>(level.below), seats - static_cast<int>(j));
    if (others == 0) continue;
    for (std::size_t t = 0; t < width; ++t) {
      const double all = level.tickets + static_cast<double>(t);
      if (ways[j][t] == 0 || all == 0) continue;
      expectation += others * (level.right * ways[j][t] + rights[j][t]) / all / subsets;
    }
  }
}

// By chances, where the numbers of subsets would overflow.
double likely_best(const Level& level, int seats) {
  const auto& here = level.here;
  const std::size_t most = std::min(here.size(), static_cast<std::size_t>(seats));
  const auto chance_of = [&](std::size_t j) { return chance(here.size(), level.below, level.tied, seats, j); };
  const auto share = [&](double right, double tickets) { return tickets == 0 ? 0 : right / tickets; };
  const double step = here.empty() ? 0 : here.front()->tickets;
  double expectation = 0;
  if (std::ranges::all_of(here, [&](const Contender* one) { return one->tickets == step; })) {
    double mean = 0;
    for (const Contender* one : here) mean += one->right / static_cast<double>(here.size());
    for (std::size_t j = 0; j <= most; ++j) {
      const auto taken = static_cast<double>(j);
      expectation += chance_of(j) * share(level.right + taken * mean, level.tickets + taken * step);
    }
    return expectation;
  }
  // Of a random subset of j of those seen so far: how likely it has t tickets, and the right ones that it has then.
  std::size_t width = 1;
  for (const Contender* one : here) width += static_cast<std::size_t>(one->tickets);
  std::vector<std::vector<double>> likely(most + 1, std::vector<double>(width, 0));
  std::vector<std::vector<double>> rights = likely;
  likely[0][0] = 1;
  for (std::size_t i = 0; i < here.size(); ++i) {
    const auto tickets = static_cast<std::size_t>(here[i]->tickets);
    for (std::size_t j = std::min(most, i + 1); j > 0; --j) {
      const double with = static_cast<double>(j) / static_cast<double>(i + 1);
      for (std::size_t t = width; t-- > 0;) {
        likely[j][t] *= 1 - with;
        rights[j][t] *= 1 - with;
        if (t < tickets) continue;
        likely[j][t] += with * likely[j - 1][t - tickets];
        rights[j][t] += with * (rights[j - 1][t - tickets] + here[i]->right * likely[j - 1][t - tickets]);
      }
    }
  }
  for (std::size_t j = 0; j <= most; ++j) {
    const double of_j = chance_of(j);
    for (std::size_t t = 0; t < width && of_j > 0; ++t)
      expectation += of_j * share(level.right * likely[j][t] + rights[j][t], level.tickets + static_cast<double>(t));
  }
  return expectation;
}

}  // namespace

double expected_best(std::span<const Contender> sure, std::span<const Contender> tied, int seats) {
  const int num_tied = static_cast<int>(tied.size());
  FT_CHECK(seats >= 0 && seats <= num_tied, "{} seats for {} tied contenders", seats, num_tied);
  std::vector<const Contender*> by_level;
  for (const Contender& one : tied) by_level.push_back(&one);
  std::ranges::stable_sort(by_level, std::greater<>(), &Contender::level);
  // Below the best of the sure ones nobody can win.
  const Contender* best = nullptr;
  for (const Contender& one : sure) {
    if (one.tickets > 0 && (best == nullptr || one.level > best->level)) best = &one;
  }
  double expectation = 0;
  for (std::size_t at = 0; at < by_level.size() || best != nullptr;) {
    const bool last = best != nullptr && (at == by_level.size() || by_level[at]->level <= best->level);
    const double height = last ? best->level : by_level[at]->level;
    const std::size_t begin = at;
    while (at < by_level.size() && by_level[at]->level == height) ++at;
    Level level{std::span(by_level).subspan(begin, at - begin), by_level.size() - at, by_level.size()};
    for (const Contender& one : sure) {
      if (!last || one.level != height) continue;
      level.tickets += one.tickets;
      level.right += one.right;
    }
    if (tied.size() <= kMostCounted) {
      count_best(level, seats, expectation);
    } else {
      expectation += likely_best(level, seats);
      // What is left for the levels below, that nobody has a seat so far, is less than the rounding.
      if (chance(0, level.below, level.tied, seats, 0) < 1e-18) break;
    }
    if (last) break;
  }
  return expectation;
}

namespace {

// That none of `seats` of the contenders is right: the mean over all choices of the product of their chances to be wrong.
double none_right(std::span<const Contender> tied, int seats) {
  std::vector<double> mixed;  // right with a chance between 0 and 1: hardly any
  std::size_t wrong = 0;
  for (const Contender& one : tied) {
    const double chance = 1 - one.right / one.tickets;
    if (chance > 0 && chance < 1) mixed.push_back(chance);
    wrong += chance == 1 ? 1 : 0;
  }
  const std::size_t most = std::min(mixed.size(), static_cast<std::size_t>(seats));
  std::vector<double> means(most + 1, 0);  // over the choices of j of the mixed ones
  means[0] = 1;
  for (std::size_t i = 0; i < mixed.size(); ++i) {
    for (std::size_t j = std::min(most, i + 1); j > 0; --j) {
      const double with = static_cast<double>(j) / static_cast<double>(i + 1);
      means[j] = means[j] * (1 - with) + means[j - 1] * mixed[i] * with;
    }
  }
  double none = 0;
  for (std::size_t j = 0; j <= most; ++j) none += means[j] * chance(mixed.size(), wrong, tied.size(), seats, j);
  return none;
}

}  // namespace

double expected_any(std::span<const Contender> sure, std::span<const Contender> tied, int seats) {
  FT_CHECK(seats >= 0 && seats <= static_cast<int>(tied.size()), "{} seats for {} tied contenders", seats, tied.size());
  double none = 1;
  for (const Contender& one : sure) none *= 1 - one.right / one.tickets;
  if (tied.size() > kMostCounted) return 1 - none * none_right(tied, seats);
  // The elementary symmetric polynomial of degree `seats` in the chances to be wrong.
  std::vector<double> symmetric(static_cast<std::size_t>(seats) + 1, 0);
  symmetric[0] = 1;
  for (const Contender& one : tied) {
    for (std::size_t j = symmetric.size(); j-- > 1;) symmetric[j] += symmetric[j - 1] * (1 - one.right / one.tickets);
  }
  return 1 - none * symmetric.back() / binomial(static_cast<int>(tied.size()), seats);
}

namespace {

// For one size M of the winning answers: over all draws in which no answer has more than M votes and at least one has
// M, the sum of (right share of the winners), as a number of subsets.
double won_with(std::span<const Votes> answers, int silent, int draws, int winning) {
  const auto drawn_width = static_cast<std::size_t>(draws) + 1;
  int possible = 0;
  for (const Votes& one : answers) possible += one.sure + one.drawn >= winning ? 1 : 0;
  if (possible == 0) return 0;
  const std::size_t winners_width = static_cast<std::size_t>(possible) + 1;
  // State: votes drawn so far, answers with exactly `winning` votes; ways and the sum of the winners' right shares.
  std::vector<double> ways(drawn_width * winners_width, 0);
  std::vector<double> rights = ways;
  ways[0] = 1;
  for (const Votes& one : answers) {
    if (one.sure > winning) return 0;
    std::vector<double> next_ways(ways.size(), 0);
    std::vector<double> next_rights(ways.size(), 0);
    for (int take = 0; take <= std::min({one.drawn, draws, winning - one.sure}); ++take) {
      const double choices = binomial(one.drawn, take);
      const bool wins = one.sure + take == winning;
      const double share =
          wins ? (one.sure_right + (one.drawn > 0 ? one.drawn_right * take / one.drawn : 0.0)) / winning : 0.0;
      for (std::size_t drawn = 0; drawn + static_cast<std::size_t>(take) < drawn_width; ++drawn) {
        for (std::size_t winners = 0; winners + (wins ? 1 : 0) < winners_width; ++winners) {
          const std::size_t from = drawn * winners_width + winners;
          if (ways[from] == 0) continue;
          const std::size_t to = (drawn + static_cast<std::size_t>(take)) * winners_width + winners + (wins ? 1 : 0);
          next_ways[to] += choices * ways[from];
          next_rights[to] += choices * (rights[from] + share * ways[from]);
        }
      }
    }
    ways.swap(next_ways);
    rights.swap(next_rights);
  }
  double sum = 0;
  for (std::size_t drawn = 0; drawn < drawn_width; ++drawn) {
    const double others = binomial(silent, draws - static_cast<int>(drawn));
    if (others == 0) continue;
    for (std::size_t winners = 1; winners < winners_width; ++winners) {
      sum += others * rights[drawn * winners_width + winners] / static_cast<double>(winners);
    }
  }
  return sum;
}

}  // namespace

namespace {

// C(n, 0), ..., C(n, n)
std::vector<double> binomials(int n) {
  std::vector<double> row(static_cast<std::size_t>(n) + 1);
  for (int k = 0; k <= n; ++k) row[static_cast<std::size_t>(k)] = binomial(n, k);
  return row;
}

// For the winning size M: a polynomial in the votes drawn from the answers that can reach M, whose coefficients sum the
// winners' right shares over all ways to draw with no answer above M and at least one at M.
std::vector<double> shares_won_with(std::span<const int> votes, std::span<const int> right, int winning) {
  const auto take_most = static_cast<std::size_t>(winning);
  const std::size_t possible = votes.size();
  const std::size_t width = possible * take_most + 1;
  const std::size_t winners_width = possible + 1;
  std::vector<double> ways(width * winners_width, 0);
  std::vector<double> rights = ways;
  ways[0] = 1;
  for (std::size_t i = 0; i < possible; ++i) {
    const std::vector<double> choices = binomials(votes[i]);
    const double share = static_cast<double>(right[i]) / votes[i];
    std::vector<double> next_ways(ways.size(), 0);
    std::vector<double> next_rights = next_ways;
    for (std::size_t drawn = 0; drawn <= i * take_most; ++drawn) {
      for (std::size_t winners = 0; winners <= i; ++winners) {
        const std::size_t from = drawn * winners_width + winners;
        if (ways[from] == 0) continue;
        for (std::size_t take = 0; take <= take_most; ++take) {
          const std::size_t wins = take == take_most ? 1 : 0;
          const std::size_t to = (drawn + take) * winners_width + winners + wins;
          next_ways[to] += choices[take] * ways[from];
          next_rights[to] += choices[take] * (rights[from] + (wins == 1 ? share * ways[from] : 0.0));
        }
      }
    }
    ways.swap(next_ways);
    rights.swap(next_rights);
  }
  std::vector<double> sums(width, 0);
  for (std::size_t drawn = 0; drawn < width; ++drawn) {
    for (std::size_t winners = 1; winners < winners_width; ++winners)
      sums[drawn] += rights[drawn * winners_width + winners] / static_cast<double>(winners);
  }
  return sums;
}

}  // namespace

std::vector<double> expected_majority_at_each(std::span<const int> votes, std::span<const int> right, int silent) {
  FT_CHECK(votes.size() == right.size(), "{} answers, {} counts of right votes", votes.size(), right.size());
  int all = silent;
  int most = 0;
  for (const int count : votes) {
    all += count;
    most = std::max(most, count);
  }
  std::vector<double> result(static_cast<std::size_t>(all), 0);
  for (int winning = 1; winning <= most; ++winning) {
    // Answers with fewer votes cannot reach the winning size: like silent ones, they are drawn or not.
    std::vector<int> big;
    std::vector<int> big_right;
    int rest = all;
    for (std::size_t i = 0; i < votes.size(); ++i) {
      if (votes[i] < winning) continue;
      big.push_back(votes[i]);
      big_right.push_back(right[i]);
      rest -= votes[i];
    }
    const std::vector<double> sums = shares_won_with(big, big_right, winning);
    const std::vector<double> others = binomials(rest);
    for (std::size_t drawn = 1; drawn < sums.size(); ++drawn) {
      if (sums[drawn] == 0) continue;
      for (std::size_t other = 0; other < others.size(); ++other)
        result[drawn + other - 1] += sums[drawn] * others[other];
    }
  }
  for (int k = 1; k <= all; ++k) result[static_cast<std::size_t>(k) - 1] /= binomial(all, k);
  return result;
}

double expected_majority(std::span<const Votes> answers, int silent, int draws) {
  int drawable = silent;
  int most = 0;
  for (const Votes& one : answers) {
    drawable += one.drawn;
    most = std::max(most, one.sure + std::min(one.drawn, draws));
  }
  FT_CHECK(draws >= 0 && draws <= drawable, "{} draws from {} votes", draws, drawable);
  double sum = 0;
  for (int winning = 1; winning <= most; ++winning) sum += won_with(answers, silent, draws, winning);
  return sum / binomial(drawable, draws);
}

}  // namespace ft::rerank

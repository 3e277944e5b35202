#include "datasets/arithmetic.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <unordered_set>

#include "framework/base/philox.h"
#include "framework/config/binder.h"

namespace ft {
namespace {

constexpr std::array<std::string_view, 8> kNames = {"Ann", "Bob", "Cat", "Dan", "Eve", "Fay", "Gus", "Hal"};
constexpr std::array<std::string_view, 8> kItems = {"cups",  "pens",   "books",  "coins",
                                                    "cards", "shells", "stamps", "apples"};
constexpr int kMostPeople = static_cast<int>(kNames.size());
constexpr int kMostRedraws = 100'000;

// The numbers of one problem, one after the other.
class Draws {
 public:
  Draws(const Philox& random, std::uint64_t item) : random_(random), item_(item) {}
  int below(int bound) { return static_cast<int>(random_.below(static_cast<std::uint64_t>(bound), item_, index_++)); }
  int between(int low, int high) { return low + below(high - low + 1); }
  bool chance(double probability) { return random_.uniform(item_, index_++) < probability; }

  // 0, 1, ..., n-1 in random order.
  std::vector<int> order(int n) {
    std::vector<int> order(static_cast<std::size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    for (int i = n - 1; i > 0; --i) std::swap(order[i], order[below(i + 1)]);
    return order;
  }

 private:
  const Philox& random_;
  std::uint64_t item_;
  std::uint64_t index_ = 0;
};

struct Person {
  std::string_view name;
  int other = -1;     // whom the number refers to; -1: to nobody, it is the value itself
  bool more = false;  // than `other`; else fewer
  int number = 0;
};

struct Story {
  std::vector<Person> people;  // each refers to an earlier one only
  std::vector<int> told;       // the order of the statements
  std::string_view item;
};

std::vector<int> values_of(const std::vector<Person>& people) {
  std::vector<int> values;
  for (const Person& person : people) {
    values.push_back(person.other < 0 ? person.number
                                      : values[person.other] + (person.more ? person.number : -person.number));
  }
  return values;
}

bool large_enough(const std::vector<int>& values, const ArithmeticOptions& options) {
  return std::ranges::all_of(values, [&](int value) { return value >= options.least_value; });
}

bool in_range(const std::vector<int>& values, const ArithmeticOptions& options) {
  return large_enough(values, options) && std::accumulate(values.begin(), values.end(), 0) <= options.most_total;
}

// A uniformly drawn ready person next, until all are told.
std::vector<int> told_order(const std::vector<Person>& people, Draws& draws) {
  std::vector<int> told;
  std::vector<bool> done(people.size(), false);
  while (told.size() < people.size()) {
    std::vector<int> ready;
    for (int i = 0; i < static_cast<int>(people.size()); ++i) {
      if (!done[i] && (people[i].other < 0 || done[people[i].other])) ready.push_back(i);
    }
    const int next = ready[draws.below(static_cast<int>(ready.size()))];
    done[next] = true;
    told.push_back(next);
  }
  return told;
}

Story draw_story(const ArithmeticOptions& options, Draws& draws) {
  Story story;
  const bool hard = options.hard_share > 0 && draws.chance(options.hard_share);
  const std::vector<int> names = draws.order(kMostPeople);
  story.item = kItems[draws.below(static_cast<int>(kItems.size()))];
  for (int i = 0; i < options.people; ++i) {
    Person person{.name = kNames[names[i]]};
    if (i > 0 && (hard || draws.chance(options.relation_probability))) {
      person.other = draws.below(i);
      person.more = draws.chance(0.5);
      person.number = draws.between(options.relation_min, options.relation_max);
    } else {
      person.number = draws.between(options.value_min, options.value_max);
    }
    story.people.push_back(person);
  }
  story.told = told_order(story.people, draws);
  return story;
}

std::string relation_text(const Story& story, const Person& person) {
  if (person.other < 0) return std::to_string(person.number);
  return fmt::format("{} {} than {}", person.number, person.more ? "more" : "fewer", story.people[person.other].name);
}

std::string story_text(const Story& story) {
  std::string text;
  for (int i : story.told) {
    // The first one told refers to nobody, and says what is counted.
    text += fmt::format("{} has {}{}. ", story.people[i].name, relation_text(story, story.people[i]),
                        text.empty() ? fmt::format(" {}", story.item) : "");
  }
  return text + fmt::format("How many {} in all?", story.item);
}

// Equal for two stories that differ in the order of telling only.
std::uint64_t story_hash(const Story& story) {
  std::vector<std::string> statements;
  for (const Person& person : story.people) {
    statements.push_back(fmt::format("{} {};", person.name, relation_text(story, person)));
  }
  std::ranges::sort(statements);
  std::string text(story.item);
  for (const std::string& statement : statements) text += statement;
  return name_hash(text);
}

// What hangs on person `of` (-1: on nobody), in an order of its own: names, items and the order of people leave it as it is.
std::string structure_text(const std::vector<Person>& people, int of) {
  std::vector<std::string> parts;
  for (int i = 0; i < static_cast<int>(people.size()); ++i) {
    if (people[i].other != of) continue;
    const char* sign = of < 0 ? "" : people[i].more ? "+" : "-";
    parts.push_back(fmt::format("{}{}({})", sign, people[i].number, structure_text(people, i)));
  }
  std::ranges::sort(parts);
  return fmt::format("{}", fmt::join(parts, ","));
}

std::uint64_t structure_hash(const Story& story) { return name_hash(structure_text(story.people, -1)); }

// Four fifths of all problems are for training, a tenth each for the others.
std::string_view split_of(std::uint64_t hash) {
  const double u = Philox(0, "arithmetic split").uniform(hash, 0);
  return u < 0.8 ? "train" : u < 0.9 ? "valid" : "test";
}

// How one solution reads the story: the truth, or with slips.
struct Reading {
  std::vector<Person> people;
  std::vector<int> summands;  // persons in the order of the total
};

Reading read_story(const Story& story, const ArithmeticOptions& options, bool slips, Draws& draws) {
  Reading reading{story.people, draws.order(options.people)};
  if (!slips) return reading;
  for (Person& person : reading.people) {
    if (person.other < 0 || !draws.chance(options.swap_probability)) continue;
    person.more = !person.more;
    if (!large_enough(values_of(reading.people), options)) person.more = !person.more;
  }
  if (draws.chance(options.omit_probability) && options.people > 2) reading.summands.pop_back();
  return reading;
}

std::string fine_solution(const Story& story, const Reading& reading) {
  const std::vector<int> values = values_of(reading.people);
  std::string text;
  for (int i : story.told) {
    const Person& person = reading.people[i];
    if (person.other < 0) continue;
    text += fmt::format("{}: {}{}{}={}\n", person.name, values[person.other], person.more ? '+' : '-', person.number,
                        values[i]);
  }
  int total = values[reading.summands[0]];
  for (std::size_t k = 1; k < reading.summands.size(); ++k) {
    const int next = values[reading.summands[k]];
    text += fmt::format("{}+{}={}\n", total, next, total + next);
    total += next;
  }
  return text + fmt::format("# Answer\n{}", total);
}

std::string terse_solution(const Story& story, const Reading& reading) {
  const std::vector<int> values = values_of(reading.people);
  std::string text;
  for (int i : story.told) {
    if (reading.people[i].other >= 0) text += fmt::format("{}={}, ", reading.people[i].name, values[i]);
  }
  text += "Total ";
  int total = 0;
  for (std::size_t k = 0; k < reading.summands.size(); ++k) {
    text += fmt::format("{}{}", k > 0 ? "+" : "", values[reading.summands[k]]);
    total += values[reading.summands[k]];
  }
  return text + fmt::format("=\\boxed{{{}}}", total);
}

Problem problem_of(const Story& story, const ArithmeticOptions& options, std::string_view split, std::int64_t index,
                   Draws& draws) {
  Problem problem;
  problem.id = fmt::format("arithmetic-{}-{:06}", split, index);
  problem.text = story_text(story);
  const std::vector<int> values = values_of(story.people);
  problem.answer = std::to_string(std::accumulate(values.begin(), values.end(), 0));
  problem.dataset = "arithmetic";
  problem.level =
      1 + static_cast<int>(std::ranges::count_if(story.people, [](const Person& p) { return p.other >= 0; }));
  const bool slips = split == "train";
  // Both are drawn whatever is asked for: `styles` changes no number.
  const Reading fine = read_story(story, options, slips, draws);
  const Reading terse = read_story(story, options, slips, draws);
  if (options.styles != "terse") problem.solutions.push_back({fine_solution(story, fine), "fine"});
  if (options.styles != "fine") problem.solutions.push_back({terse_solution(story, terse), "terse"});
  return problem;
}

// The template's text between its placeholders.
void add_phrases(std::string_view text, std::vector<std::string>& words) {
  while (!text.empty()) {
    const auto open = text.find('{');
    const auto close = text.find('}', open == std::string_view::npos ? text.size() : open);
    const std::string_view phrase = close == std::string_view::npos ? text : text.substr(0, open);
    if (!phrase.empty()) words.emplace_back(phrase);
    text = close == std::string_view::npos ? std::string_view() : text.substr(close + 1);
  }
}

}  // namespace

void describe(ArithmeticOptions& options, Binder& binder) {
  const Range probability{0, 1};
  const Range number{1, 1'000'000};
  binder.identity("seed", options.seed, "which problems are drawn");
  binder.identity("people", options.people, "people in a problem", Range{2, kMostPeople});
  binder.identity("value_min", options.value_min, "least number that is told of a person", number);
  binder.identity("value_max", options.value_max, "greatest number that is told of a person", number);
  binder.identity("relation_probability", options.relation_probability,
                  "how often a person has so many more or fewer than another one", probability);
  binder.identity("relation_min", options.relation_min, "least difference", number);
  binder.identity("relation_max", options.relation_max, "greatest difference", number);
  binder.identity("least_value", options.least_value, "problems in which a person has less are drawn again", number);
  binder.identity("most_total", options.most_total, "problems whose total is above are drawn again", number);
  binder.identity("swap_probability", options.swap_probability,
                  "how often a training solution takes a 'more' for a 'fewer' or the other way round", probability);
  binder.identity("omit_probability", options.omit_probability,
                  "how often a training solution leaves a person out of the total", probability);
  binder.choice_unless(ArithmeticSplit::story, "split_by", options.split_by,
                       "what no two splits share: a problem with its names, or its numbers and how they hang together");
  binder.identity_unless(0.0, "hard_share", options.hard_share,
                         "share of problems in which everybody but the first has more or fewer than another one",
                         probability);
  binder.choice("styles", options.styles, {"both", "fine", "terse"}, KeyKind::identity,
                "solutions step by step, in one line, or both");
}

void check(const ArithmeticOptions& options, const Place& place) {
  const auto ordered = [&](std::string_view low_name, int low, std::string_view high_name, int high) {
    if (low > high) fail_user(place, fmt::format("{} ({}) is above {} ({})", low_name, low, high_name, high));
  };
  if (options.people < 2 || options.people > kMostPeople) {
    fail_user(place, fmt::format("people is {}, but must be from 2 to {}", options.people, kMostPeople));
  }
  ordered("value_min", options.value_min, "value_max", options.value_max);
  ordered("relation_min", options.relation_min, "relation_max", options.relation_max);
  if (options.value_max < options.least_value) {
    fail_user(place, fmt::format("value_max ({}) is below least_value ({}): the first person has a value up to "
                                 "value_max",
                                 options.value_max, options.least_value));
  }
  if (options.people * options.least_value > options.most_total) {
    fail_user(place, fmt::format("{} people with at least {} each have more than most_total ({})", options.people,
                                 options.least_value, options.most_total));
  }
}

std::int64_t arithmetic_default_count(std::string_view split) { return split == "train" ? 24'000 : 200; }

std::vector<Problem> arithmetic_problems(const ArithmeticOptions& options, std::string_view split, std::int64_t count,
                                         const Place& place) {
  check(options, place);
  const Philox random(static_cast<std::uint64_t>(options.seed), fmt::format("arithmetic {}", split));
  std::vector<Problem> problems;
  std::unordered_set<std::uint64_t> seen;
  for (std::int64_t index = 0; index < count; ++index) {
    Draws draws(random, static_cast<std::uint64_t>(index));
    for (int redraws = 0;; ++redraws) {
      if (redraws == kMostRedraws) {
        fail_user(place, fmt::format("only {} different problems of split '{}' were found in these ranges, but {} are "
                                     "asked for; widen the ranges (value_max, relation_max, most_total), or lower "
                                     "`limit`",
                                     index, split, count));
      }
      const Story story = draw_story(options, draws);
      if (!in_range(values_of(story.people), options)) continue;
      const std::uint64_t hash = story_hash(story);
      const bool by_story = options.split_by == ArithmeticSplit::story;
      if (split_of(by_story ? hash : structure_hash(story)) != split || !seen.insert(hash).second) continue;
      problems.push_back(problem_of(story, options, split, index, draws));
      break;
    }
  }
  return problems;
}

std::vector<std::string> arithmetic_vocabulary(const PromptTemplates& templates) {
  std::vector<std::string> words;
  for (char digit = '0'; digit <= '9'; ++digit) words.emplace_back(1, digit);
  for (std::string_view name : kNames) words.emplace_back(name);
  for (std::string_view item : kItems) words.push_back(fmt::format(" {}", item));
  for (std::string_view word : {" has ", " more than ", " fewer than ", ". ", "How many", " in all?", ": ", "+", "-",
                                "=", "\n", "# Answer", ", ", "Total ", "\\boxed{", "}"}) {
    words.emplace_back(word);
  }
  for (const std::string& text : {templates.solver, templates.verifier, templates.correct, templates.incorrect}) {
    add_phrases(text, words);
  }
  std::vector<std::string> distinct;
  for (std::string& word : words) {
    if (std::ranges::find(distinct, word) == distinct.end()) distinct.push_back(std::move(word));
  }
  return distinct;
}

}  // namespace ft

#include "datasets/arithmetic.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <regex>
#include <set>

#include "framework/grade/grade.h"
#include "framework/text/prompt.h"
#include "framework/text/tokenizer.h"

using namespace ft;

namespace {

// An independent reader of the problem's English: the values by name, by rules of text alone.
std::map<std::string, int> solve(const std::string& text) {
  static const std::regex statement(R"((\w+) has (\d+)(?: (more|fewer) than (\w+))?(?: \w+)?\. )");
  std::map<std::string, int> values;
  for (std::sregex_iterator it(text.begin(), text.end(), statement), end; it != end; ++it) {
    const std::smatch& m = *it;
    const int number = std::stoi(m[2]);
    if (m[3].matched) REQUIRE(values.contains(m[4]));  // nobody is referred to before being told of
    const int value = !m[3].matched ? number : values.at(m[4]) + (m[3] == "more" ? number : -number);
    REQUIRE_FALSE(values.contains(m[1]));
    values[m[1]] = value;
  }
  return values;
}

int total(const std::map<std::string, int>& values) {
  return std::accumulate(values.begin(), values.end(), 0, [](int sum, const auto& v) { return sum + v.second; });
}

std::string answer_of(const Solution& solution) {
  static const std::regex fine(R"([\s\S]*\n# Answer\n(\d+))"), terse(R"(.*\\boxed\{(\d+)\})");
  std::smatch m;
  REQUIRE(std::regex_match(solution.text, m, solution.style == "fine" ? fine : terse));
  CHECK(grade::extract(solution.text).answer == m[1]);
  return m[1];
}

// Every equation a+b=c, a-b=c, a+b+c=\boxed{d} of a solution holds, whatever else is wrong with it.
void check_sums(const std::string& text) {
  static const std::regex equation(R"((\d+(?:[+-]\d+)+)=(?:\\boxed\{)?(\d+))");
  static const std::regex term(R"([+-]?\d+)");
  int equations = 0;
  for (std::sregex_iterator it(text.begin(), text.end(), equation), end; it != end; ++it, ++equations) {
    const std::string left = (*it)[1];
    int sum = 0;
    for (std::sregex_iterator t(left.begin(), left.end(), term); t != end; ++t) sum += std::stoi(t->str());
    CHECK(sum == std::stoi((*it)[2]));
  }
  CHECK(equations > 0);
}

// The number of tokens, once it is sure that they give the text back; -1 where the text is not covered.
int words_of(const std::string& text, const std::vector<std::string>& vocabulary) {
  const auto tokenizer = make_word_tokenizer(vocabulary);
  try {
    const std::vector<TokenId> ids = tokenizer->encode(text);
    CHECK(tokenizer->decode(ids) == text);
    return static_cast<int>(ids.size());
  } catch (const UserError&) {
    return -1;
  }
}

std::string message_of(const ArithmeticOptions& options, std::int64_t count = 1) {
  try {
    (void)arithmetic_problems(options, "test", count, {"run.yaml", 4, 10});
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("the truth of every problem, by an independent reading of its text") {
  for (const char* split : {"train", "valid", "test"}) {
    for (const Problem& problem : arithmetic_problems({}, split, 1000)) {
      const auto values = solve(problem.text);
      REQUIRE(values.size() == 3);
      CHECK(std::to_string(total(values)) == problem.answer);
      CHECK(problem.answer.size() == 2);
      for (const auto& [name, value] : values) CHECK((value >= 10 && value <= 99));
      CHECK(problem.dataset == "arithmetic");
      REQUIRE(problem.solutions.size() == 2);
      CHECK(problem.solutions[0].style == "fine");
      CHECK(problem.solutions[1].style == "terse");
      for (const Solution& solution : problem.solutions) {
        check_sums(solution.text);
        if (std::string(split) != "train") CHECK(answer_of(solution) == problem.answer);
      }
    }
  }
}

TEST_CASE("the texts have the documented forms") {
  const std::regex text(R"((\w+ has \d\d( (more|fewer) than \w+)?( \w+)?\. ){3}How many \w+ in all\?)");
  const std::regex fine(R"((\w+: \d\d[+-]\d\d=\d\d\n){0,2}(\d{2,3}\+\d\d=\d{2,3}\n){1,2}# Answer\n\d{2,3})");
  const std::regex terse(R"((\w+=\d\d, ){0,2}Total \d\d(\+\d\d){1,2}=\\boxed\{\d{2,3}\})");
  for (const Problem& problem : arithmetic_problems({}, "train", 2000)) {
    CHECK(std::regex_match(problem.text, text));
    CHECK(std::regex_match(problem.solutions[0].text, fine));
    CHECK(std::regex_match(problem.solutions[1].text, terse));
  }
}

TEST_CASE("slips: about 72 % of training solutions stay right, and without slips all are") {
  const auto right = [](const std::vector<Problem>& problems) {
    double count = 0, all = 0;
    for (const Problem& problem : problems) {
      for (const Solution& solution : problem.solutions) {
        count += answer_of(solution) == problem.answer ? 1 : 0;
        all += 1;
      }
    }
    return count / all;
  };
  CHECK(right(arithmetic_problems({}, "train", 6000)) == doctest::Approx(0.722).epsilon(0.015));
  ArithmeticOptions none;
  none.swap_probability = none.omit_probability = 0;
  CHECK(right(arithmetic_problems(none, "train", 2000)) == 1.0);
  none.omit_probability = 0.12;
  CHECK(right(arithmetic_problems(none, "train", 6000)) == doctest::Approx(0.88).epsilon(0.02));
}

TEST_CASE("relations stand as often as asked, after the rejection of numbers out of range") {
  ArithmeticOptions options;
  options.relation_probability = 0;
  for (const Problem& problem : arithmetic_problems(options, "test", 200)) {
    CHECK(problem.text.find(" than ") == std::string::npos);
  }
  options.relation_probability = 1;
  for (const Problem& problem : arithmetic_problems(options, "test", 200)) {
    CHECK(std::regex_search(problem.text, std::regex("than .* than ")));
  }
}

TEST_CASE("splits share no numbers with their structure, up to names, items and orders; the level counts relations") {
  // By an independent reading: what each person's number is, and whose it hangs on, down to the first one.
  const auto structure = [](const std::string& text) {
    static const std::regex statement(R"((\w+) has (\d+)(?: (more|fewer) than (\w+))?)");
    std::map<std::string, std::string> chain;  // of each person, from the root
    std::multiset<std::string> all;
    int relations = 0;
    for (std::sregex_iterator it(text.begin(), text.end(), statement), end; it != end; ++it) {
      const std::smatch& m = *it;
      relations += m[3].matched ? 1 : 0;
      chain[m[1]] = m[3].matched ? chain.at(m[4]) + (m[3] == "more" ? " +" : " -") + m[2].str() : m[2].str();
      all.insert(chain[m[1]]);
    }
    return std::pair{all, relations};
  };
  std::map<std::multiset<std::string>, std::string> split_of;
  int same_within = 0;
  for (const std::string split : {"train", "valid", "test"}) {
    for (const std::int64_t seed : {1, 2}) {
      ArithmeticOptions options;
      options.seed = seed;
      for (const Problem& problem : arithmetic_problems(options, split, 3000)) {
        const auto [of, relations] = structure(problem.text);
        const auto [known, fresh] = split_of.try_emplace(of, split);
        CHECK(known->second == split);
        same_within += fresh ? 0 : 1;
        CHECK(problem.level == 1 + relations);
      }
    }
  }
  CHECK(same_within > 100);  // so it would have shown
  ArithmeticOptions hard;
  hard.hard_share = 0.3;
  double most = 0;
  const auto problems = arithmetic_problems(hard, "test", 4000);
  for (const Problem& problem : problems) most += problem.level == 3 ? 1 : 0;
  double usual = 0;
  for (const Problem& problem : arithmetic_problems({}, "test", 4000)) usual += problem.level == 3 ? 1 : 0;
  CHECK(most > usual + 400);
  CHECK(most < 4000);
}

TEST_CASE("splits share no problem, whatever the seed and the order of statements, and hold none twice") {
  std::map<std::string, std::string> split_of;
  const auto canonical = [](const std::string& text) {
    static const std::regex statement(R"((\w+) has (\d+(?: (?:more|fewer) than \w+)?))");
    std::set<std::string> parts;
    for (std::sregex_iterator it(text.begin(), text.end(), statement), end; it != end; ++it) parts.insert(it->str());
    std::string out = text.substr(text.find("How many"));
    for (const auto& part : parts) out += "|" + part;
    return out;
  };
  for (std::int64_t seed : {1, 2}) {
    for (const char* split : {"train", "valid", "test"}) {
      std::set<std::string> texts, ids;
      const auto problems = arithmetic_problems({.seed = seed}, split, 3000);
      for (const Problem& problem : problems) {
        const std::string key = canonical(problem.text);
        CHECK(texts.insert(key).second);
        CHECK(ids.insert(problem.id).second);
        const auto [found, is_new] = split_of.try_emplace(key, split);
        CHECK(found->second == split);
      }
    }
  }
}

TEST_CASE("a larger count adds problems and changes none; another seed gives others") {
  const auto some = arithmetic_problems({}, "train", 300), more = arithmetic_problems({}, "train", 3000);
  for (std::size_t i = 0; i < some.size(); ++i) {
    CHECK(some[i].id == more[i].id);
    CHECK(some[i].text == more[i].text);
    CHECK(some[i].solutions[0].text == more[i].solutions[0].text);
    CHECK(some[i].solutions[1].text == more[i].solutions[1].text);
  }
  CHECK(arithmetic_problems({.seed = 2}, "train", 1)[0].text != some[0].text);
  CHECK(some[0].id == "arithmetic-train-000000");
}

TEST_CASE("one style alone has the same problems and solutions as both") {
  ArithmeticOptions fine, terse;
  fine.styles = "fine";
  terse.styles = "terse";
  const auto both = arithmetic_problems({}, "train", 100);
  const auto only_fine = arithmetic_problems(fine, "train", 100), only_terse = arithmetic_problems(terse, "train", 100);
  for (std::size_t i = 0; i < 100; ++i) {
    REQUIRE(only_fine[i].solutions.size() == 1);
    REQUIRE(only_terse[i].solutions.size() == 1);
    CHECK(only_fine[i].solutions[0].text == both[i].solutions[0].text);
    CHECK(only_terse[i].solutions[0].text == both[i].solutions[1].text);
  }
}

TEST_CASE("the vocabulary covers problems, solutions and both prompts, fixed phrases in one word") {
  const std::vector<std::string> words = arithmetic_vocabulary();
  CHECK(std::set<std::string>(words.begin(), words.end()).size() == words.size());
  CHECK(words.size() == 47);  // with <eos> 48, of the 64 that the model has
  double prompt_words = 0, solution_words = 0;
  const PromptTemplates templates;
  const auto problems = arithmetic_problems({}, "train", 300);
  for (const Problem& problem : problems) {
    const int prompt = words_of(solver_prompt(templates, problem.text), words);
    REQUIRE(prompt > 0);
    prompt_words += prompt;
    for (const Solution& solution : problem.solutions) {
      const int alone = words_of(solution.text, words);
      REQUIRE(alone > 0);
      solution_words += alone / 2.0;
      const std::string text = verifier_prompt(templates, problem.text, solution.text);
      CHECK(words_of(text, words) == prompt - 1 + alone + 3);
      CHECK(words_of(text + templates.correct, words) == prompt - 1 + alone + 4);
      CHECK(words_of(text + templates.incorrect, words) == prompt - 1 + alone + 4);
    }
  }
  MESSAGE("mean words of a prompt " << prompt_words / 300 << ", of a solution " << solution_words / 300);
}

TEST_CASE("the vocabulary follows the user's templates") {
  PromptTemplates templates;
  templates.verifier = "Q: {problem} A: {solution} OK?";
  templates.correct = " yes";
  templates.incorrect = " no";
  const auto words = arithmetic_vocabulary(templates);
  CHECK(words_of("Q: How many cups in all? A: Total 10+20=\\boxed{30} OK? yes", words) == 18);
  CHECK(words_of(" correct", words) == -1);
}

TEST_CASE("harder and easier problems by options") {
  ArithmeticOptions hard;
  hard.people = 5;
  hard.value_max = 500;
  hard.most_total = 3000;
  for (const Problem& problem : arithmetic_problems(hard, "test", 200)) {
    const auto values = solve(problem.text);
    CHECK(values.size() == 5);
    CHECK(std::to_string(total(values)) == problem.answer);
    for (const Solution& solution : problem.solutions) CHECK(answer_of(solution) == problem.answer);
    CHECK(words_of(problem.text + problem.solutions[0].text + problem.solutions[1].text, arithmetic_vocabulary()) > 0);
  }
  ArithmeticOptions pairs;
  pairs.people = 2;
  for (const Problem& problem : arithmetic_problems(pairs, "train", 200)) CHECK(solve(problem.text).size() == 2);
}

TEST_CASE("options that no problem fits are refused with the reason") {
  CHECK(message_of({.people = 9}) == "run.yaml:4:10: people is 9, but must be from 2 to 8");
  CHECK(message_of({.value_min = 31}) == "run.yaml:4:10: value_min (31) is above value_max (30)");
  CHECK(message_of({.relation_max = 5}) == "run.yaml:4:10: relation_min (10) is above relation_max (5)");
  CHECK(message_of({.least_value = 40}) ==
        "run.yaml:4:10: value_max (30) is below least_value (40): the first person has a value up to value_max");
  CHECK(message_of({.people = 8, .most_total = 70}) ==
        "run.yaml:4:10: 8 people with at least 10 each have more than most_total (70)");
  CHECK(message_of({.people = 2, .value_min = 10, .value_max = 10, .relation_probability = 0}, 1000)
            .find("different problems of split 'test' were found in these ranges, but 1000 are asked for; widen") !=
        std::string::npos);
}

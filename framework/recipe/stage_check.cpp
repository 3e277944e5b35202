#include "framework/recipe/stage_check.h"

#include <algorithm>
#include <numeric>

namespace ft {
namespace {

// A second or less of tokenising: sets with more text than this are looked at in part.
constexpr std::size_t kMostBytes = 4 << 20;
constexpr std::size_t kLongest = 32;

std::size_t bytes_of(const Problem& problem) {
  std::size_t bytes = problem.text.size();
  for (const Solution& solution : problem.solutions) bytes += problem.text.size() + solution.text.size();
  return bytes;
}

void choose(ProblemsToCheck& set) {
  std::vector<std::size_t> bytes;
  for (const Problem& problem : set.problems) bytes.push_back(bytes_of(problem));
  const bool all = std::accumulate(bytes.begin(), bytes.end(), std::size_t{0}) <= kMostBytes;
  set.whole = set.whole && all;
  std::size_t seen = 0;
  std::vector<std::size_t> later;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (all || seen < kMostBytes / 2) {
      set.looked_at.push_back(&set.problems[i]);
    } else {
      later.push_back(i);
    }
    seen += bytes[i];
  }
  const auto middle = later.begin() + static_cast<std::ptrdiff_t>(std::min(kLongest, later.size()));
  std::partial_sort(later.begin(), middle, later.end(),
                    [&](std::size_t a, std::size_t b) { return bytes[a] > bytes[b]; });
  for (auto at = later.begin(); at != middle; ++at) set.looked_at.push_back(&set.problems[*at]);
  set.num_longest = static_cast<std::size_t>(middle - later.begin());
}

}  // namespace

const ProblemsToCheck& CheckedInputs::problems(const std::string& set) {
  if (const auto known = problems_.find(set); known != problems_.end()) return known->second;
  ProblemsToCheck seen;
  if (plan_.attempt_sets.contains(set)) {
    seen.read = seen.whole = false;  // nobody knows yet what will be right
  } else if (services_.look_at_problems) {
    check_stop();
    SeenProblems first = services_.look_at_problems(plan_.problems.at(set), Reach::beginning);
    seen.problems = std::move(first.problems);
    seen.read = seen.whole = first.whole;
  }
  ProblemsToCheck& kept = problems_[set] = std::move(seen);
  choose(kept);
  return kept;
}

void CheckedInputs::look_at_the_rest() {
  if (!services_.look_at_problems) return;
  for (const auto& [name, node] : plan_.problems) {
    check_stop();
    const auto seen = problems_.find(name);
    if (seen == problems_.end()) {
      (void)services_.look_at_problems(node, Reach::keys);
    } else if (!seen->second.read) {
      (void)services_.look_at_problems(node, Reach::end);
    }
  }
}

std::vector<std::string> CheckedInputs::notes() const {
  std::vector<std::string> notes;
  for (const auto& [name, set] : problems_) {
    if (set.whole || plan_.attempt_sets.contains(name)) continue;
    notes.push_back(fmt::format(
        "problem set '{}' is large: lengths and tokens were looked at in its first {} problems and the {} longest "
        "others{}",
        name, set.looked_at.size() - set.num_longest, set.num_longest, set.read ? "" : " of its beginning"));
  }
  return notes;
}

const std::string* CheckedInputs::origin_of(const std::string& model) const {
  const std::string* name = &model;
  while (!plan_.models.contains(*name)) {
    const StagePlan* stage = plan_.find_stage(*name);
    FT_CHECK(stage != nullptr, "'{}' is no model and no stage of this run", *name);
    const auto input =
        std::ranges::find_if(stage->inputs, [](const Input& i) { return i.what == "model" && !i.names.empty(); });
    if (input == stage->inputs.end()) return nullptr;
    name = &input->names.front();
  }
  return name;
}

const Tokenizer& CheckedInputs::tokenizer(const std::string& model) {
  const std::string* origin = origin_of(model);
  FT_CHECK(origin != nullptr, "the vocabulary of '{}' is not known yet", model);
  std::unique_ptr<Tokenizer>& tokenizer = tokenizers_[*origin];
  if (!tokenizer) {
    const ModelSettings& settings = plan_.models.at(*origin);
    tokenizer = settings.preset ? services_.preset_tokenizer(settings.tokenizer, plan_.prompts)
                                : load_tokenizer(*settings.path);
  }
  return *tokenizer;
}

const ModelConfig& CheckedInputs::config(const std::string& model) {
  const std::string* origin = origin_of(model);
  FT_CHECK(origin != nullptr, "the shape of '{}' is not known yet", model);
  return configs_.at(*origin);
}

std::string StageCheck::said(std::string_view key, std::string_view what) const {
  const Place place = parser_.given(key) ? parser_.place(key) : stage_.place;
  return fmt::format("{}: stage '{}': {} {}", to_string(place), stage_.name, key, what);
}

void StageCheck::fail(std::string_view key, std::string_view what) const { throw UserError(said(key, what)); }

void StageCheck::warn(std::string_view key, std::string_view what) { warnings_.push_back(said(key, what)); }

const AttemptSet* StageCheck::attempt_set(const std::string& set) const {
  const auto found = inputs_.plan().attempt_sets.find(set);
  return found == inputs_.plan().attempt_sets.end() ? nullptr : &found->second;
}

const StagePlan& StageCheck::source(const std::string& stage) const {
  const StagePlan* found = inputs_.plan().find_stage(stage);
  FT_CHECK(found != nullptr, "'{}' is no stage of this run", stage);
  return *found;
}

}  // namespace ft

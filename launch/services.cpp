#include "launch/services.h"

#include <memory>
#include <set>

#include "datasets/arithmetic.h"
#include "datasets/dataset.h"
#include "framework/base/digest.h"
#include "framework/comm/one_rank.h"
#include "parallel/tensor/factory.h"

namespace ft {
namespace {

ProblemSetIdentity identify(const Node& node, const SharedDigester& digest_files) {
  ProblemSetIdentity result;
  for (ProblemSetSpec& spec : read_problem_set(node)) {
    Digester digester;
    describe(spec, digester);
    const std::vector<FileDigest> files = digest_files([&] { return input_files(spec); });
    std::string digests;
    for (const FileDigest& file : files) digests += file.sha256 + " ";
    result.identity += fmt::format("[{} files {}] ", sha256(digester.identity_text()), digests);
    result.extent += fmt::format("{} ", spec.limit);
    result.settings += digester.identity_text();
    result.files.insert(result.files.end(), files.begin(), files.end());
  }
  return result;
}

}  // namespace

RunServices make_services(Communicator& world, Logger& log, SharedDigester digest_files,
                          std::function<void()> check_stop, at::Device device) {
  RunServices services;
  services.identify_problems = [digest_files](const Node& node) { return identify(node, digest_files); };
  // Several stages use the same set, and the plan reads it for its sizes: what is to be said of it is said once.
  services.load_problems = [&log, said = std::make_shared<std::set<std::string>>()](const Node& node) {
    LoadNotes notes;
    std::vector<Problem> problems = load_problems(read_problem_set(node), &notes);
    for (const std::string& note : notes) {
      if (said->insert(note).second) log.info("{}", note);
    }
    return problems;
  };
  services.look_at_problems = [](const Node& node, Reach reach) {
    SeenProblems seen;
    if (reach == Reach::keys) (void)read_problem_keys(node);
    if (reach == Reach::beginning) seen.problems = first_problems(read_problem_set(node), seen.whole);
    if (reach == Reach::end) seen.problems = load_problems(read_problem_set(node));
    return seen;
  };
  services.problem_files = [](const Node& node) {
    std::vector<std::filesystem::path> files;
    for (const ProblemSetSpec& spec : read_problem_set(node)) {
      const std::vector<std::filesystem::path> of_spec = input_files(spec);
      files.insert(files.end(), of_spec.begin(), of_spec.end());
    }
    return files;
  };
  services.ranks = world.size();
  services.preset_tokenizer = [](const std::string& name, const PromptTemplates& prompts) {
    if (name == "arithmetic") return make_word_tokenizer(arithmetic_vocabulary(prompts));
    return load_tokenizer(name);
  };
  services.make_factory = [device](Groups groups) {
    return groups.tensor.size() == 1 ? make_dense_factory(device) : make_tensor_parallel_factory(groups.tensor, device);
  };
  services.device = device.is_cuda() ? "cuda" : "cpu";
  services.on_one_rank = [&world](const std::function<std::string()>& compute) {
    return on_rank_zero(world, "computed by rank 0", compute);
  };
  services.check_stop = std::move(check_stop);
  services.digest_files = std::move(digest_files);
  return services;
}

}  // namespace ft

#include "framework/recipe/model_identity.h"

#include "framework/base/digest.h"
#include "framework/model/model_files.h"
#include "framework/recipe/run_plan.h"

namespace ft {
namespace {

// A vocabulary of a folder is what it is made of: the same content elsewhere is the same one. A built-in vocabulary is
// the program's own, as the built-in recipes are, and goes by its name.
ModelIdentity preset_identity(const ModelSettings& model, const PromptTemplates& prompts, const RunServices& services) {
  ModelIdentity identity{.is_drawn = true, .settings = fmt::format("preset: {}\n", *model.preset)};
  std::string vocabulary = model.tokenizer;
  if (model.tokenizer == ModelSettings{}.tokenizer) {
    identity.settings += fmt::format("tokenizer: {}\n", vocabulary);
  } else {
    const std::string files = services.on_one_rank([&] {
      std::vector<FileDigest> of_files;
      for (const auto& [name, content] : services.preset_tokenizer(model.tokenizer, prompts)->files()) {
        of_files.push_back({name, sha256(content)});
      }
      return to_text(of_files);
    });
    identity.files = read_file_digests(files);
    vocabulary = sha256(files);
  }
  identity.identity = fmt::format("preset {} tokenizer {}", *model.preset, vocabulary);
  return identity;
}

}  // namespace

ModelIdentity model_identity(const ModelSettings& model, const PromptTemplates& prompts, const RunServices& services) {
  if (model.preset) return preset_identity(model, prompts, services);
  // Which files these are is asked on one rank, too.
  ModelIdentity identity{.files = services.digest_files([&] { return model_files(*model.path); })};
  identity.identity = "files " + sha256(to_text(identity.files));
  return identity;
}

std::string ModelIdentity::with(std::int64_t seed) const {
  return is_drawn ? fmt::format("{} seed {}", identity, seed) : identity;
}

}  // namespace ft

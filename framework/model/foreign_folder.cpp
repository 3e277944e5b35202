#include "framework/model/foreign_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/error.h"
#include "framework/base/reading.h"
#include "framework/tensor/random_access_file.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConvert =
    "write it as safetensors: AutoModelForCausalLM.from_pretrained(FOLDER).save_pretrained(FOLDER) in transformers";

struct Content {
  std::vector<std::string> names;  // sorted

  explicit Content(const fs::path& folder) {
    std::error_code error;
    for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
         entry.increment(error)) {
      names.push_back(entry->path().filename().string());
    }
    if (error) throw Error(fmt::format("cannot list {}: {}", folder.string(), error.message()));
    std::ranges::sort(names);
  }
  [[nodiscard]] bool has(std::string_view name) const { return std::ranges::find(names, name) != names.end(); }
  // The first name that ends so, or nothing.
  [[nodiscard]] std::string ending(std::string_view suffix) const {
    const auto found = std::ranges::find_if(names, [&](const std::string& name) { return name.ends_with(suffix); });
    return found == names.end() ? std::string() : *found;
  }
};

// Other formats, by what their files are called. Empty where none is known.
std::string what_it_is(const Content& content) {
  if (content.has("adapter_config.json") || content.has("adapter_model.safetensors") ||
      content.has("adapter_model.bin")) {
    return "is a PEFT adapter (LoRA), not a whole model; merge it into its base model first: "
           "PeftModel.from_pretrained(BASE, "
           "ADAPTER).merge_and_unload().save_pretrained(FOLDER)";
  }
  if (const std::string name = content.ending(".gguf"); !name.empty()) {
    return fmt::format(
        "holds a GGUF file ({}); GGUF (llama.cpp) cannot be trained: take the original model folder in safetensors",
        name);
  }
  if (content.has("pytorch_model.bin") || content.has("pytorch_model.bin.index.json")) {
    return fmt::format("holds its weights as pytorch_model.bin (pickle), which is not read; {}", kConvert);
  }
  if (content.has("consolidated.safetensors") || content.has("params.json") || content.has("consolidated.00.pth")) {
    return "holds weights in their makers' own format (params.json, consolidated...); take the folder in Hugging "
           "Face's layout "
           "(config.json, model.safetensors)";
  }
  if (!content.ending(".distcp").empty() || content.has("latest") || !content.ending("_states.pt").empty()) {
    return "is a distributed checkpoint of another trainer (.distcp, DeepSpeed); gather it there and save it with "
           "save_pretrained(...)";
  }
  if (content.has("tf_model.h5") || content.has("flax_model.msgpack") || !content.ending(".onnx").empty()) {
    return fmt::format("holds its weights for another library (TensorFlow, Flax, ONNX); {}", kConvert);
  }
  if (content.has("index.h5") && content.has("manifest.json")) {
    return "is a checkpoint of ftrun; write it as a model folder first: ftrun export FOLDER OUT";
  }
  if (const std::string name = content.ending(".incomplete"); !name.empty()) {
    return fmt::format("was not downloaded to the end ({} is there); get it again", name);
  }
  return {};
}

// A folder one or two levels down that is a model folder: a hub's cache, a trainer's output folder.
std::string model_below(const fs::path& folder) {
  std::error_code none;
  std::vector<fs::path> found;
  for (const char* below : {"", "snapshots"}) {
    for (auto entry = fs::directory_iterator(folder / below, none); !none && entry != fs::directory_iterator();
         entry.increment(none)) {
      if (fs::exists(entry->path() / "config.json", none)) found.push_back(entry->path());
    }
    none.clear();
  }
  std::ranges::sort(found);
  return found.empty() ? std::string() : found.back().string();
}

}  // namespace

void require_model_folder(const fs::path& folder) {
  const auto fail = [&](const std::string& what) { fail_user(fmt::format("'{}' {}", folder.string(), what)); };
  const Found::Kind kind = look_through(folder).kind;
  if (kind == Found::Kind::nothing) {
    // "organisation/model" of a hub, without a leading / or ./: nothing is ever downloaded.
    const bool hub =
        folder.is_relative() && std::ranges::count(folder.string(), '/') == 1 && !folder.string().starts_with(".");
    fail_user(fmt::format("'{}': there is no such folder{}", folder.string(),
                          hub ? "; a model of a hub is not downloaded: get its folder first" : ""));
  }
  if (kind == Found::Kind::dangling) fail("is a link to something that is not there");
  if (kind != Found::Kind::folder && folder.extension() == ".gguf") {
    fail("is a GGUF file; GGUF (llama.cpp) cannot be trained: take the original model folder in safetensors");
  }
  if (kind != Found::Kind::folder)
    fail("is no folder; a model is the folder with config.json, safetensors and tokenizer.json");
  const Found::Kind config = look_through(folder / "config.json").kind;
  if (config == Found::Kind::file) return;
  if (config == Found::Kind::dangling) (void)RandomAccessFile(folder / "config.json");  // says where the link leads
  const Content content(folder);
  if (const std::string what = what_it_is(content); !what.empty()) fail(what);
  if (content.names.empty()) fail("is an empty folder; a model folder in Hugging Face's layout holds config.json");
  std::string below = model_below(folder);
  fail(fmt::format("is no Hugging Face folder: it has no config.json{}",
                   below.empty() ? "" : fmt::format("; did you mean '{}'?", below)));
}

void require_safetensors(const fs::path& folder) {
  for (const char* name : {"model.safetensors", "model.safetensors.index.json"}) {
    if (look_through(folder / name).kind != Found::Kind::nothing) return;
  }
  const auto fail = [&](const std::string& what) { fail_user(fmt::format("'{}' {}", folder.string(), what)); };
  const Content content(folder);
  if (const std::string what = what_it_is(content); !what.empty()) fail(what);
  if (const std::string name = content.ending(".safetensors"); !name.empty()) {
    fail(fmt::format(
        "holds {}, but neither model.safetensors nor model.safetensors.index.json, which says which file holds which "
        "tensor; get the index",
        name));
  }
  fail("holds no weights: neither model.safetensors nor model.safetensors.index.json");
}

}  // namespace ft

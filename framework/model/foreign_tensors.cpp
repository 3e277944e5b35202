#include "framework/model/foreign_tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "framework/base/error.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEmbedding = "embed_tokens.weight";

struct Sign {
  const char* part;  // of a tensor's name
  const char* meaning;
};

// The first that any name contains is said; the more special ones come first.
constexpr Sign kSigns[] = {
    {"lora_A", "are those of a LoRA adapter: merge it into its base model first (merge_and_unload)"},
    {"lora_B", "are those of a LoRA adapter: merge it into its base model first (merge_and_unload)"},
    {".qweight", "are quantised (GPTQ, AWQ), which is not supported: take the model in bfloat16, float16 or float32"},
    {".qzeros", "are quantised (GPTQ, AWQ), which is not supported: take the model in bfloat16, float16 or float32"},
    {"quant_state",
     "are quantised by bitsandbytes, which is not supported: take the model in bfloat16, float16 or float32"},
    {".absmax",
     "are quantised by bitsandbytes, which is not supported: take the model in bfloat16, float16 or float32"},
    {".SCB", "are quantised by bitsandbytes, which is not supported: take the model in bfloat16, float16 or float32"},
    {".weight_packed",
     "are quantised (compressed-tensors), which is not supported: take the model in bfloat16, float16 or float32"},
    {".weight_scale",
     "are quantised with scales (FP8, int8), which is not supported: take the model in bfloat16, float16 or float32"},
    {".experts.", "are those of a mixture of experts, which is not supported"},
    {"block_sparse_moe", "are those of a mixture of experts, which is not supported"},
    {"qkv_proj",
     "have queries, keys and values in one (fused), which is not supported: they must be apart, as q_proj, k_proj and "
     "v_proj"},
    {"gate_up_proj", "have gate_proj and up_proj in one (fused), which is not supported: they must be apart"},
    {"W_pack",
     "have queries, keys and values in one (fused), which is not supported: they must be apart, as q_proj, k_proj and "
     "v_proj"},
    {"token_embd.", "have the names of llama.cpp; take the model folder in Hugging Face's layout"},
    {"tok_embeddings.", "have the names of the model's makers; take the model folder in Hugging Face's layout"},
    {"transformer.h.", "have the names of another family (GPT-2, Falcon, ...), which is not supported"}};

// What stands before "embed_tokens.weight" where one tensor's name ends so.
std::optional<std::string> prefix_of(const SafetensorsReader& reader) {
  for (const auto& [name, stored] : reader.tensors()) {
    if (name.ends_with(kEmbedding)) return name.substr(0, name.size() - kEmbedding.size());
  }
  return std::nullopt;
}

const char* reason_of(std::string_view prefix) {
  const auto holds = [&](std::string_view part) { return prefix.find(part) != std::string_view::npos; };
  if (holds("_orig_mod"))
    return "they were saved from a compiled model (torch.compile); save model._orig_mod instead, or take the prefix "
           "away";
  if (holds("module"))
    return "they were saved from a wrapped model (DataParallel); save model.module instead, or take the prefix away";
  if (holds("base_model")) return "they were saved from a PEFT model; merge the adapter first (merge_and_unload)";
  if (holds("language_model") || holds("text_model"))
    return "they are part of a larger model (vision and language), which is not supported";
  if (holds("_fsdp") || holds("_checkpoint"))
    return "they were saved from a wrapped model (FSDP); save the model inside, or take the prefix away";
  if (prefix.empty()) return "they were saved from the model without its head; save the ...ForCausalLM model";
  return "take the prefix away, or save the ...ForCausalLM model itself";
}

void refuse_prefix(const SafetensorsReader& reader, const fs::path& folder) {
  for (const auto& [name, stored] : reader.tensors()) {
    if (name.find("_orig_mod.") == std::string::npos || name.starts_with("_orig_mod.")) continue;
    fail_user({folder.string()}, fmt::format("tensor {}: {}", name, reason_of("_orig_mod")));
  }
  const std::optional<std::string> prefix = prefix_of(reader);
  if (!prefix || *prefix == "model.") return;
  fail_user({folder.string()}, fmt::format("the tensors are named '{}...' where 'model....' is expected: {}", *prefix,
                                           reason_of(*prefix)));
}

}  // namespace

void refuse_foreign_tensors(const SafetensorsReader& reader, const fs::path& folder) {
  if (reader.tensors().empty()) fail_user({folder.string()}, "the weights hold no tensors");
  for (const Sign& sign : kSigns) {
    for (const auto& [name, stored] : reader.tensors()) {
      if (name.find(sign.part) == std::string::npos) continue;
      fail_user({stored.file}, fmt::format("the weights {} (tensor {})", sign.meaning, name));
    }
  }
  refuse_prefix(reader, folder);
}

void fail_missing_tensor(const std::string& name, const std::set<std::string, std::less<>>& wanted,
                         const SafetensorsReader& reader, const fs::path& folder) {
  std::vector<std::string> names;  // that have no other place in the model
  for (const auto& [other, stored] : reader.tensors()) {
    if (!wanted.contains(other)) names.push_back(other);
  }
  std::string hint;
  if (name == "lm_head.weight") {
    hint = "; if the head is tied to the embedding, config.json must say \"tie_word_embeddings\": true";
  } else if (name.ends_with(".bias")) {
    hint = name.find(".mlp.") != std::string::npos ? "; config.json asks for it (mlp_bias)"
                                                   : "; config.json asks for it (attention_bias, or model_type qwen2)";
  } else if (const std::optional<std::string> near = nearest(name, names)) {
    hint = "; the nearest name is " + *near;
  }
  fail_user({folder.string()}, fmt::format("tensor {} is missing among {}{}", name, reader.tensors().size(), hint));
}

void fail_surplus_tensor(const StoredTensor& stored, const ModelConfig& config) {
  std::string hint;
  if (stored.name.ends_with(".bias")) hint = "; config.json says nothing of such a bias (attention_bias, mlp_bias)";
  if (stored.name.ends_with("q_norm.weight") || stored.name.ends_with("k_norm.weight"))
    hint = "; only model_type qwen3 norms queries and keys";
  fail_user({stored.file}, fmt::format("tensor {} [{}] belongs to no part of a {} decoder of {} layers{}", stored.name,
                                       fmt::join(stored.shape, ", "), config.family, config.num_layers, hint));
}

void fail_dtype(const StoredTensor& stored) {
  std::string what = "is not known to this program";
  const std::string_view dtype = stored.dtype;
  if (dtype.starts_with("F8") || dtype.starts_with("F6") || dtype.starts_with("F4"))
    what = "is quantised floating point (FP8, FP4)";
  if (dtype == "F64") what = "is double precision";
  if (dtype.starts_with("I") || dtype.starts_with("U") || dtype == "BOOL")
    what = "holds whole numbers, no weights: they are quantised";
  if (dtype.starts_with("C")) what = "holds complex numbers";
  fail_user(
      {stored.file},
      fmt::format("tensor {} has dtype {}, which {}; F32, BF16 and F16 can be read: take the model in one of them, or "
                  "write it so: from_pretrained(FOLDER, dtype=\"bfloat16\").save_pretrained(OUT)",
                  stored.name, stored.dtype, what));
}

}  // namespace ft

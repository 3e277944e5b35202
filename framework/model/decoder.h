// A decoder-only transformer of the Llama family: Llama 2/3, Mistral, Qwen2, Qwen3, SmolLM2, and small presets.
//
// The decoder knows nothing of ranks: a LayerFactory gives it its linear layers, embedding and output head, dense or
// split over the tensor axis. It works on packed tokens [T] without padding; the AttentionContext says what belongs
// together. Logits are never formed for a whole batch: training asks for log-probabilities of given targets.
//
//   Decoder model(config, factory);
//   initialise(model, seed);                         // or load_hugging_face(model, folder)
//   Tensor hidden = model.forward(tokens, positions, context);               // [T, H]
//   Tensor logp = model.log_probs(hidden, rows, targets);                    // [M]
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>

#include "framework/base/recompute.h"
#include "framework/model/attention_context.h"
#include "framework/model/layer_factory.h"
#include "framework/model/model_config.h"
#include "framework/tensor/parameter.h"

namespace ft {

class Decoder {
 public:
  // The embedding's parameter, less ".weight"; the head's, too, where they are tied.
  static constexpr const char* kEmbedding = "model.embed_tokens";

  Decoder(ModelConfig config, LayerFactory& factory);
  ~Decoder();

  // tokens [T] int64, positions [T] int64 (from 0 within each document).
  // Returns the hidden states after the last norm, [T, H]. Differentiable.
  [[nodiscard]] at::Tensor forward(const at::Tensor& tokens, const at::Tensor& positions, AttentionContext& context);
  // The same, with the same bits and gradients, keeping for the backward no more of the layers than `recompute` says
  // (model/recompute.h). The context is asked once more then, and lives as long as the graph.
  [[nodiscard]] at::Tensor forward(const at::Tensor& tokens, const at::Tensor& positions,
                                   std::shared_ptr<AttentionContext> context, Recompute recompute);

  // Log-probabilities at temperature 1 over the whole vocabulary: element m is log p(targets[m] | hidden row rows[m]).
  //   hidden [T, H], rows [M] int64 (may repeat), targets [M] int64. Returns [M] float32.
  // Differentiable for any upstream gradient; memory is a chunk of the vocabulary times M, recomputed in backward.
  [[nodiscard]] at::Tensor log_probs(const at::Tensor& hidden, const at::Tensor& rows, const at::Tensor& targets);

  // Logits [T, vocab_size] of hidden [T, H]: for sampling and tests only.
  [[nodiscard]] at::Tensor logits(const at::Tensor& hidden);

  [[nodiscard]] const ModelConfig& config() const;
  [[nodiscard]] ParameterSet& parameters();
  [[nodiscard]] const ParameterSet& parameters() const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

// Fresh weights as a function of (seed, parameter name, element in logical coordinates): the same for every tensor
// size. Embedding normal(0.5), head normal(0.02), matrices normal(1/sqrt(fan-in)), output projections also / sqrt(2
// layers); norms one, biases zero.
void initialise(Decoder& model, std::uint64_t seed);

// Reads one or many safetensors files of a Hugging Face folder into the model (float32, bfloat16, float16 on disk).
// Each rank reads the bytes of its own slices, and keeps none of the file in memory. Throws UserError naming file and
// tensor on a missing, surplus or misshapen tensor (check_tensors) and on values that are no finite numbers; every
// parameter is set once.
void load_hugging_face(Decoder& model, const std::filesystem::path& folder);

// Writes config.json and model.safetensors of a model that is not split (hugging_face_writer.h); the caller adds the
// tokenizer's files. The folder must exist.
void save_hugging_face(const Decoder& model, const std::filesystem::path& folder);

}  // namespace ft

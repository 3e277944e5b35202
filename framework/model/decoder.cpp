#include "framework/model/decoder.h"

#include <ATen/ATen.h>

#include <utility>

#include "framework/base/error.h"
#include "framework/kernels/rms_norm.h"
#include "framework/kernels/rotary.h"
#include "framework/kernels/swiglu.h"
#include "framework/model/recompute.h"
#include "framework/model/rope.h"

namespace ft {
namespace {

using at::Tensor;

const Parameter& add_norm(ParameterSet& parameters, const std::string& name, std::int64_t size) {
  return parameters.add({.name = name + ".weight", .shape = {size}, .decay = false});
}

// A split between heads is the only one that leaves attention whole on each rank; the factory sees features alone.
void check_heads(const ModelConfig& config, int tensor_size) {
  if (config.num_heads % tensor_size == 0) return;
  std::string fitting;
  for (int size = 1; size <= config.num_heads; ++size)
    if (config.num_heads % size == 0) fitting += (fitting.empty() ? "" : ", ") + std::to_string(size);
  fail_user(fmt::format("parallel.tensor {} does not divide the model's {} attention heads (values that do: {})",
                        tensor_size, config.num_heads, fitting));
}

// Queries, keys and values of a layer, rotary positions, the context's attention, the output projection.
class SelfAttention {
 public:
  SelfAttention(const ModelConfig& config, LayerFactory& factory, ParameterSet& parameters, const std::string& name,
                int layer)
      : config_(config), layer_(layer) {
    const std::int64_t hidden = config.hidden_size, width = std::int64_t{config.num_heads} * config.head_dim;
    query_ = factory.column_linear(parameters, name + ".q_proj", hidden, width, config.qkv_bias);
    key_ =
        factory.kv_linear(parameters, name + ".k_proj", hidden, config.num_kv_heads, config.head_dim, config.qkv_bias);
    value_ =
        factory.kv_linear(parameters, name + ".v_proj", hidden, config.num_kv_heads, config.head_dim, config.qkv_bias);
    output_ = factory.row_linear(parameters, name + ".o_proj", width, hidden, config.output_bias);
    if (config.qk_norm) {
      query_norm_ = factory.head_norm(parameters, name + ".q_norm", config.head_dim, config.norm_epsilon);
      key_norm_ = factory.head_norm(parameters, name + ".k_norm", config.head_dim, config.norm_epsilon);
    }
  }

  // x [T, H] -> [T, H]
  Tensor forward(const Remade& x, const RotaryAngles& angles, AttentionContext& context) {
    const auto heads = [&](const Tensor& flat) { return flat.view({flat.size(0), -1, config_.head_dim}); };
    Tensor query = heads(query_->forward(x));        // [T, heads, head_dim], this rank's heads
    Tensor key = heads(key_->forward(x));            // [T, kv_heads, head_dim]
    const Tensor value = heads(value_->forward(x));  // [T, kv_heads, head_dim]
    if (config_.qk_norm) {
      query = query_norm_->forward(query);
      key = key_norm_->forward(key);
    }
    const Tensor mixed = context.attend(layer_, rotate(query, angles), rotate(key, angles), value);
    return output_->forward(mixed.reshape({mixed.size(0), -1}));
  }

 private:
  const ModelConfig& config_;
  int layer_;
  std::unique_ptr<Linear> query_, key_, value_, output_;
  std::unique_ptr<HeadNorm> query_norm_, key_norm_;  // null: none
};

class FeedForward {
 public:
  FeedForward(const ModelConfig& config, LayerFactory& factory, ParameterSet& parameters, const std::string& name) {
    const std::int64_t hidden = config.hidden_size, inner = config.intermediate_size;
    gate_ = factory.column_linear(parameters, name + ".gate_proj", hidden, inner, config.mlp_bias);
    up_ = factory.column_linear(parameters, name + ".up_proj", hidden, inner, config.mlp_bias);
    down_ = factory.row_linear(parameters, name + ".down_proj", inner, hidden, config.mlp_bias);
  }

  // x [T, H] -> [T, H]
  Tensor forward(const Remade& x) {
    const Tensor gate = gate_->forward(x), up = up_->forward(x);  // [T, inner of this rank]
    return down_->forward({swiglu(gate, up), {gate, up}, [](const auto& from) { return swiglu(from[0], from[1]); }});
  }

 private:
  std::unique_ptr<Linear> gate_, up_, down_;
};

struct Layer {
  Layer(const ModelConfig& config, LayerFactory& factory, ParameterSet& parameters, const std::string& name, int index)
      : input_norm(add_norm(parameters, name + ".input_layernorm", config.hidden_size)),
        attention(config, factory, parameters, name + ".self_attn", index),
        middle_norm(add_norm(parameters, name + ".post_attention_layernorm", config.hidden_size)),
        feed_forward(config, factory, parameters, name + ".mlp") {}

  const Parameter& input_norm;
  SelfAttention attention;
  const Parameter& middle_norm;
  FeedForward feed_forward;
};

// What flows from layer to layer.
struct Residual {
  Tensor stream;  // [T, H]
  Tensor delta;   // [T, H], what the last sub-layer adds to it; undefined: nothing
};

// What the positions and documents of a batch are to the layers.
struct Surroundings {
  RotaryAngles angles;
  std::shared_ptr<AttentionContext> context;
};

}  // namespace

struct Decoder::Body {
  Body(ModelConfig c, LayerFactory& factory) : config(std::move(c)) {
    check_heads(config, factory.tensor_size());
    embedding = factory.embedding(parameters, kEmbedding, config.vocab_size, config.hidden_size);
    for (int i = 0; i < config.num_layers; ++i) {
      layers.push_back(std::make_unique<Layer>(config, factory, parameters, "model.layers." + std::to_string(i), i));
    }
    norm = &add_norm(parameters, "model.norm", config.hidden_size);
    head = factory.head(parameters, config.tied_embeddings ? "" : "lm_head", kEmbedding, config.vocab_size,
                        config.hidden_size);
    parameters.finish(factory.device());
    inverse_frequencies = rope_inverse_frequencies(config).to(factory.device());
  }

  // Adds what is to be added, and gives the norm of the sum, which is made again rather than kept.
  Remade advance(Residual& residual, const Parameter& weight) const {
    const double epsilon = config.norm_epsilon;
    Tensor normed;  // [T, H]
    if (residual.delta.defined()) {
      std::tie(residual.stream, normed) = add_rms_norm(residual.stream, residual.delta, weight.value, epsilon);
    } else {
      normed = rms_norm(residual.stream, weight.value, epsilon);
    }
    return {normed, {residual.stream, weight.value}, [epsilon](const auto& from) {
              return rms_norm(from[0], from[1], epsilon);
            }};
  }

  // Through the layers [begin, end).
  void pass(Residual& residual, std::size_t begin, std::size_t end, const Surroundings& around) const {
    for (std::size_t i = begin; i < end; ++i) {
      Layer& layer = *layers[i];
      residual.delta = layer.attention.forward(advance(residual, layer.input_norm), around.angles, *around.context);
      residual.delta = layer.feed_forward.forward(advance(residual, layer.middle_norm));
    }
  }

  ModelConfig config;
  ParameterSet parameters;
  std::unique_ptr<Embedding> embedding;
  std::vector<std::unique_ptr<Layer>> layers;
  const Parameter* norm = nullptr;
  std::unique_ptr<VocabularyHead> head;
  Tensor inverse_frequencies;  // [head_dim / 2]
};

Decoder::Decoder(ModelConfig config, LayerFactory& factory)
    : body_(std::make_unique<Body>(std::move(config), factory)) {}
Decoder::~Decoder() = default;

Tensor Decoder::forward(const Tensor& tokens, const Tensor& positions, AttentionContext& context) {
  // Not owned: without recomputation nobody asks the context after this has returned.
  return forward(tokens, positions, std::shared_ptr<AttentionContext>(std::shared_ptr<void>(), &context), {});
}

Tensor Decoder::forward(const Tensor& tokens, const Tensor& positions, std::shared_ptr<AttentionContext> context,
                        Recompute recompute) {
  FT_CHECK(tokens.dim() == 1 && tokens.scalar_type() == at::kLong && positions.scalar_type() == at::kLong &&
               tokens.sizes() == positions.sizes(),
           "tokens and positions must be [T] of int64");
  const Body& body = *body_;
  const Surroundings around{rotary_angles(body.inverse_frequencies, positions, body.config.rope.attention_factor),
                            std::move(context)};
  const std::size_t count = body.layers.size();
  const bool keeps_all = recompute.layers == 0 || !at::GradMode::is_enabled();
  const std::size_t step = keeps_all ? count : static_cast<std::size_t>(recompute.layers);
  Residual residual{body.embedding->forward(tokens), {}};
  std::size_t begin = 0;
  for (; begin + step < count; begin += step) {
    residual.stream = recomputed(residual.stream, [&body, begin, step, around](const Tensor& x) {
      Residual inner{x, {}};
      body.pass(inner, begin, begin + step, around);
      return inner.stream + inner.delta;
    });
  }
  body.pass(residual, begin, count, around);  // the backward begins here: what it would forget is wanted next
  return body.advance(residual, *body.norm).value;
}

Tensor Decoder::log_probs(const Tensor& hidden, const Tensor& rows, const Tensor& targets) {
  return body_->head->log_probs(hidden, rows, targets);
}

Tensor Decoder::logits(const Tensor& hidden) { return body_->head->logits(hidden); }

const ModelConfig& Decoder::config() const { return body_->config; }
ParameterSet& Decoder::parameters() { return body_->parameters; }
const ParameterSet& Decoder::parameters() const { return body_->parameters; }

}  // namespace ft

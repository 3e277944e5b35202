// A decoder that trains in milliseconds, and examples for it: what tests of training, checkpoints and sampling share.
// Header-only, so that a test links the rooms it tests and no more.
//
//   TinyModel model(7);                              // weights are a function of the seed
//   auto examples = tiny_examples(20, 3);            // solutions of 4 to 23 tokens
#pragma once

#include <memory>
#include <vector>

#include "framework/base/philox.h"
#include "framework/batching/example.h"
#include "framework/model/decoder.h"
#include "framework/model/layer_factory.h"

namespace ft::testing {

inline constexpr TokenId kTinyVocabulary = 61;  // no number of ranks divides it

// Two layers, grouped queries, tied head.
inline ModelConfig tiny_config() {
  ModelConfig config;
  config.vocab_size = kTinyVocabulary;
  config.hidden_size = 32;
  config.intermediate_size = 48;
  config.num_layers = 2;
  config.num_heads = 4;
  config.num_kv_heads = 2;
  config.head_dim = 8;
  config.max_position = 256;
  config.tied_embeddings = true;
  return config;
}

struct TinyModel {
  std::unique_ptr<LayerFactory> factory;
  Decoder decoder;

  explicit TinyModel(std::uint64_t seed, const ModelConfig& config = tiny_config(), at::Device device = at::kCPU)
      : factory(make_dense_factory(device)), decoder(config, *factory) {
    initialise(decoder, seed);
  }
};

inline std::vector<TokenId> tiny_tokens(const Philox& random, std::uint64_t item, std::int64_t length) {
  std::vector<TokenId> tokens;
  for (std::int64_t i = 0; i < length; ++i)
    tokens.push_back(static_cast<TokenId>(random.below(kTinyVocabulary, item, static_cast<std::uint64_t>(i))));
  return tokens;
}

// One document each: a prompt of three tokens, then targets; `mle` items.
inline std::vector<Example> tiny_examples(int count, std::uint64_t seed) {
  const Philox random(seed, "tiny examples");
  std::vector<Example> examples;
  for (int e = 0; e < count; ++e) {
    const auto item = static_cast<std::uint64_t>(e);
    const auto length = 4 + static_cast<std::int64_t>(random.below(20, item, 1000));
    Example example;
    example.id = item + 1;
    example.documents = {tiny_tokens(random, item, length)};
    const auto& document = example.documents[0];
    example.spans = {{.document = 0, .first = 2, .tokens = {document.begin() + 3, document.end()}}};
    example.items = {{.kind = LossKind::mle, .spans = {0, -1, -1, -1}}};
    examples.push_back(std::move(example));
  }
  return examples;
}

// Pairs of documents with two verdicts each; `margin` items.
inline std::vector<Example> tiny_pairs(int count, std::uint64_t seed) {
  const Philox random(seed, "tiny pairs");
  std::vector<Example> examples;
  for (int e = 0; e < count; ++e) {
    Example example;
    example.id = 1000 + static_cast<std::uint64_t>(e);
    for (int member = 0; member < 2; ++member) {
      const auto item = static_cast<std::uint64_t>(2 * e + member);
      const auto length = 3 + static_cast<std::int64_t>(random.below(10, item, 1000));
      example.documents.push_back(tiny_tokens(random, item, length));
      for (const TokenId verdict : {5, 6})
        example.spans.push_back({member, static_cast<std::int32_t>(length - 1), {verdict}});
    }
    example.items = {{.kind = LossKind::margin, .spans = {0, 1, 2, 3}}};
    examples.push_back(std::move(example));
  }
  return examples;
}

}  // namespace ft::testing

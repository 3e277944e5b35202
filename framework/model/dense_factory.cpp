// The layers of one rank without a tensor axis: each wraps a kernel and the parameters it declared.
#include <utility>

#include "framework/base/error.h"
#include "framework/kernels/linear.h"
#include "framework/kernels/rms_norm.h"
#include "framework/kernels/vocabulary_log_probs.h"
#include "framework/model/layer_factory.h"
#include "framework/model/packed_products.h"

namespace ft {
namespace {

using at::Tensor;

class DenseLinear final : public Linear {
 public:
  DenseLinear(ParameterSet& parameters, const std::string& name, std::int64_t in, std::int64_t out, bool bias)
      : weight_(parameters.add({.name = name + ".weight", .shape = {out, in}})),
        bias_(bias ? &parameters.add({.name = name + ".bias", .shape = {out}, .decay = false}) : nullptr) {}

  Tensor forward(const Remade& x) override { return project(x, weight_, bias_); }

 private:
  const Parameter& weight_;
  const Parameter* bias_;
};

class DenseHeadNorm final : public HeadNorm {
 public:
  DenseHeadNorm(ParameterSet& parameters, const std::string& name, int head_dim, double epsilon)
      : weight_(parameters.add({.name = name + ".weight", .shape = {head_dim}, .decay = false})), epsilon_(epsilon) {}

  Tensor forward(const Tensor& x) override { return rms_norm(x, weight_.value, epsilon_); }

 private:
  const Parameter& weight_;
  double epsilon_;
};

class DenseEmbedding final : public Embedding {
 public:
  DenseEmbedding(ParameterSet& parameters, const std::string& name, std::int64_t vocab_size, std::int64_t hidden_size)
      : weight_(parameters.add({.name = name + ".weight", .shape = {vocab_size, hidden_size}})) {}

  Tensor forward(const Tensor& tokens) override { return ft::embedding(weight_.value, tokens); }

 private:
  const Parameter& weight_;
};

class DenseHead final : public VocabularyHead {
 public:
  explicit DenseHead(const Parameter& weight) : weight_(weight) {}

  Tensor log_probs(const Tensor& hidden, const Tensor& rows, const Tensor& targets) override {
    return project_log_probs(hidden, weight_, rows, targets, vocabulary_chunk_rows(weight_.value.size(0)),
                             whole_log_probs);
  }
  Tensor logits(const Tensor& hidden) override { return project(hidden, weight_); }

 private:
  const Parameter& weight_;
};

class DenseFactory final : public LayerFactory {
 public:
  explicit DenseFactory(at::Device device) : device_(device) {}
  int tensor_size() const override { return 1; }
  int tensor_rank() const override { return 0; }
  at::Device device() const override { return device_; }

  std::unique_ptr<Linear> column_linear(ParameterSet& parameters, std::string name, std::int64_t in, std::int64_t out,
                                        bool bias) override {
    return std::make_unique<DenseLinear>(parameters, name, in, out, bias);
  }
  std::unique_ptr<Linear> row_linear(ParameterSet& parameters, std::string name, std::int64_t in, std::int64_t out,
                                     bool bias) override {
    return std::make_unique<DenseLinear>(parameters, name, in, out, bias);
  }
  std::unique_ptr<Linear> kv_linear(ParameterSet& parameters, std::string name, std::int64_t in, int heads,
                                    int head_dim, bool bias) override {
    return std::make_unique<DenseLinear>(parameters, name, in, std::int64_t{heads} * head_dim, bias);
  }
  std::unique_ptr<Embedding> embedding(ParameterSet& parameters, std::string name, std::int64_t vocab_size,
                                       std::int64_t hidden_size) override {
    return std::make_unique<DenseEmbedding>(parameters, name, vocab_size, hidden_size);
  }
  std::unique_ptr<VocabularyHead> head(ParameterSet& parameters, std::string name, std::string embedding_name,
                                       std::int64_t vocab_size, std::int64_t hidden_size) override {
    if (name.empty()) return std::make_unique<DenseHead>(parameters.at(embedding_name + ".weight"));
    return std::make_unique<DenseHead>(parameters.add({.name = name + ".weight", .shape = {vocab_size, hidden_size}}));
  }
  std::unique_ptr<HeadNorm> head_norm(ParameterSet& parameters, std::string name, int head_dim,
                                      double epsilon) override {
    return std::make_unique<DenseHeadNorm>(parameters, name, head_dim, epsilon);
  }

 private:
  at::Device device_;
};

}  // namespace

std::unique_ptr<LayerFactory> make_dense_factory(at::Device device) { return std::make_unique<DenseFactory>(device); }

}  // namespace ft

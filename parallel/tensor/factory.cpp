#include "parallel/tensor/factory.h"

#include <utility>
#include <vector>

#include "framework/base/error.h"
#include "parallel/tensor/layers.h"
#include "parallel/tensor/vocabulary_head.h"

namespace ft {
namespace {

using namespace tensor_parallel;

std::string divisors(std::int64_t number) {
  std::vector<std::int64_t> found;
  for (std::int64_t d = 1; d <= number && found.size() < 8; ++d)
    if (number % d == 0) found.push_back(d);
  return fmt::format("{}{}", fmt::join(found, ", "), found.back() == number ? "" : ", ...");
}

class TensorParallelFactory final : public LayerFactory {
 public:
  TensorParallelFactory(Communicator& tensor, at::Device device)
      : tensor_(tensor), device_(device), entrance_(std::make_shared<Entrance>(tensor)) {}

  int tensor_size() const override { return tensor_.size(); }
  int tensor_rank() const override { return tensor_.rank(); }
  at::Device device() const override { return device_; }

  std::unique_ptr<Linear> column_linear(ParameterSet& parameters, std::string name, std::int64_t in, std::int64_t out,
                                        bool bias) override {
    const ShardSpec rows = even_share(0, out, name + ": " + std::to_string(out) + " output features");
    return std::make_unique<ColumnLinear>(entrance_, add(parameters, name, {out, in}, rows, bias ? &rows : nullptr));
  }

  std::unique_ptr<Linear> row_linear(ParameterSet& parameters, std::string name, std::int64_t in, std::int64_t out,
                                     bool bias) override {
    const ShardSpec columns = even_share(1, in, name + ": " + std::to_string(in) + " input features"), whole;
    return std::make_unique<RowLinear>(tensor_, add(parameters, name, {out, in}, columns, bias ? &whole : nullptr));
  }

  std::unique_ptr<Linear> kv_linear(ParameterSet& parameters, std::string name, std::int64_t in, int heads,
                                    int head_dim, bool bias) override {
    const int size = tensor_.size();
    if (heads % size != 0 && size % heads != 0) {
      fail_user(
          fmt::format("parallel.tensor {} does not fit {}: {} key/value heads; one of the two numbers must divide "
                      "the other (values that do: {}, or a multiple of {})",
                      size, name, heads, divisors(heads), heads));
    }
    const int copies = heads % size == 0 ? 1 : size / heads;  // ranks that hold the same head
    const std::int64_t share = std::int64_t{heads} * copies / size * head_dim, part = tensor_.rank() / copies;
    const ShardSpec rows{.dim = 0, .begin = part * share, .end = (part + 1) * share};
    const LinearSlice slice = add(parameters, name, {std::int64_t{heads} * head_dim, in}, rows, bias ? &rows : nullptr);
    if (copies == 1) return std::make_unique<ColumnLinear>(entrance_, slice);
    if (!holders_ || holders_->size() != copies) holders_ = tensor_.split(tensor_.rank() / copies, tensor_.rank());
    return std::make_unique<SharedColumnLinear>(entrance_, slice, holders_);
  }

  std::unique_ptr<HeadNorm> head_norm(ParameterSet& parameters, std::string name, int head_dim,
                                      double epsilon) override {
    const Parameter& weight = parameters.add({.name = name + ".weight", .shape = {head_dim}, .decay = false});
    return std::make_unique<SplitHeadNorm>(tensor_, weight, epsilon);
  }

  std::unique_ptr<Embedding> embedding(ParameterSet& parameters, std::string name, std::int64_t vocab_size,
                                       std::int64_t hidden_size) override {
    return std::make_unique<SplitEmbedding>(tensor_, add_rows(parameters, name, vocab_size, hidden_size));
  }

  std::unique_ptr<VocabularyHead> head(ParameterSet& parameters, std::string name, std::string embedding_name,
                                       std::int64_t vocab_size, std::int64_t hidden_size) override {
    const Parameter& weight =
        name.empty() ? parameters.at(embedding_name + ".weight") : add_rows(parameters, name, vocab_size, hidden_size);
    return std::make_unique<SplitHead>(tensor_, weight);
  }

 private:
  // This rank's share of `size` rows (dim 0) or columns (dim 1).
  ShardSpec even_share(int dim, std::int64_t size, const std::string& what) const {
    if (size % tensor_.size() != 0) {
      fail_user(fmt::format("parallel.tensor {} does not divide {} (values that do: {})", tensor_.size(), what,
                            divisors(size)));
    }
    const std::int64_t share = size / tensor_.size();
    return {.dim = dim, .begin = tensor_.rank() * share, .end = (tensor_.rank() + 1) * share};
  }

  // Declares a weight [out, in] and, where `bias` is given, a bias [out] with that slice.
  static LinearSlice add(ParameterSet& parameters, const std::string& name, std::vector<std::int64_t> shape,
                         const ShardSpec& weight, const ShardSpec* bias) {
    const std::int64_t out = shape[0];
    LinearSlice slice;
    slice.weight = &parameters.add({.name = name + ".weight", .shape = std::move(shape), .shard = weight});
    if (bias) slice.bias = &parameters.add({.name = name + ".bias", .shape = {out}, .decay = false, .shard = *bias});
    return slice;
  }

  const Parameter& add_rows(ParameterSet& parameters, const std::string& name, std::int64_t vocab_size,
                            std::int64_t hidden_size) const {
    const ShardSpec last = rows_of_rank(vocab_size, tensor_.size() - 1, tensor_.size());
    if (last.begin == last.end) {
      fail_user(fmt::format("parallel.tensor {} is too many for {}: a vocabulary of {} tokens leaves ranks without any",
                            tensor_.size(), name, vocab_size));
    }
    return parameters.add({.name = name + ".weight",
                           .shape = {vocab_size, hidden_size},
                           .shard = rows_of_rank(vocab_size, tensor_.rank(), tensor_.size())});
  }

  Communicator& tensor_;
  at::Device device_;
  std::shared_ptr<Entrance> entrance_;
  std::shared_ptr<Communicator> holders_;  // ranks with the same key/value head; made when first needed
};

}  // namespace

std::unique_ptr<LayerFactory> make_tensor_parallel_factory(Communicator& tensor, at::Device device) {
  return std::make_unique<TensorParallelFactory>(tensor, device);
}

}  // namespace ft

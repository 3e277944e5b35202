#include "parallel/tensor/autograd_ops.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <numeric>
#include <string>

namespace ft {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

// An autograd context stores plain values only, so the group goes by address.
void remember(AutogradContext* context, Communicator* group, const std::string& name) {
  context->saved_data["group"] = static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(group));
  context->saved_data["name"] = name;
}

Tensor sum_over(Communicator& group, const Tensor& x, const std::string& name) {
  Tensor sum = x.clone(at::MemoryFormat::Contiguous);
  group.all_reduce(name, sum, ReduceOp::sum);
  return sum;
}

struct CopyFunction : torch::autograd::Function<CopyFunction> {
  static Variable forward(AutogradContext* context, const Variable& x, Communicator* group, const std::string& name) {
    remember(context, group, name);
    return x;
  }
  static variable_list backward(AutogradContext* context, variable_list upstream) {
    const at::NoGradGuard no_grad;
    const auto address = static_cast<std::intptr_t>(context->saved_data["group"].toInt());
    Communicator& group = *reinterpret_cast<Communicator*>(address);
    return {sum_over(group, upstream[0], context->saved_data["name"].toStringRef()), Tensor(), Tensor()};
  }
};

struct ReduceFunction : torch::autograd::Function<ReduceFunction> {
  static Variable forward(AutogradContext* /*context*/, const Variable& x, Communicator* group,
                          const std::string& name) {
    return sum_over(*group, x, name);
  }
  static variable_list backward(AutogradContext* /*context*/, variable_list upstream) {
    return {upstream[0], Tensor(), Tensor()};
  }
};

struct GatherFunction : torch::autograd::Function<GatherFunction> {
  static Variable forward(AutogradContext* context, const Variable& x, const std::vector<std::int64_t>& widths,
                          Communicator* group, const std::string& name) {
    const std::int64_t rows = x.size(0);
    const auto own = widths.begin() + group->rank();
    context->saved_data["begin"] = std::accumulate(widths.begin(), own, std::int64_t{0});
    context->saved_data["width"] = *own;
    std::vector<std::int64_t> sizes;
    for (const std::int64_t width : widths) sizes.push_back(rows * width);
    Tensor all = at::empty({std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0})}, x.options());
    group->all_gather(name, all, x.contiguous().view({-1}), sizes);
    std::vector<Tensor> columns;
    std::int64_t offset = 0;
    for (std::size_t rank = 0; rank < widths.size(); ++rank) {
      columns.push_back(all.narrow(0, offset, sizes[rank]).view({rows, widths[rank]}));
      offset += sizes[rank];
    }
    return at::cat(columns, 1);
  }
  static variable_list backward(AutogradContext* context, variable_list upstream) {
    return {upstream[0].narrow(1, context->saved_data["begin"].toInt(), context->saved_data["width"].toInt()), Tensor(),
            Tensor(), Tensor()};
  }
};

struct CountOnceFunction : torch::autograd::Function<CountOnceFunction> {
  static Variable forward(AutogradContext* context, const Variable& x, bool counts) {
    context->saved_data["counts"] = counts;
    return x;
  }
  static variable_list backward(AutogradContext* context, variable_list upstream) {
    return {context->saved_data["counts"].toBool() ? upstream[0] : Tensor(), Tensor()};
  }
};

}  // namespace

Tensor copy_to_group(const Tensor& x, Communicator& group, Name name) {
  return CopyFunction::apply(x, &group, std::string(name));
}

Tensor reduce_over_group(const Tensor& x, Communicator& group, Name name) {
  return ReduceFunction::apply(x, &group, std::string(name));
}

Tensor gather_columns(const Tensor& x, const std::vector<std::int64_t>& widths, Communicator& group, Name name) {
  FT_CHECK(
      std::ssize(widths) == group.size() && x.dim() == 2 && x.size(1) == widths[static_cast<std::size_t>(group.rank())],
      "{}: the columns must be [T, widths[rank]], with one width for each of {} ranks", name, group.size());
  return GatherFunction::apply(x, widths, &group, std::string(name));
}

Tensor count_once(const Tensor& x, const Communicator& group) { return CountOnceFunction::apply(x, group.rank() == 0); }

}  // namespace ft

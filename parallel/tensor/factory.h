// The layers of a model that is split over a tensor group: for models, or speeds, that one rank cannot give.
//
// Attention and feed-forward layers are split by heads and inner features; a layer's input enters the group once and
// its output is summed once (Megatron; Shoeybi et al. 2019). The vocabulary is split by rows, and the loss over it
// exchanges one maximum and one packed sum for each chunk of rows. Where there are more ranks than key/value heads,
// groups of ranks hold the same head; its gradient is summed over them, so that each has the complete one.
//
// Hidden states, log-probabilities and logits are whole on every rank of the group, with the same bits; so are the
// gradients and weights of parameters that several ranks hold. Other tensor sizes differ by rounding.
//
//   GroupSet groups(world, make_topology(world.size(), 2));
//   auto factory = make_tensor_parallel_factory(groups.view().tensor);
//   Decoder model(config, *factory);               // collective over the tensor group, as all uses of the model are
#pragma once

#include <memory>

#include "framework/comm/communicator.h"
#include "framework/model/layer_factory.h"

namespace ft {

// `tensor` must outlive the factory's layers. The factory's functions are collective over it. They throw UserError on
// every rank, naming the part of the model and the sizes that would do, where parallel.tensor does not divide: inner
// features, attention heads, or key/value heads (of which one number must divide the other).
[[nodiscard]] std::unique_ptr<LayerFactory> make_tensor_parallel_factory(Communicator& tensor,
                                                                         at::Device device = at::kCPU);

}  // namespace ft

// The communicators of one rank, passed down as one small value: the whole job, its data axis, its tensor axis.
//
//   const GroupSet groups(world, make_topology(world.size(), settings.tensor, place));
//   train(groups.view(), ...);
#pragma once

#include <memory>

#include "framework/comm/communicator.h"
#include "framework/comm/topology.h"

namespace ft {

// References must outlive the value. world.rank() == data.rank() * tensor.size() + tensor.rank().
struct Groups {
  Communicator& world;
  Communicator& data;    // ranks that hold the same slice of the model and compute different lanes
  Communicator& tensor;  // ranks that compute the same lanes on different slices of the model
};

// Makes and owns the communicators of the axes. An axis that spans the whole job is the world itself, an axis of size 1
// a SoloCommunicator: only a true grid costs new communicators.
class GroupSet {
 public:
  // Collective over world, which must outlive this. topology.ranks must be world.size().
  GroupSet(Communicator& world, const Topology& topology);

  [[nodiscard]] Groups view() const { return {world_, *data_, *tensor_}; }
  [[nodiscard]] const Topology& topology() const { return topology_; }

 private:
  Communicator& world_;
  Topology topology_;
  std::unique_ptr<Communicator> own_data_, own_tensor_;  // null where the axis is the world
  Communicator* data_;
  Communicator* tensor_;
};

}  // namespace ft

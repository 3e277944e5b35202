#include "framework/comm/groups.h"

#include "framework/comm/solo_communicator.h"

namespace ft {

GroupSet::GroupSet(Communicator& world, const Topology& topology)
    : world_(world), topology_(topology), data_(&world), tensor_(&world) {
  FT_CHECK(topology.ranks == world.size(), "a topology of {} ranks for a world of {}", topology.ranks, world.size());
  const int data_rank = topology.data_rank(world.rank()), tensor_rank = topology.tensor_rank(world.rank());
  if (topology.data() == 1) {
    own_data_ = std::make_unique<SoloCommunicator>();
  } else if (topology.tensor > 1) {
    own_data_ = world.split(tensor_rank, data_rank);
  }
  if (topology.tensor == 1) {
    own_tensor_ = std::make_unique<SoloCommunicator>();
  } else if (topology.data() > 1) {
    own_tensor_ = world.split(data_rank, tensor_rank);
  }
  if (own_data_) data_ = own_data_.get();
  if (own_tensor_) tensor_ = own_tensor_.get();
}

}  // namespace ft

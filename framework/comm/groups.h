// The communicators of one rank, passed down as one small value: the whole job, its data axis, its tensor axis.
#pragma once

#include "framework/comm/communicator.h"

namespace ft {

// References must outlive the value. world.rank() == data.rank() * tensor.size() + tensor.rank().
struct Groups {
  Communicator& world;
  Communicator& data;    // ranks that hold the same slice of the model and compute different lanes
  Communicator& tensor;  // ranks that compute the same lanes on different slices of the model
};

}  // namespace ft

// An MPI communicator in headers, without mpi.h: its Fortran handle, which MPI defines as a plain integer. Only .cpp
// files of this room include mpi.h, so that no other code comes to depend on one MPI.
#pragma once

namespace ft {

enum class MpiHandle : int {};

}  // namespace ft

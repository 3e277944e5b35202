# NCCL's header and library: NCCL_FOUND, NCCL_INCLUDE_DIR, NCCL_LIBRARY (may be missing: where libtorch's CUDA libraries are
# loaded, NCCL is, too). Looked for beside CUDA's toolkit, in the system's folders, and in NCCL_ROOT.
find_path(NCCL_INCLUDE_DIR nccl.h HINTS ${CUDAToolkit_INCLUDE_DIRS} PATH_SUFFIXES include)
find_library(NCCL_LIBRARY nccl HINTS ${CUDAToolkit_LIBRARY_DIR} PATH_SUFFIXES lib lib64)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(NCCL REQUIRED_VARS NCCL_INCLUDE_DIR)
mark_as_advanced(NCCL_INCLUDE_DIR NCCL_LIBRARY)

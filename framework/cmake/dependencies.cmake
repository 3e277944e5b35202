# Every outside library, once, as a target of the name ft::<library>. launch/setup.sh installs what is missing.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(MPI REQUIRED COMPONENTS CXX)
find_package(CLI11 REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(ZLIB REQUIRED)
find_package(Snappy REQUIRED)
pkg_check_modules(pcre2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(icu REQUIRED IMPORTED_TARGET icu-uc)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
find_package(HDF5 REQUIRED COMPONENTS C)
if(HDF5_IS_PARALLEL)
  message(FATAL_ERROR "HDF5's MPI flavour was found. ftrun writes one file per rank and needs the serial flavour (Debian: libhdf5-dev).")
endif()

add_library(ft_hdf5 INTERFACE)
target_include_directories(ft_hdf5 SYSTEM INTERFACE ${HDF5_C_INCLUDE_DIRS})
target_link_libraries(ft_hdf5 INTERFACE ${HDF5_C_LIBRARIES})
add_library(ft::hdf5 ALIAS ft_hdf5)

# libtorch is the content of the PyPI wheel; its CMake package wants CUDA and is not used.
if(NOT EXISTS "${FT_LIBTORCH}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "libtorch was not found in ${FT_LIBTORCH}. Run launch/setup.sh, or pass -DFT_LIBTORCH=DIR.")
endif()
add_library(ft_libtorch INTERFACE)
# -idirafter: the wheel brings its own fmt, which must not hide the system's. The SHELL: prefix keeps the pair together.
target_compile_options(ft_libtorch INTERFACE
  "SHELL:-idirafter ${FT_LIBTORCH}/include" "SHELL:-idirafter ${FT_LIBTORCH}/include/torch/csrc/api/include")
target_link_libraries(ft_libtorch INTERFACE "${FT_LIBTORCH}/lib/libtorch_cpu.so" "${FT_LIBTORCH}/lib/libc10.so")
# libtorch_cpu.so names CUDA's runtime even where no GPU is; it is found beside it by RPATH, not at link time.
target_link_options(ft_libtorch INTERFACE -Wl,--allow-shlib-undefined)
add_library(ft::libtorch ALIAS ft_libtorch)

# The precompiled header of everything that includes libtorch (20 s a file without it).
if(NOT EXISTS "${PROJECT_BINARY_DIR}/torch_pch.cpp")
  file(WRITE "${PROJECT_BINARY_DIR}/torch_pch.cpp" "// Carries the precompiled header; see framework/cmake/dependencies.cmake.\n")
endif()
add_library(ft_torch_pch OBJECT "${PROJECT_BINARY_DIR}/torch_pch.cpp")
target_link_libraries(ft_torch_pch PRIVATE ft::libtorch)
target_precompile_headers(ft_torch_pch PRIVATE "${PROJECT_SOURCE_DIR}/framework/cmake/torch_pch.h")

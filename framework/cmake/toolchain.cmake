# Compiler settings that hold for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")

# Libraries are found by RPATH, which comes before LD_LIBRARY_PATH (RUNPATH comes after it): a conda environment or a module
# with another libtorch shall not change which one the program runs on. The build tree has the form of the installed one,
# so the same entries serve both and none is rewritten; CMake pads entries that it wants to rewrite with ':', and an empty
# entry means the working directory. Where MPI or HDF5 lie outside of the system's folders, theirs are entered too.
set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)
set(CMAKE_INSTALL_RPATH "${FT_LIBTORCH}/lib")
add_link_options(-Wl,--disable-new-dtags)

# -fPIC for every file, executables included: one precompiled header of libtorch then serves all targets.
# No -march=native: the binary runs on every node of a cluster, kernels choose their instructions at run time.
# -ffp-contract=off: a compiler that fuses a*b+c in one place and not in another would change the bits of a resumed run.
add_compile_options(-fPIC -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -ffp-contract=off)
if(FT_WARNINGS_AS_ERRORS)
  add_compile_options(-Werror -Wno-error=restrict)  # GCC 12 sees overlaps in std::string that are none
endif()
if(FT_SANITIZE)
  add_compile_options(-fsanitize=${FT_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${FT_SANITIZE})
endif()

find_program(FT_MOLD mold)
if(FT_MOLD AND NOT FT_SANITIZE)
  add_link_options(-fuse-ld=mold)
endif()
find_program(FT_CCACHE ccache)
if(FT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # pch_defines,time_macros: what ccache needs to cache files that use a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${FT_CCACHE})
endif()

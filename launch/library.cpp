#include <fmt/format.h>

#include "framework/recipe/recipe.h"
#include "launch/version.h"

namespace ft {

std::string version_text() {
  return fmt::format("ftrun {} (libtorch {}, {})", FTRUN_VERSION, FT_LIBTORCH_VERSION, FT_COMPILER_TAG);
}

}  // namespace ft

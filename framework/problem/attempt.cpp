#include "framework/problem/attempt.h"

#include "framework/base/error.h"

namespace ft {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::different:
      return "different";
    case Verdict::equal:
      return "equal";
    case Verdict::unknown:
      return "unknown";
  }
  FT_CHECK(false, "a verdict has the value {}", static_cast<int>(verdict));
  return {};
}

}  // namespace ft

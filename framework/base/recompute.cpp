#include "framework/base/recompute.h"

#include <array>

#include "framework/base/units.h"

namespace ft {
namespace {

constexpr int kMostLayers = 65536;
constexpr std::string_view kNone = "none", kLayers = "layers";

[[noreturn]] void refuse(std::string_view text) {
  const std::array<std::string, 2> words = {std::string(kNone), std::string(kLayers)};
  const auto close = nearest(text, words);
  throw UnitError(
      fmt::format("'{}' is not what can be computed again: write none, layers, or how many layers at a time, "
                  "from 2 to {}{}",
                  text, kMostLayers, close ? fmt::format("; did you mean '{}'?", *close) : ""));
}

}  // namespace

Recompute parse_recompute(std::string_view text) {
  if (text == kNone) return {0};
  if (text == kLayers) return {1};
  std::int64_t layers = 0;
  try {
    layers = parse_integer(text);
  } catch (const UnitError&) {
    refuse(text);
  }
  if (layers < 2 || layers > kMostLayers) refuse(text);
  return {static_cast<int>(layers)};
}

std::string to_string(const Recompute& recompute) {
  if (recompute.layers == 0) return std::string(kNone);
  return recompute.layers == 1 ? std::string(kLayers) : std::to_string(recompute.layers);
}

}  // namespace ft

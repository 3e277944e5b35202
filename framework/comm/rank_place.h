// Where ranks run, as a run file may ask for it: on which kind of device, and bound to cores or not.
#pragma once

#include <array>
#include <string_view>

namespace ft {

enum class DeviceKind {
  cpu,
  cuda,    // each rank on a GPU of its own
  any_gpu  // as cuda where every rank can have one, else cpu
};
constexpr auto names_of(DeviceKind) { return std::to_array<std::string_view>({"cpu", "cuda", "auto"}); }

enum class Binding {
  by_us,  // ranks that the launcher lets float get cores of their own
  none
};
constexpr auto names_of(Binding) { return std::to_array<std::string_view>({"auto", "none"}); }

}  // namespace ft

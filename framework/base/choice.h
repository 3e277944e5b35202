// An enum whose values a run file gives by name. Its names stand beside it, of its values 0, 1, ... in order:
//
//   enum class Schedule { cosine, linear, constant };
//   constexpr auto names_of(Schedule) { return std::to_array<std::string_view>({"cosine", "linear", "constant"}); }
//
//   b.choice("schedule", settings.schedule, KeyKind::identity, "how the learning rate falls");   // config/binder.h
//   fmt::print("schedule: {}\n", to_string(settings.schedule));
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace ft {

template <class E>
concept NamedEnum = std::is_enum_v<E> && requires(E value) {
  names_of(value).size();
};

template <NamedEnum E>
inline constexpr auto kNamesOf = names_of(E{});

template <NamedEnum E>
[[nodiscard]] constexpr std::string_view to_string(E value) {
  return kNamesOf<E>[static_cast<std::size_t>(value)];
}

// The value of that name; nothing where there is none.
template <NamedEnum E>
[[nodiscard]] constexpr std::optional<E> named(std::string_view name) {
  for (std::size_t i = 0; i < kNamesOf<E>.size(); ++i) {
    if (kNamesOf<E>[i] == name) return static_cast<E>(i);
  }
  return std::nullopt;
}

// A value of any such enum, for those who know its names alone. The enum must outlive it.
class Choice {
 public:
  template <NamedEnum E>
  explicit Choice(E& value)
      : value_(&value),
        names_(kNamesOf<E>),
        get_([](const void* of) { return static_cast<std::size_t>(*static_cast<const E*>(of)); }),
        set_([](void* of, std::size_t index) { *static_cast<E*>(of) = static_cast<E>(index); }) {}

  [[nodiscard]] std::span<const std::string_view> names() const { return names_; }
  [[nodiscard]] std::string_view name() const { return names_[get_(value_)]; }
  // `index`: of the name.
  void set(std::size_t index) { set_(value_, index); }

 private:
  void* value_;
  std::span<const std::string_view> names_;
  std::size_t (*get_)(const void*);
  void (*set_)(void*, std::size_t);
};

}  // namespace ft

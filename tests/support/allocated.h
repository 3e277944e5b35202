// How much memory the calling thread has asked for so far: a measure of work that no clock and no other process
// disturbs. Linking allocated.cpp replaces operator new.
#pragma once

namespace ft::testing {

[[nodiscard]] long long allocated_bytes();

}  // namespace ft::testing

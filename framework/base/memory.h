// How much memory this process takes, as the kernel counts it: for ledgers, plans and reports.
//
//   reset_peak_memory();  ... a stage ...  note(peak_memory());
#pragma once

#include <cstdint>

namespace ft {

// Bytes of main memory that the process holds now, shared libraries included; 0 where the kernel does not say.
[[nodiscard]] std::int64_t resident_memory();

// The most that it held since it started, or since reset_peak_memory().
[[nodiscard]] std::int64_t peak_memory();

// Lets the peak begin anew from what is held now. Where the kernel does not allow it the peak stays that of the
// process.
void reset_peak_memory();

}  // namespace ft

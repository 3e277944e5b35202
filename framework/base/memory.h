// How much memory this process takes, as the kernel counts it: for ledgers, plans and reports.
//
//   reset_peak_memory();  ... a stage ...  note(peak_memory(), library_memory());
#pragma once

#include <cstdint>

namespace ft {

// Bytes of main memory that the process holds now, shared libraries included; 0 where the kernel does not say.
[[nodiscard]] std::int64_t resident_memory();

// The most that it held since it started, or since reset_peak_memory().
[[nodiscard]] std::int64_t peak_memory();

// Of what it holds now, pages of the program's and its libraries' own files. They are not taken by the process: other ranks
// share them, and the system drops them when it needs memory. How many there are says little about what runs: around each
// page that is used, Linux maps as many as its cache happens to hold in one piece, which differs by a factor of two between
// file systems. So whoever compares machines, or measured with expected, takes them off.
[[nodiscard]] std::int64_t library_memory();

// Lets the peak begin anew from what is held now. Where the kernel does not allow it the peak stays that of the
// process.
void reset_peak_memory();

}  // namespace ft

// What was found beside good records in the pieces of a stage's work, said once: by whoever reads them, of attempts and of
// scores alike.
#pragma once

#include <string_view>

#include "framework/base/log.h"
#include "framework/store/append_log.h"

namespace ft {

// Adds a piece's counts to those of the pieces before it.
void add_counts(PieceCounts& sum, const PieceCounts& piece);

// `records`: "attempts", "scores". Nothing where nothing was dropped.
void tell_dropped(Logger& log, const PieceCounts& counts, std::string_view records);

}  // namespace ft

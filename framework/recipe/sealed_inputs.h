// What stages read of the records that earlier stages have sealed, checked against the manifest while it is read: nothing
// is given out before the last byte is known to be one that was sealed.
//
//   const SealedFolder attempts = stage.sealed_input("answers");
//   for (const Problem& problem : read_problems(attempts)) ...
//
// All throw BrokenFolder that names the file where a byte is another one, also where the damage made a line that cannot be
// understood; UserError on a sound line that cannot; Unreadable.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "framework/base/error.h"
#include "framework/problem/attempt.h"
#include "framework/problem/problem.h"
#include "framework/store/sealed_folder.h"

namespace ft {

// Calls `use` with each line of a file of the folder that is not empty, and with its place. What `use` has made of them is
// to be trusted once this has returned.
void read_lines(const SealedFolder& folder, std::string_view name,
                const std::function<void(std::string_view line, const Place& place)>& use);

// Of a sealed attempts folder.
[[nodiscard]] std::vector<Attempt> read_attempts(const SealedFolder& attempts);
[[nodiscard]] std::vector<Problem> read_problems(const SealedFolder& attempts);

}  // namespace ft

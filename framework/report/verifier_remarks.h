// What a reader must know of a verifier before believing its rows: that it does not tell right from wrong, or that it
// gives all attempts the same score, so that a gain over voting is no more than the breaking of ties.
#pragma once

#include <string>
#include <vector>

#include "framework/report/report.h"

namespace ft::report {

// Sentences, none for a verifier that works, for attempts without scores, and where too few problems tell anything.
[[nodiscard]] std::vector<std::string> verifier_remarks(const StageTable& stage);

}  // namespace ft::report

// Finds what a report says beyond its tables (effect.h), from what each problem contributes to each of them
// (RankingOptions::keep_values).
#pragma once

#include "framework/report/report.h"

namespace ft::report {

// Into `effects`: the differences that were asked for, then every ranking against the vote and against the solver's own
// log-probability, and every further generator against the first; those whose sides have no problem in common are left out.
// Into `over_seeds`, where there are several seeds: every strategy's accuracy. Returns the texts of those that were asked for and
// have no value, such as stages that share no problem.
std::vector<std::string> add_effects(ReportInput& input);

}  // namespace ft::report

// The conventions of grading as options, the same for every subcommand that grades (framework/grade/conventions.h).
//
//   add_conventions(*command, options->conventions);       // --rules, --percent, --units, --lists, --tolerance,
//   --prm800k
//   ...
//   refuse_without_effect(options->conventions);           // once all are read
#pragma once

#include <CLI/CLI.hpp>

#include "framework/grade/conventions.h"

namespace ft {

// `conventions` must outlive the parsing.
void add_conventions(CLI::App& command, grade::Conventions& conventions);

// Throws UserError where rules are asked for that know none of the other conventions that were given.
void refuse_without_effect(const grade::Conventions& conventions);

}  // namespace ft

// The sections of the HTML report, one function each; html_report.cpp puts them in order. All return HTML, empty where
// there is nothing to show.
#pragma once

#include <string>

#include "framework/report/report.h"

namespace ft::report {

// Large numbers for the top of the page.
[[nodiscard]] std::string tiles(const ReportInput& input);
[[nodiscard]] std::string paper_tables(const ReportInput& input);
// Accuracy and cost against K and N, by the verifier and by the solver's own log-probability.
[[nodiscard]] std::string figure_one(const StageTable& stage, std::size_t index);
// pass@k and maj@k of all stages that are not the same attempts ranked.
[[nodiscard]] std::string more_attempts(const ReportInput& input);
// Every strategy, the verifier's quality, levels and subjects.
// `open`: unfolded.
[[nodiscard]] std::string stage_details(const StageTable& stage, std::size_t index, bool open);

[[nodiscard]] std::string training_curves(const ReportInput& input);
[[nodiscard]] std::string overlap_section(const ReportInput& input);
[[nodiscard]] std::string example_section(const ReportInput& input);
[[nodiscard]] std::string time_section(const ReportInput& input);
[[nodiscard]] std::string setting_sections(const std::vector<Section>& all);

}  // namespace ft::report

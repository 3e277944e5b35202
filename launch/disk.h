// Is there room on the disk for what a run will still write? For `ftrun plan`, `ftrun doctor` and a run's start.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "framework/recipe/run_plan.h"
#include "launch/footprint.h"

namespace ft {

// Bytes that the stages which have no sealed output yet will write at most; where that is more than is free, less what lies
// in their folders already. `needs` of all stages, in the plan's order. Throws Unreadable.
[[nodiscard]] std::int64_t disk_left_to_write(const RunPlan& plan, const std::vector<Footprint>& needs);

// The folder, or what of its path exists: where it would be made. Throws Unreadable.
[[nodiscard]] std::filesystem::path existing_part(const std::filesystem::path& folder);

// Empty where that much fits onto the file system of the run's folder, or where that cannot be known; else a sentence with
// both numbers. Quotas are not looked at.
[[nodiscard]] std::string describe_shortage(const std::filesystem::path& run_folder, std::int64_t bytes);

}  // namespace ft

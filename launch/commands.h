// The subcommands of ftrun, one file each. All run in one process and use no MPI.
//
// Each returns normally when done; a user's mistake is a UserError.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ft {

// Prints the keys of that name (or of every name that contains it; empty: all), wherever the run file may hold them.
void explain_command(const std::string& key, const std::filesystem::path& recipes);

// Says what a run folder, stage, checkpoint or any other sealed folder holds.
void inspect_command(const std::filesystem::path& path);

// Hashes every file of a sealed folder (or of all in a run folder) and walks the chain of parents. Returns false when
// something is damaged or broken.
[[nodiscard]] bool verify_command(const std::filesystem::path& path);

// Writes a model stage as a Hugging Face folder; `target` must not exist or be empty.
void export_command(const std::filesystem::path& stage, const std::filesystem::path& target);

// The sealed folder that a person means: the folder itself, or <run folder>/<stage>, or a stage's folder. Throws
// UserError that lists what is there.
[[nodiscard]] std::filesystem::path find_artifact(const std::filesystem::path& path);

// Folders of the sealed outputs of a run folder, in the order of their names; empty when it is no run folder.
[[nodiscard]] std::vector<std::filesystem::path> sealed_outputs(const std::filesystem::path& run);

}  // namespace ft

#include "framework/recipe/sealed_inputs.h"

#include "framework/problem/records.h"
#include "framework/store/sealed_file.h"

namespace ft {

void read_lines(const SealedFolder& folder, std::string_view name,
                const std::function<void(std::string_view line, const Place& place)>& use) {
  SealedFile file(folder, name);
  (void)checked(file, [&] {
    Place place{.file = folder.path(name).string()};
    std::vector<char> buffer(1 << 16);
    std::string line;
    const auto give = [&] {
      ++place.line;
      if (!line.empty()) use(line, place);
      line.clear();
    };
    while (const std::size_t count = file.read(buffer)) {
      std::string_view left(buffer.data(), count);
      for (std::size_t end = left.find('\n'); end != std::string_view::npos; end = left.find('\n')) {
        line.append(left.substr(0, end));
        left.remove_prefix(end + 1);
        give();
      }
      line.append(left);
    }
    if (!line.empty()) give();
    return true;
  });
}

std::vector<Attempt> read_attempts(const SealedFolder& attempts) {
  std::vector<Attempt> found;
  read_lines(attempts, "attempts.jsonl",
             [&](std::string_view line, const Place& place) { found.push_back(attempt_from_json(line, place)); });
  return found;
}

std::vector<Problem> read_problems(const SealedFolder& attempts) {
  std::vector<Problem> found;
  read_lines(attempts, "problems.jsonl",
             [&](std::string_view line, const Place& place) { found.push_back(problem_from_json(line, place)); });
  return found;
}

}  // namespace ft

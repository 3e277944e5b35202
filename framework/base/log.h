// What a run says while it runs: plain lines, from rank 0; the other ranks speak only when something is wrong, and then
// say who they are.
//
//   Logger log(rank);                               // made in main, handed down as an argument
//   log.info("step {} loss {:.4f}", step, loss);    // rank 0: "step 12 loss 1.2345"; other ranks: nothing
//   log.warn("disk almost full");                   // "warning: disk almost full", on rank 3 "[rank 3] warning: ..."
//   log.to_file("runs/x/log.txt");                  // and there too, with the time
//
// A line is written whole (one write per line), so lines of several ranks do not mix within a line. Safe for threads.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace spdlog {
class logger;
}

namespace ft {

class Logger {
 public:
  using Sink = std::function<void(std::string_view line)>;

  // Writes to standard error: standard output belongs to results.
  explicit Logger(int rank);
  // Hands each line (no line end) to `sink` instead; for tests and for `progress`.
  Logger(int rank, Sink sink);

  // Rank 0 only.
  template <class... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) {
    if (informs()) info_line(fmt::format(format, std::forward<Args>(args)...));
  }
  // Every rank.
  template <class... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) {
    warn_line(fmt::format(format, std::forward<Args>(args)...));
  }
  template <class... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) {
    error_line(fmt::format(format, std::forward<Args>(args)...));
  }
  // The same for texts that are ready.
  void info_line(std::string_view text);
  void warn_line(std::string_view text);
  void error_line(std::string_view text);

  // Also appends every line to `path`, with UTC time in front. Throws UserError when it cannot be opened.
  void to_file(const std::filesystem::path& path);

  // True where info() says something: guard costly arguments with it.
  [[nodiscard]] bool informs() const { return rank_ == 0; }
  [[nodiscard]] int rank() const { return rank_; }

 private:
  std::string tag() const;
  int rank_;
  std::shared_ptr<spdlog::logger> logger_;
};

// A logger that says nothing, for callers that have none.
[[nodiscard]] Logger silent_logger();

}  // namespace ft

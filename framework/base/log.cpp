#include "framework/base/log.h"

#include <fcntl.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <system_error>

#include "framework/base/error.h"
#include "framework/base/failure.h"
#include "framework/base/process_end.h"

namespace ft {
namespace {

class FunctionSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FunctionSink(Logger::Sink sink) : sink_(std::move(sink)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    sink_(std::string_view(message.payload.data(), message.payload.size()));
  }
  void flush_() override {}

 private:
  Logger::Sink sink_;
};

// One write a line to a descriptor. A line that cannot be written is lost, and the next one is tried again: readers go
// away, terminals are closed, disks are full for a while, and none of that is a reason to end a run.
class DescriptorSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  // `name`: said once on standard error, with the reason, when a line is lost; empty: nothing is said.
  DescriptorSink(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}
  ~DescriptorSink() override {
    if (descriptor_ > STDERR_FILENO) ::close(descriptor_);
  }
  DescriptorSink(const DescriptorSink&) = delete;
  DescriptorSink& operator=(const DescriptorSink&) = delete;

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    for (std::string_view rest(line.data(), line.size()); !rest.empty();) {
      const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return lost(written < 0 ? errno : ENOSPC);
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
    said_ = false;
  }
  void flush_() override {}

 private:
  void lost(int error) {
    if (said_ || name_.empty()) return;
    said_ = true;
    say_plainly(fmt::format("warning: lines of {} are lost: {}{}\n", name_, std::generic_category().message(error),
                            advice_on(error, name_)));
  }
  int descriptor_;
  std::string name_;
  bool said_ = false;
};

std::shared_ptr<spdlog::logger> make_logger(spdlog::sink_ptr sink) {
  auto logger = std::make_shared<spdlog::logger>("ftrun", std::move(sink));
  // What a sink throws: spdlog's own handler would print a line of another form for each.
  logger->set_error_handler([](const std::string& why) {
    say_plainly("warning: a line of the log is lost: ");
    say_plainly(why);
    say_plainly("\n");
  });
  return logger;
}

std::unique_ptr<spdlog::formatter> formatter(const char* pattern) {
  return std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc);
}

}  // namespace

Logger::Logger(int rank) : rank_(rank) {
  auto sink = std::make_shared<DescriptorSink>(STDERR_FILENO, "");
  sink->set_formatter(formatter("%v"));
  logger_ = make_logger(std::move(sink));
}

Logger::Logger(int rank, Sink sink)
    : rank_(rank), logger_(make_logger(std::make_shared<FunctionSink>(std::move(sink)))) {}

std::string Logger::tag() const { return rank_ == 0 ? "" : fmt::format("[rank {}] ", rank_); }

void Logger::info_line(std::string_view text) {
  if (informs()) logger_->log(spdlog::level::info, spdlog::string_view_t(text.data(), text.size()));
}

void Logger::warn_line(std::string_view text) {
  const std::string line = tag() + "warning: " + std::string(text);
  logger_->log(spdlog::level::warn, spdlog::string_view_t(line));
}

void Logger::error_line(std::string_view text) {
  const std::string line = tag() + "error: " + std::string(text);
  logger_->log(spdlog::level::err, spdlog::string_view_t(line));
}

void Logger::to_file(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    const int error = errno;
    const std::string text = fmt::format("cannot write the log {}: {}{}", path.string(),
                                         std::generic_category().message(error), advice_on(error, path));
    if (error == EACCES || error == EPERM || error == EROFS || error == EISDIR || error == ENOENT || error == ENOTDIR)
      fail_user(text);
    throw Error(text);
  }
  auto sink = std::make_shared<DescriptorSink>(descriptor, path.string());
  sink->set_formatter(formatter("%Y-%m-%dT%H:%M:%SZ %v"));
  logger_->sinks().push_back(std::move(sink));
}

Logger silent_logger() {
  return {0, [](std::string_view) {}};
}

}  // namespace ft

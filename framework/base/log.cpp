#include "framework/base/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <mutex>

#include "framework/base/error.h"

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

std::shared_ptr<spdlog::logger> make_logger(spdlog::sink_ptr sink) {
  auto logger = std::make_shared<spdlog::logger>("ftrun", std::move(sink));
  logger->flush_on(spdlog::level::info);  // a run that is killed has said what it said
  return logger;
}

std::unique_ptr<spdlog::formatter> formatter(const char* pattern) {
  return std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc);
}

}  // namespace

Logger::Logger(int rank) : rank_(rank) {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
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
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string(), false);
    sink->set_formatter(formatter("%Y-%m-%dT%H:%M:%SZ %v"));
    logger_->sinks().push_back(std::move(sink));
  } catch (const spdlog::spdlog_ex& error) {
    fail_user(fmt::format("cannot write the log: {}", error.what()));
  }
}

Logger silent_logger() {
  return {0, [](std::string_view) {}};
}

}  // namespace ft

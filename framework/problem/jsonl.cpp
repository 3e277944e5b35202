#include "framework/problem/jsonl.h"

#include <fmt/format.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace ft {
namespace {

struct GzClose {
  void operator()(gzFile file) const { gzclose(file); }
};
using GzHandle = std::unique_ptr<gzFile_s, GzClose>;

}  // namespace

struct JsonlWriter::State {
  std::string name;
  GzHandle file;
};

JsonlWriter::JsonlWriter(const std::filesystem::path& path) : state_(std::make_unique<State>()) {
  state_->name = path.string();
  errno = 0;
  state_->file.reset(gzopen(path.c_str(), path.extension() == ".gz" ? "wb6" : "wbT"));  // T: plain, no gzip frame
  if (!state_->file) fail_user({state_->name}, fmt::format("cannot be created: {}", std::strerror(errno)));
}
JsonlWriter::~JsonlWriter() = default;
JsonlWriter::JsonlWriter(JsonlWriter&&) noexcept = default;
JsonlWriter& JsonlWriter::operator=(JsonlWriter&&) noexcept = default;

void JsonlWriter::write(std::string_view line) {
  FT_CHECK(state_->file, "{} is closed", state_->name);
  FT_CHECK(line.find('\n') == std::string_view::npos, "a JSON line holds a newline: {}", line);
  const std::string text = std::string(line) + '\n';
  const int written = gzwrite(state_->file.get(), text.data(), static_cast<unsigned>(text.size()));
  FT_CHECK(written == static_cast<int>(text.size()), "{} cannot be written: {}", state_->name, std::strerror(errno));
}

void JsonlWriter::close() {
  FT_CHECK(state_->file, "{} is closed", state_->name);
  errno = 0;
  const int code = gzclose(state_->file.release());
  FT_CHECK(code == Z_OK, "{} cannot be written to its end: {}", state_->name, std::strerror(errno));
}

}  // namespace ft

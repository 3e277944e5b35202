#include "framework/store/sealed_lines.h"

#include <algorithm>

namespace ft {

SealedLines::SealedLines(const SealedFolder& folder, std::vector<std::string> names)
    : folder_(folder), names_(std::move(names)), last_(names_.size()), buffer_(1 << 16) {}

bool SealedLines::open_next() {
  if (next_ >= last_) return false;
  const std::string& name = names_[next_++];
  place_ = {.file = folder_.path(name).string()};
  file_.emplace(folder_, name);
  begin_ = end_ = 0;
  return true;
}

bool SealedLines::next(std::string& line, Place& place) {
  line.clear();
  while (file_ || open_next()) {
    if (begin_ == end_) {
      begin_ = 0;
      end_ = file_->read(buffer_);
      if (end_ == 0) file_.reset();
    }
    const auto from = buffer_.begin() + static_cast<std::ptrdiff_t>(begin_);
    const auto to = buffer_.begin() + static_cast<std::ptrdiff_t>(end_);
    const auto stop = std::find(from, to, '\n');
    line.append(from, stop);
    begin_ = static_cast<std::size_t>(stop - buffer_.begin()) + (stop == to ? 0 : 1);
    if (stop == to && file_) continue;  // the line goes on
    ++place_.line;
    if (line.empty()) continue;
    place = place_;
    return true;
  }
  return false;
}

void SealedLines::only(std::size_t place) {
  if (file_) file_->check_rest();
  file_.reset();
  begin_ = end_ = 0;
  next_ = place;
  last_ = std::min(place + 1, names_.size());
}

void SealedLines::check_rest() {
  while (file_ || open_next()) {
    file_->check_rest();
    file_.reset();
  }
}

}  // namespace ft

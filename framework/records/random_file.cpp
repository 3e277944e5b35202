#include "framework/records/random_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "framework/base/reading.h"

namespace ft::records {

RandomFile::RandomFile(std::filesystem::path path) : path_(std::move(path)) {
  size_ = look_at(path_).size;
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) fail_unreadable(path_, errno);
}

RandomFile::~RandomFile() { ::close(descriptor_); }

void RandomFile::read(std::int64_t offset, std::size_t size, std::string& into) const {
  const std::int64_t there = std::max<std::int64_t>(size_ - offset, 0);
  into.resize(static_cast<std::size_t>(std::min<std::int64_t>(there, static_cast<std::int64_t>(size))));
  std::size_t got = 0;
  while (got < into.size()) {
    const ssize_t more =
        ::pread(descriptor_, into.data() + got, into.size() - got, offset + static_cast<std::int64_t>(got));
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) fail_unreadable(path_, errno);
    if (more == 0) break;
    got += static_cast<std::size_t>(more);
  }
  into.resize(got);
}

}  // namespace ft::records

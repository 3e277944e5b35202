#include "framework/tensor/hdf5.h"

#include <fcntl.h>
#include <hdf5.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <limits>
#include <mutex>
#include <numeric>
#include <system_error>
#include <type_traits>
#include <utility>

#include "framework/base/error.h"
#include "framework/base/failure.h"
#include "framework/base/process_end.h"

namespace ft {

namespace {

// HDF5 need not be built thread-safe (Debian's is). Checkpoints are written by a thread beside the one that trains, and
// tests run ranks as threads of one process.
std::recursive_mutex& library_lock() {
  static std::recursive_mutex lock;
  return lock;
}

// Held during calls of HDF5. It crashes where it gets no memory, so that is looked for before.
class Lock {
 public:
  Lock() : lock_(library_lock()) { require_memory(std::size_t{16} << 20); }

 private:
  std::lock_guard<std::recursive_mutex> lock_;
};

// The innermost message of HDF5's error stack: what really went wrong. Where that was a call of the system, its words alone,
// without HDF5's (the time, addresses). Nothing is thrown through HDF5's frames: it would stay locked.
struct Hdf5Words {
  std::array<char, 200> text{};
  int error = 0;  // an errno
};

std::string hdf5_words() {
  Hdf5Words words;
  const auto take_first = [](unsigned level, const H5E_error2_t* error, void* out) noexcept -> herr_t {
    auto& found = *static_cast<Hdf5Words*>(out);
    if (level != 0 || error->desc == nullptr) return 0;
    std::strncpy(found.text.data(), error->desc, found.text.size() - 1);
    const char* number = std::strstr(error->desc, "errno = ");
    if (number != nullptr) found.error = std::atoi(number + std::strlen("errno = "));
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, &words);
  H5Eclear2(H5E_DEFAULT);
  if (words.error != 0) return std::generic_category().message(words.error);
  return words.text[0] == 0 ? "HDF5 gives no reason" : words.text.data();
}

// Why nothing can be opened any more; empty where something can.
std::string lack_of_descriptors() {
  const int probe = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (probe < 0) return fmt::format(": {}{}", std::strerror(errno), advice_on(errno, "/dev/null"));
  ::close(probe);
  return "";
}

// Of a failed call. Where memory or descriptors are short that is the reason, whatever HDF5 says ("bad version number").
[[noreturn]] void fail_hdf5(std::string_view action) {
  const std::string words = hdf5_words();
  require_memory(std::size_t{64} << 20);
  throw Error(fmt::format("cannot {}: {}{}", action, words, lack_of_descriptors()));
}

template <class Id>
Hdf5Handle handle(Id id, herr_t (*closer)(hid_t), std::string_view action) {
  static_assert(std::is_same_v<hid_t, std::int64_t> && std::is_same_v<herr_t, int>);
  return Hdf5Handle(id, closer, action);
}

void check(herr_t result, std::string_view action) {
  if (result < 0) fail_hdf5(action);
}

// HDF5 prints its error stack by itself unless told not to; we report it.
void be_quiet() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

std::vector<hsize_t> sizes(std::span<const std::int64_t> shape) { return {shape.begin(), shape.end()}; }

std::int64_t num_values(std::span<const std::int64_t> shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

Hdf5Handle make_space(std::span<const std::int64_t> shape) {
  const auto dims = sizes(shape);
  return handle(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr), H5Sclose, "describe a shape");
}

Hdf5Handle file_access() {
  Hdf5Handle access = handle(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "set up a file");
  check(H5Pset_file_locking(access.id(), 0, 1), "set up a file");
  return access;
}

// Properties of a new object that carries no times: equal work gives equal files.
Hdf5Handle without_times(hid_t kind) {
  Hdf5Handle create = handle(H5Pcreate(kind), H5Pclose, "set up an object");
  check(H5Pset_obj_track_times(create.id(), false), "set up an object");
  return create;
}

// HDF5 opens a file twice while it creates it, and has no words for a limit on open files.
void require_descriptors(const std::string& path) {
  const int one = ::open(path.c_str(), O_RDWR | O_CLOEXEC), other = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  const int error = errno;
  if (one >= 0) ::close(one);
  if (other >= 0) ::close(other);
  if (one < 0 || other < 0) fail_output("open", "a file in memory", error);
}

// A file that HDF5 lays out in memory: what it does not write (the values' places) takes no room. So HDF5 never meets a
// full disk, and what it laid out is copied by write(2), whose errors are ordinary ones.
class Draft {
 public:
  Draft() : descriptor_(::memfd_create("hdf5 layout", MFD_CLOEXEC)) {
    if (descriptor_ < 0) fail_output("make", "a file in memory", errno);
    const Hdf5Handle access = file_access();
    check(H5Pset_libver_bounds(access.id(), H5F_LIBVER_V110, H5F_LIBVER_V110), "choose HDF5's file format");
    check(H5Pset_fclose_degree(access.id(), H5F_CLOSE_STRONG), "set up a file");
    check(H5Pset_fapl_stdio(access.id()), "set up a file");  // the default driver resolves links, and this is one
    const Hdf5Handle create = without_times(H5P_FILE_CREATE);
    const std::string path = fmt::format("/proc/self/fd/{}", descriptor_);
    require_descriptors(path);
    file_ = handle(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, create.id(), access.id()), H5Fclose, "lay out a file");
  }
  ~Draft() {
    file_ = Hdf5Handle();
    ::close(descriptor_);
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  [[nodiscard]] hid_t id() const { return file_.id(); }

  // The groups in which an object of this name lies: all before its last slash.
  void make_groups(const std::string& name) {
    for (std::size_t end = name.find('/', 1); end != std::string::npos; end = name.find('/', end + 1)) {
      const std::string group = name.substr(0, end);
      if (H5Lexists(file_.id(), group.c_str(), H5P_DEFAULT) > 0) continue;
      const Hdf5Handle create = without_times(H5P_GROUP_CREATE);
      handle(H5Gcreate2(file_.id(), group.c_str(), H5P_DEFAULT, create.id(), H5P_DEFAULT), H5Gclose,
             fmt::format("create the group {}", group));
    }
  }

  // Ends HDF5's part; takes the space of the whole file, then writes what HDF5 wrote.
  void put_into(OutputFile& file) {
    file_.close(fmt::format("lay out {}", file.path().string()));
    const off_t size = ::lseek(descriptor_, 0, SEEK_END);
    FT_CHECK(size > 0, "the layout of {} cannot be read: {}", file.path().string(), std::strerror(errno));
    file.reserve(size);
    std::vector<std::byte> piece(1 << 20);
    for (off_t begin = ::lseek(descriptor_, 0, SEEK_DATA); begin >= 0; begin = ::lseek(descriptor_, begin, SEEK_DATA)) {
      const off_t end = std::min<off_t>(::lseek(descriptor_, begin, SEEK_HOLE), begin + std::ssize(piece));
      const ssize_t count = ::pread(descriptor_, piece.data(), static_cast<std::size_t>(end - begin), begin);
      FT_CHECK(count > 0, "the layout of {} cannot be read: {}", file.path().string(), std::strerror(errno));
      file.write(std::span(piece).first(static_cast<std::size_t>(count)), begin);
      begin += count;
    }
  }

 private:
  int descriptor_;
  Hdf5Handle file_;
};

}  // namespace

Hdf5Handle::Hdf5Handle(std::int64_t id, Closer closer, std::string_view action) : id_(id), closer_(closer) {
  if (id < 0) fail_hdf5(action);
}

Hdf5Handle::~Hdf5Handle() {
  if (id_ < 0) return;
  const std::lock_guard lock(library_lock());
  closer_(id_);
}

Hdf5Handle::Hdf5Handle(Hdf5Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), closer_(other.closer_) {}

Hdf5Handle& Hdf5Handle::operator=(Hdf5Handle&& other) noexcept {
  std::swap(id_, other.id_);
  std::swap(closer_, other.closer_);
  return *this;
}

void Hdf5Handle::close(std::string_view action) { check(closer_(std::exchange(id_, -1)), action); }

std::int64_t Hdf5Layout::num_bytes() const {
  std::int64_t sum = 0;
  for (const Dataset& dataset : datasets) sum += num_values(dataset.shape) * std::int64_t{sizeof(float)};
  return sum;
}

Hdf5Writer::Hdf5Writer(const std::filesystem::path& path, const Hdf5Layout& layout)
    : file_(path, OutputFile::Mode::fresh) {
  file_.reserve(layout.num_bytes());
  const Lock lock;
  be_quiet();
  Draft draft;
  const Hdf5Handle create = without_times(H5P_DATASET_CREATE);
  check(H5Pset_layout(create.id(), H5D_CONTIGUOUS), "set up a dataset");
  check(H5Pset_alloc_time(create.id(), H5D_ALLOC_TIME_EARLY), "set up a dataset");  // its place is known at once
  check(H5Pset_fill_time(create.id(), H5D_FILL_TIME_NEVER), "set up a dataset");
  for (const auto& dataset : layout.datasets) {
    draft.make_groups(dataset.name);
    const Hdf5Handle space = make_space(dataset.shape);
    const Hdf5Handle made = handle(
        H5Dcreate2(draft.id(), dataset.name.c_str(), H5T_IEEE_F32LE, space.id(), H5P_DEFAULT, create.id(), H5P_DEFAULT),
        H5Dclose, fmt::format("create {} in {}", dataset.name, path.string()));
    const haddr_t offset = H5Dget_offset(made.id());
    FT_CHECK(offset != HADDR_UNDEF, "{} has no place in {}", dataset.name, path.string());
    places_[dataset.name] = {static_cast<std::int64_t>(offset),
                             num_values(dataset.shape) * std::int64_t{sizeof(float)}};
  }
  draft.put_into(file_);
}

void Hdf5Writer::write(std::string_view name, std::span<const float> values) {
  const auto found = places_.find(name);
  FT_CHECK(found != places_.end(), "{} has no dataset {}", file_.path().string(), name);
  FT_CHECK(found->second.num_bytes == std::int64_t(values.size_bytes()), "{} in {} has {} bytes, {} were given", name,
           file_.path().string(), found->second.num_bytes, values.size_bytes());
  file_.write(std::as_bytes(values), found->second.offset);
}

void Hdf5Writer::close() { file_.close(); }

Hdf5Reader::Hdf5Reader(const std::filesystem::path& path) : path_(path) {
  const Lock lock;
  be_quiet();
  const Hdf5Handle access = file_access();
  file_ = handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id()), H5Fclose, fmt::format("open {}", path.string()));
}

void Hdf5Reader::read(std::string_view name, std::span<const std::int64_t> shape, std::span<float> values) const {
  const Lock lock;
  const std::string action = fmt::format("read {} from {}", name, path_.string());
  const Hdf5Handle dataset = handle(H5Dopen2(file_.id(), std::string(name).c_str(), H5P_DEFAULT), H5Dclose, action);
  const Hdf5Handle space = handle(H5Dget_space(dataset.id()), H5Sclose, action);
  std::vector<hsize_t> found(H5S_MAX_RANK);
  const int dims = H5Sget_simple_extent_dims(space.id(), found.data(), nullptr);
  found.resize(static_cast<std::size_t>(std::max(0, dims)));
  if (found != sizes(shape))
    throw Error(fmt::format("cannot {}: its shape is [{}], expected [{}]", action, fmt::join(found, ", "),
                            fmt::join(shape, ", ")));
  FT_CHECK(std::ssize(values) == num_values(shape), "{} values for a shape of {}", values.size(), num_values(shape));
  check(H5Dread(dataset.id(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), action);
}

std::vector<std::string> Hdf5Reader::names(std::string_view group) const {
  const Lock lock;
  if (H5Lexists(file_.id(), std::string(group).c_str(), H5P_DEFAULT) <= 0) return {};
  const Hdf5Handle opened = handle(H5Gopen2(file_.id(), std::string(group).c_str(), H5P_DEFAULT), H5Gclose,
                                   fmt::format("list {} of {}", group, path_.string()));
  struct Found {
    std::vector<std::string> names;
    std::exception_ptr failure;
  } found;
  const auto take = [](hid_t, const char* name, const H5L_info_t*, void* out) noexcept -> herr_t {
    auto& into = *static_cast<Found*>(out);
    try {
      into.names.emplace_back(name);
      return 0;
    } catch (...) {
      into.failure = std::current_exception();
      return 1;  // ends the iteration; not an error of HDF5's
    }
  };
  check(H5Literate(opened.id(), H5_INDEX_NAME, H5_ITER_INC, nullptr, take, &found), "list a group");
  if (found.failure) std::rethrow_exception(found.failure);
  return found.names;
}

void write_virtual_file(const std::filesystem::path& path, std::span<const VirtualDataset> datasets) {
  OutputFile file(path, OutputFile::Mode::fresh);
  const Lock lock;
  be_quiet();
  Draft draft;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const VirtualDataset& dataset : datasets) {
    const std::string action = fmt::format("create {} in {}", dataset.name, path.string());
    const Hdf5Handle create = without_times(H5P_DATASET_CREATE);
    check(H5Pset_fill_value(create.id(), H5T_NATIVE_FLOAT, &nan), action);
    const Hdf5Handle whole = make_space(dataset.shape);
    for (const VirtualDataset::Source& source : dataset.sources) {
      const Hdf5Handle part = make_space(source.shape);
      check(H5Sselect_hyperslab(whole.id(), H5S_SELECT_SET, sizes(source.begin).data(), nullptr,
                                sizes(source.shape).data(), nullptr),
            action);
      check(H5Pset_virtual(create.id(), whole.id(), source.file.c_str(), source.dataset.c_str(), part.id()), action);
    }
    check(H5Sselect_all(whole.id()), action);
    draft.make_groups(dataset.name);
    handle(
        H5Dcreate2(draft.id(), dataset.name.c_str(), H5T_IEEE_F32LE, whole.id(), H5P_DEFAULT, create.id(), H5P_DEFAULT),
        H5Dclose, action);
  }
  draft.put_into(file);
  file.close();
}

}  // namespace ft

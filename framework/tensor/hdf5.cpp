#include "framework/tensor/hdf5.h"

#include <fcntl.h>
#include <hdf5.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <mutex>
#include <numeric>
#include <type_traits>
#include <utility>

#include "framework/base/error.h"

namespace ft {

namespace {

// Debian's serial HDF5 is not thread-safe; tests run ranks as threads of one process.
std::recursive_mutex& library_lock() {
  static std::recursive_mutex lock;
  return lock;
}
using Lock = std::lock_guard<std::recursive_mutex>;

// The innermost message of HDF5's error stack: what really went wrong.
std::string hdf5_words() {
  std::string words;
  const auto take_first = [](unsigned level, const H5E_error2_t* error, void* out) -> herr_t {
    if (level == 0 && error->desc) *static_cast<std::string*>(out) = error->desc;
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, &words);
  H5Eclear2(H5E_DEFAULT);
  return words.empty() ? "HDF5 gives no reason" : words;
}

template <class Id>
Hdf5Handle handle(Id id, herr_t (*closer)(hid_t), std::string_view action) {
  static_assert(std::is_same_v<hid_t, std::int64_t> && std::is_same_v<herr_t, int>);
  return Hdf5Handle(id, closer, action);
}

void check(herr_t result, std::string_view action) {
  if (result < 0) throw Error(fmt::format("cannot {}: {}", action, hdf5_words()));
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

Hdf5Handle create_file(const std::filesystem::path& path) {
  const Hdf5Handle access = file_access();
  check(H5Pset_libver_bounds(access.id(), H5F_LIBVER_V110, H5F_LIBVER_V110), "choose HDF5's file format");
  check(H5Pset_fclose_degree(access.id(), H5F_CLOSE_STRONG), "set up a file");
  return handle(H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, access.id()), H5Fclose,
                fmt::format("create {}", path.string()));
}

Hdf5Handle groups_as_needed() {
  Hdf5Handle link = handle(H5Pcreate(H5P_LINK_CREATE), H5Pclose, "set up a dataset");
  check(H5Pset_create_intermediate_group(link.id(), 1), "set up a dataset");
  return link;
}

[[noreturn]] void fail_write(std::string_view action, const std::filesystem::path& path, int error) {
  throw Error(fmt::format("cannot {} {}: {}", action, path.string(), std::strerror(error)));
}

// Takes the blocks of the file now. The file must exist and be at most this long.
void reserve(int descriptor, const std::filesystem::path& path, std::int64_t num_bytes) {
  const int error = posix_fallocate(descriptor, 0, num_bytes);
  if (error != 0) fail_write(fmt::format("reserve {} bytes for", num_bytes), path, error);
}

struct Descriptor {
  int value = -1;
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
};

// Space for HDF5's own metadata: taken for a moment and given back, so that HDF5 finds it.
void check_space(const std::filesystem::path& path, std::int64_t num_bytes) {
  const std::filesystem::path probe = path.string() + ".reserve";
  const Descriptor file{::open(probe.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644)};
  if (file.value < 0) fail_write("create", probe, errno);
  ::unlink(probe.c_str());
  reserve(file.value, path, num_bytes);
}

constexpr std::int64_t kMetadataBytes = 2048;  // generous, a dataset

}  // namespace

Hdf5Handle::Hdf5Handle(std::int64_t id, Closer closer, std::string_view action) : id_(id), closer_(closer) {
  if (id < 0) throw Error(fmt::format("cannot {}: {}", action, hdf5_words()));
}

Hdf5Handle::~Hdf5Handle() {
  if (id_ < 0) return;
  const Lock lock(library_lock());
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

Hdf5Writer::Hdf5Writer(const std::filesystem::path& path, const Hdf5Layout& layout) : path_(path) {
  const std::int64_t num_bytes = layout.num_bytes() + kMetadataBytes * (2 + std::ssize(layout.datasets));
  check_space(path, num_bytes);
  const Lock lock(library_lock());
  be_quiet();
  Hdf5Handle file = create_file(path);
  const Hdf5Handle link = groups_as_needed();
  const Hdf5Handle create = handle(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "set up a dataset");
  check(H5Pset_layout(create.id(), H5D_CONTIGUOUS), "set up a dataset");
  check(H5Pset_alloc_time(create.id(), H5D_ALLOC_TIME_EARLY), "set up a dataset");  // its place is known at once
  check(H5Pset_fill_time(create.id(), H5D_FILL_TIME_NEVER), "set up a dataset");
  for (const auto& dataset : layout.datasets) {
    const Hdf5Handle space = make_space(dataset.shape);
    const Hdf5Handle made = handle(
        H5Dcreate2(file.id(), dataset.name.c_str(), H5T_IEEE_F32LE, space.id(), link.id(), create.id(), H5P_DEFAULT),
        H5Dclose, fmt::format("create {} in {}", dataset.name, path.string()));
    const haddr_t offset = H5Dget_offset(made.id());
    FT_CHECK(offset != HADDR_UNDEF, "{} has no place in {}", dataset.name, path.string());
    places_[dataset.name] = {static_cast<std::int64_t>(offset),
                             num_values(dataset.shape) * std::int64_t{sizeof(float)}};
  }
  file.close(fmt::format("lay out {}", path.string()));
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor_ < 0) fail_write("open", path, errno);
  reserve(descriptor_, path, static_cast<std::int64_t>(std::filesystem::file_size(path)));
}

Hdf5Writer::~Hdf5Writer() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void Hdf5Writer::write(std::string_view name, std::span<const float> values) {
  const auto found = places_.find(name);
  FT_CHECK(found != places_.end(), "{} has no dataset {}", path_.string(), name);
  FT_CHECK(found->second.num_bytes == std::int64_t(values.size_bytes()), "{} in {} has {} bytes, {} were given", name,
           path_.string(), found->second.num_bytes, values.size_bytes());
  const char* next = reinterpret_cast<const char*>(values.data());
  std::int64_t offset = found->second.offset, left = found->second.num_bytes;
  while (left > 0) {
    const ssize_t written = ::pwrite(descriptor_, next, static_cast<std::size_t>(left), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail_write("write", path_, written < 0 ? errno : ENOSPC);
    next += written;
    offset += written;
    left -= written;
  }
}

void Hdf5Writer::close() {
  if (::close(std::exchange(descriptor_, -1)) != 0) fail_write("close", path_, errno);
}

Hdf5Reader::Hdf5Reader(const std::filesystem::path& path) : path_(path) {
  const Lock lock(library_lock());
  be_quiet();
  const Hdf5Handle access = file_access();
  file_ = handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id()), H5Fclose, fmt::format("open {}", path.string()));
}

void Hdf5Reader::read(std::string_view name, std::span<const std::int64_t> shape, std::span<float> values) const {
  const Lock lock(library_lock());
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
  const Lock lock(library_lock());
  if (H5Lexists(file_.id(), std::string(group).c_str(), H5P_DEFAULT) <= 0) return {};
  const Hdf5Handle opened = handle(H5Gopen2(file_.id(), std::string(group).c_str(), H5P_DEFAULT), H5Gclose,
                                   fmt::format("list {} of {}", group, path_.string()));
  std::vector<std::string> names;
  const auto take = [](hid_t, const char* name, const H5L_info_t*, void* out) -> herr_t {
    static_cast<std::vector<std::string>*>(out)->push_back(name);
    return 0;
  };
  check(H5Literate(opened.id(), H5_INDEX_NAME, H5_ITER_INC, nullptr, take, &names), "list a group");
  return names;
}

void write_virtual_file(const std::filesystem::path& path, std::span<const VirtualDataset> datasets) {
  std::int64_t num_sources = 0;
  for (const VirtualDataset& dataset : datasets) num_sources += std::ssize(dataset.sources);
  check_space(path, kMetadataBytes * (2 + std::ssize(datasets) + num_sources));
  const Lock lock(library_lock());
  be_quiet();
  Hdf5Handle file = create_file(path);
  const Hdf5Handle link = groups_as_needed();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const VirtualDataset& dataset : datasets) {
    const std::string action = fmt::format("create {} in {}", dataset.name, path.string());
    const Hdf5Handle create = handle(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, action);
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
    handle(H5Dcreate2(file.id(), dataset.name.c_str(), H5T_IEEE_F32LE, whole.id(), link.id(), create.id(), H5P_DEFAULT),
           H5Dclose, action);
  }
  file.close(fmt::format("write {}", path.string()));
}

}  // namespace ft

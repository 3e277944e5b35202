// HDF5 files through the serial C API, as far as checkpoints need them: contiguous float32 datasets and virtual ones.
//
// Writing is split in two, because HDF5 cannot be trusted with a full disk (after a failed H5Fclose the library is
// unusable for the rest of the process). HDF5 lays the file out in memory: groups, datasets, where each dataset's bytes
// will lie. Then the space of the whole file is reserved, and all is written by pwrite(2), whose errors are ordinary.
//
//   Hdf5Layout layout;
//   layout.add("/weights/model.norm.weight", {576});
//   Hdf5Writer writer(path, layout);                      // throws when the disk is too full
//   writer.write("/weights/model.norm.weight", values);   // 576 floats
//   writer.close();
//
//   Hdf5Reader reader(path);
//   reader.read("/weights/model.norm.weight", {576}, values);
//
// File locking is off: network file systems refuse it, and sealed files are never written again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/tensor/output_file.h"

namespace ft {

// Closes an HDF5 identifier (file, dataset, space, ...). HDF5's type for it is int64_t.
class Hdf5Handle {
 public:
  using Closer = int (*)(std::int64_t);
  Hdf5Handle() = default;
  // Throws Error "cannot <action>: <HDF5's words>" when id is negative.
  Hdf5Handle(std::int64_t id, Closer closer, std::string_view action);
  ~Hdf5Handle();
  Hdf5Handle(Hdf5Handle&& other) noexcept;
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept;
  [[nodiscard]] std::int64_t id() const { return id_; }
  // Closes now; throws Error when that fails.
  void close(std::string_view action);

 private:
  std::int64_t id_ = -1;
  Closer closer_ = nullptr;
};

// The datasets that a file will hold, all float32 and contiguous.
struct Hdf5Layout {
  struct Dataset {
    std::string name;  // "/group/name"; groups are made as needed
    std::vector<std::int64_t> shape;
  };
  std::vector<Dataset> datasets;
  void add(std::string name, std::vector<std::int64_t> shape) {
    datasets.push_back({std::move(name), std::move(shape)});
  }
  [[nodiscard]] std::int64_t num_bytes() const;  // of all values
};

class Hdf5Writer {
 public:
  // Lays out the file, which must not exist, and reserves its space. Throws Error (tensor/output_file.h) when the disk
  // is too full; nothing of HDF5 is open afterwards.
  Hdf5Writer(const std::filesystem::path& path, const Hdf5Layout& layout);

  // All values of a dataset, in one call. Throws Error on a wrong count or when the system cannot write.
  void write(std::string_view name, std::span<const float> values);
  void close();

 private:
  struct Place {
    std::int64_t offset = 0, num_bytes = 0;
  };
  OutputFile file_;
  std::map<std::string, Place, std::less<>> places_;
};

class Hdf5Reader {
 public:
  // Throws Error with HDF5's words when the file cannot be opened.
  explicit Hdf5Reader(const std::filesystem::path& path);

  // A whole dataset, which must be float32 of this shape. Throws Error otherwise.
  void read(std::string_view name, std::span<const std::int64_t> shape, std::span<float> values) const;
  // Names of the datasets of a group, "/weights"; empty when there is no such group.
  [[nodiscard]] std::vector<std::string> names(std::string_view group) const;

 private:
  std::filesystem::path path_;
  Hdf5Handle file_;
};

// A dataset that is put together from slices of others.
struct VirtualDataset {
  struct Source {
    std::string file;                        // bare name, in the same folder
    std::string dataset;                     // "/weights/..."
    std::vector<std::int64_t> begin, shape;  // where the source's values lie in the whole
  };
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<Source> sources;
};

// Writes a file of virtual datasets. What no source covers, or where a source's file is missing, reads as NaN. Space
// for it is reserved first. Throws Error; the file must not exist.
void write_virtual_file(const std::filesystem::path& path, std::span<const VirtualDataset> datasets);

}  // namespace ft

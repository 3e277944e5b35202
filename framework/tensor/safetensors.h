// Reads and writes safetensors, the format of weights in Hugging Face folders: 8 bytes of length, a JSON header with
// each tensor's dtype, shape and byte range, then the bytes (https://github.com/huggingface/safetensors).
//
// Files come from strangers. The reader believes nothing: ranges must lie inside the file, agree with shape and dtype,
// and neither overlap nor leave holes; names are unique; shards lie in the folder itself. What is wrong is a UserError
// that names file and tensor; what cannot be read is an Error.
//
//   const SafetensorsReader reader(folder);                   // or one file; reads the headers alone
//   const StoredTensor& stored = reader.tensors().at("model.norm.weight");
//   reader.read(stored, {}, values);                          // as float32
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/tensor/output_file.h"
#include "framework/tensor/parameter.h"

namespace ft {

struct StoredTensor {
  std::string name;
  std::string dtype;                // as in the file: F32, BF16, F16, I64, ...; also ones that this program cannot read
  std::vector<std::int64_t> shape;  // [] for a scalar
  std::string file;                 // where it was found
  std::uint64_t offset = 0;         // of its first byte in the file
  std::uint64_t num_bytes = 0;
  std::size_t file_index = 0;  // of the reader's files
};

// Can values of this dtype be read as float32, exactly?
[[nodiscard]] bool is_readable_dtype(std::string_view dtype);

class SafetensorsReader {
 public:
  // A .safetensors file, or a folder that holds model.safetensors or model.safetensors.index.json with its shards.
  // Opens the files and checks every header. Throws UserError on anything malformed or missing.
  explicit SafetensorsReader(const std::filesystem::path& path);
  ~SafetensorsReader();
  SafetensorsReader(SafetensorsReader&&) noexcept;
  SafetensorsReader& operator=(SafetensorsReader&&) noexcept;

  [[nodiscard]] const std::map<std::string, StoredTensor, std::less<>>& tensors() const;
  // Converts a slice of F32, BF16 or F16 values to float32, exactly. shard.dim may be -1 (all), 0 or 1 (of 2 dims);
  // `out` has the slice's size. Throws UserError on another dtype, Error on a slice that does not fit.
  void read(const StoredTensor& stored, const ShardSpec& shard, std::span<float> out) const;
  // Do two tensors hold the same bytes?
  [[nodiscard]] bool equal(const StoredTensor& a, const StoredTensor& b) const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

// Writes one file, tensor after tensor, without holding more than it is given. Bytes depend on the arguments alone.
//
//   SafetensorsWriter writer(path, {{"w", {2, 3}}, {"b", {3}}});
//   writer.write(w);  writer.write(b);  writer.finish();
class SafetensorsWriter {
 public:
  struct Entry {
    std::string name;
    std::vector<std::int64_t> shape;
  };
  enum class Dtype { f32, bf16 };  // bf16: rounded to nearest, ties to even

  // Creates (or truncates) the file, reserves its space and writes the header. Throws Error where it cannot be written.
  SafetensorsWriter(std::filesystem::path path, std::vector<Entry> entries, Dtype dtype = Dtype::f32);
  // Removes the file when finish() was not reached.
  ~SafetensorsWriter();
  SafetensorsWriter(const SafetensorsWriter&) = delete;
  SafetensorsWriter& operator=(const SafetensorsWriter&) = delete;

  // The next values, in the order of the entries; a tensor may come in pieces.
  void write(std::span<const float> values);
  // Checks that every entry was written, syncs the file to disk and closes it.
  void finish();

 private:
  void write_bytes(const void* data, std::size_t size);

  OutputFile file_;
  Dtype dtype_;
  std::int64_t offset_ = 0;     // bytes written
  std::int64_t remaining_ = 0;  // values still to come
};

}  // namespace ft

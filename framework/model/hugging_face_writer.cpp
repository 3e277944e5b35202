#include "framework/model/hugging_face_writer.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "framework/base/error.h"
#include "framework/model/decoder.h"
#include "framework/tensor/output_file.h"

namespace ft {
namespace {

namespace fs = std::filesystem;
using Entries = std::vector<SafetensorsWriter::Entry>;

std::int64_t num_bytes(const SafetensorsWriter::Entry& entry, SafetensorsWriter::Dtype dtype) {
  const std::int64_t element = dtype == SafetensorsWriter::Dtype::f32 ? 4 : 2;
  return std::accumulate(entry.shape.begin(), entry.shape.end(), element, std::multiplies<>());
}

// Runs of tensors, each a file.
std::vector<Entries> cut(Entries tensors, const HuggingFaceOptions& options) {
  std::vector<Entries> files(1);
  std::int64_t size = 0;
  for (SafetensorsWriter::Entry& tensor : tensors) {
    const std::int64_t bytes = num_bytes(tensor, options.dtype);
    if (!files.back().empty() && size + bytes > options.max_file_bytes) {
      files.emplace_back();
      size = 0;
    }
    size += bytes;
    files.back().push_back(std::move(tensor));
  }
  return files;
}

void write_text(const fs::path& path, std::string_view text) {
  OutputFile file(path, OutputFile::Mode::replace);
  file.write(std::as_bytes(std::span(text)), 0);
  file.sync();
  file.close();
}

}  // namespace

std::string dtype_name(SafetensorsWriter::Dtype dtype) {
  return dtype == SafetensorsWriter::Dtype::bf16 ? "bfloat16" : "float32";
}

void write_hugging_face(const fs::path& folder, const ModelConfig& config, Entries tensors,
                        const std::function<std::span<const float>(const std::string&)>& values,
                        const HuggingFaceOptions& options) {
  std::ranges::sort(tensors, {}, &SafetensorsWriter::Entry::name);
  nlohmann::ordered_json index;
  std::int64_t total = 0;
  const std::vector<Entries> files = cut(std::move(tensors), options);
  for (std::size_t f = 0; f < files.size(); ++f) {
    const std::string name = files.size() == 1 ? std::string("model.safetensors")
                                               : fmt::format("model-{:05}-of-{:05}.safetensors", f + 1, files.size());
    SafetensorsWriter writer(folder / name, files[f], options.dtype);
    for (const SafetensorsWriter::Entry& tensor : files[f]) {
      writer.write(values(tensor.name));
      index["weight_map"][tensor.name] = name;
      total += num_bytes(tensor, options.dtype);
    }
    writer.finish();
  }
  index["metadata"]["total_size"] = total;
  if (files.size() > 1) write_text(folder / "model.safetensors.index.json", index.dump(2) + "\n");
  for (const auto& [name, content] : options.files) write_text(folder / name, content);
  if (options.files.empty()) write_text(folder / "config.json", to_config_json(config));
}

void save_hugging_face(const Decoder& model, const fs::path& folder) {
  Entries tensors;
  for (const Parameter& parameter : model.parameters().all()) {
    FT_CHECK(parameter.local_shape() == parameter.shape, "{} is split over ranks; only a whole model can be written",
             parameter.name);
    tensors.push_back({parameter.name, parameter.shape});
  }
  write_hugging_face(folder, model.config(), std::move(tensors), [&](const std::string& name) {
    const Parameter& parameter = model.parameters().at(name);
    return std::span(parameter.value.const_data_ptr<float>(), static_cast<std::size_t>(parameter.num_local()));
  });
}

}  // namespace ft

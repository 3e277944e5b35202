#include <ATen/ATen.h>

#include <numeric>

#include "framework/base/digest.h"
#include "framework/base/error.h"
#include "framework/checkpoint/checkpoint.h"
#include "framework/checkpoint/layout.h"
#include "framework/store/folder_writer.h"
#include "framework/tensor/hdf5.h"
#include "framework/tensor/slices.h"

namespace ft {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kIndexName = "index.h5";

struct Section {
  std::string group;
  at::Tensor values;  // of the owned range, float32, in host memory
  std::string StoredSlice::*digest;

  Section(std::string name, const at::Tensor& tensor, std::string StoredSlice::*where)
      : group(std::move(name)), values(tensor.to(at::kCPU, at::kFloat).contiguous()), digest(where) {}
  [[nodiscard]] std::span<const float> part(std::int64_t begin, std::int64_t size) const {
    return {values.const_data_ptr<float>() + begin, static_cast<std::size_t>(size)};
  }
};

// What this rank writes.
struct OwnPart {
  std::int64_t begin = 0;          // of the owned range in the flat buffer
  std::vector<LocalSlice> slices;  // of the parameters for which this rank speaks
  std::vector<Section> sections;
};

OwnPart own_part(const CheckpointContent& content, const Groups& groups) {
  const ParameterSet& parameters = *content.parameters;
  const auto sizes = owned_sizes(parameters.blocks(), groups.data.size());
  OwnPart part;
  part.begin = std::accumulate(sizes.begin(), sizes.begin() + groups.data.rank(), std::int64_t{0});
  const std::int64_t size = sizes[groups.data.rank()];
  const auto speaks =
      first_holders(parameters, groups.tensor.all_gather_bytes("slices of the parameters", describe_slices(parameters)),
                    groups.tensor.rank());
  for (LocalSlice& slice : slices_of_range(parameters, part.begin, part.begin + size))
    if (speaks[slice.parameter]) part.slices.push_back(std::move(slice));
  part.sections.emplace_back("weights", parameters.flat().narrow(0, part.begin, size), &StoredSlice::weights);
  if (content.moments) {
    const MomentsView& moments = *content.moments;
    FT_CHECK(moments.begin == part.begin && moments.end == part.begin + size,
             "the moments are of elements {} to {}, this rank owns {} to {}", moments.begin, moments.end, part.begin,
             part.begin + size);
    part.sections.emplace_back("first_moment", moments.first, &StoredSlice::first_moment);
    part.sections.emplace_back("second_moment", moments.second, &StoredSlice::second_moment);
  }
  return part;
}

std::string dataset_name(const Section& section, const std::string& parameter) {
  return fmt::format("/{}/{}", section.group, parameter);
}

// Writes this rank's file; returns its part of the table.
std::vector<StoredSlice> write_own_file(const OwnPart& part, const ParameterSet& parameters, FolderWriter& folder,
                                        const std::string& file) {
  std::vector<StoredSlice> stored;
  if (part.slices.empty()) return stored;
  Hdf5Layout layout;
  for (const Section& section : part.sections)
    for (const LocalSlice& slice : part.slices)
      layout.add(dataset_name(section, parameters.all()[slice.parameter].name), slice.box.shape);
  Hdf5Writer writer(folder.path(file), layout);
  for (const LocalSlice& slice : part.slices) {
    StoredSlice& entry = stored.emplace_back(StoredSlice{.parameter = slice.parameter, .box = slice.box, .file = file});
    for (const Section& section : part.sections) {
      const auto values = section.part(slice.offset - part.begin, slice.box.num_elements());
      entry.*section.digest = xxh128(std::as_bytes(values));
      writer.write(dataset_name(section, parameters.all()[slice.parameter].name), values);
    }
  }
  writer.close();
  folder.finish(file);
  return stored;
}

void write_index(const StoredLayout& layout, const std::filesystem::path& path) {
  std::vector<VirtualDataset> datasets;
  const auto add_section = [&](std::string_view group) {
    const std::size_t first = datasets.size();
    for (const auto& parameter : layout.parameters)
      datasets.push_back({.name = fmt::format("/{}/{}", group, parameter.name), .shape = parameter.shape});
    for (const StoredSlice& slice : layout.slices) {
      VirtualDataset& whole = datasets[first + slice.parameter];
      whole.sources.push_back({slice.file, whole.name, slice.box.begin, slice.box.shape});
    }
  };
  add_section("weights");
  if (layout.has_moments) {
    add_section("first_moment");
    add_section("second_moment");
  }
  write_virtual_file(path, datasets);
}

// What each rank tells rank 0 about its file.
std::string report_of(const std::vector<StoredSlice>& stored, const FolderWriter& folder) {
  Json report = {{"slices", Json::array()}, {"files", to_text(folder.records())}};
  for (const StoredSlice& slice : stored) report["slices"].push_back(to_json(slice));
  return report.dump();
}

// Rank 0: the table, the index, the extra files, the seal. Returns the manifest's digest.
std::string seal(FolderWriter& folder, const CheckpointContent& content, const std::vector<std::string>& reports,
                 const std::string& weights_digest) {
  StoredLayout layout{.has_moments = content.moments.has_value()};
  for (const Parameter& parameter : content.parameters->all())
    layout.parameters.push_back({parameter.name, parameter.shape});
  for (std::size_t rank = 0; rank < reports.size(); ++rank) {
    const Json report = Json::parse(reports[rank]);
    for (const Json& slice : report.at("slices")) layout.slices.push_back(read_stored_slice(slice));
    if (rank > 0) folder.add(read_file_records(report.at("files").get<std::string>()));
  }
  (void)check_coverage(layout, *content.parameters);
  write_index(layout, folder.path(kIndexName));
  folder.finish(kIndexName);
  for (const auto& [name, text] : content.files) folder.write(name, text);
  Manifest manifest{.format = std::string(kCheckpointFormatName), .version = kCheckpointFormat};
  manifest.parents = content.parents;
  manifest.body["metadata"] = Json::parse(content.metadata);
  manifest.body["weights_digest"] = weights_digest;
  manifest.body["layout"] = to_json(layout);
  return folder.seal(std::move(manifest));
}

}  // namespace

CheckpointInfo write_checkpoint(const std::filesystem::path& target, const CheckpointContent& content, Groups groups) {
  FT_CHECK(content.parameters != nullptr, "a checkpoint needs parameters");
  const at::NoGradGuard no_grad;
  Communicator& world = groups.world;
  CheckpointInfo info{.metadata = content.metadata,
                      .weights_digest = logical_weights_digest(*content.parameters, groups)};
  const OwnPart part = own_part(content, groups);
  std::optional<FolderWriter> folder;
  std::vector<StoredSlice> stored;
  all_or_none(world, "making the checkpoint's folder", [&] {
    if (world.rank() == 0) folder.emplace(FolderWriter::create(target));
  });
  all_or_none(world, "writing the checkpoint's slices", [&] {
    if (world.rank() != 0) folder.emplace(FolderWriter::join(target));
    stored = write_own_file(part, *content.parameters, *folder, fmt::format("rank-{:04}.h5", world.rank()));
  });
  const auto reports = world.all_gather_bytes("the checkpoint's table", report_of(stored, *folder));
  all_or_none(world, "sealing the checkpoint", [&] {
    if (world.rank() == 0) info.manifest_digest = seal(*folder, content, reports, info.weights_digest);
  });
  info.manifest_digest = broadcast_bytes(world, "digest of the checkpoint", info.manifest_digest, 0);
  return info;
}

}  // namespace ft

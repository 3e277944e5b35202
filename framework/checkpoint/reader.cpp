#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "framework/base/digest.h"
#include "framework/base/error.h"
#include "framework/base/failure.h"
#include "framework/base/reading.h"
#include "framework/checkpoint/checkpoint.h"
#include "framework/checkpoint/layout.h"
#include "framework/checkpoint/stored_weights.h"
#include "framework/store/sealed_folder.h"
#include "framework/tensor/hdf5.h"

namespace ft {

namespace {

using Json = nlohmann::ordered_json;

// Reads slices, each once and whole, checks their digests, hands out their parts.
class SliceReader {
 public:
  SliceReader(std::filesystem::path folder, const StoredLayout& layout, std::vector<FileRecord> records)
      : folder_(std::move(folder)), layout_(layout), records_(std::move(records)) {
    for (const StoredSlice& slice : layout.slices) of_parameter_[slice.parameter].push_back(&slice);
  }

  // Fills `target`, which holds `wanted` of the stored parameter `p`.
  void read(const std::string& group, std::string StoredSlice::*digest, int p, const Box& wanted, float* target) {
    for (const StoredSlice* slice : of_parameter_.at(p)) {
      const auto part = intersection(slice->box, wanted);
      if (!part) continue;
      const std::string name = fmt::format("/{}/{}", group, layout_.parameters[p].name);
      buffer_.resize(static_cast<std::size_t>(slice->box.num_elements()));
      try {
        file(slice->file).read(name, slice->box.shape, buffer_);
      } catch (const std::exception& error) {
        if (!is_out_of_memory(error)) blame_damage(slice->file);
        throw;
      }
      if (xxh128(std::as_bytes(std::span(buffer_))) != slice->*digest)
        throw BrokenFolder(fmt::format("{}: {} {} is damaged: its bytes are not those that were written",
                                       (folder_ / slice->file).string(), name, slice->box.text()));
      copy_box(*part, slice->box, buffer_.data(), wanted, target);
    }
  }

 private:
  // HDF5 cannot read a file whose own structures are damaged, and says so in words of its own.
  void blame_damage(const std::string& name) const {
    const auto record = std::ranges::find(records_, name, &FileRecord::name);
    if (record == records_.end()) return;
    std::string now;
    try {
      now = sha256_file(folder_ / name);
    } catch (const Unreadable&) {  // then nothing is known of damage
      return;
    }
    if (now == record->sha256) return;
    throw BrokenFolder(
        fmt::format("{} is damaged: its SHA-256 is another one than at sealing", (folder_ / name).string()));
  }

  const Hdf5Reader& file(const std::string& name) {
    const auto found = files_.find(name);
    return found != files_.end() ? found->second : files_.emplace(name, Hdf5Reader(folder_ / name)).first->second;
  }

  std::filesystem::path folder_;
  const StoredLayout& layout_;
  std::vector<FileRecord> records_;
  std::map<int, std::vector<const StoredSlice*>> of_parameter_;
  std::map<std::string, Hdf5Reader> files_;
  std::vector<float> buffer_;
};

// Fills elements [begin, begin + values.numel()) of a buffer that is laid out like the flat one.
void read_range(SliceReader& reader, const std::string& group, std::string StoredSlice::*digest,
                const ParameterSet& parameters, const std::vector<int>& stored_index, const at::Tensor& values,
                std::int64_t begin) {
  const at::Tensor host = values.is_cpu() ? values : at::empty(values.sizes(), at::kFloat);
  FT_CHECK(host.is_contiguous() && host.scalar_type() == at::kFloat, "checkpoints are read into contiguous float32");
  for (const LocalSlice& slice : slices_of_range(parameters, begin, begin + values.numel()))
    reader.read(group, digest, stored_index[slice.parameter], slice.box,
                host.mutable_data_ptr<float>() + (slice.offset - begin));
  if (!values.is_cpu()) values.copy_(host);
}

CheckpointInfo info_of(const Manifest& manifest) {
  return {.metadata = manifest.body.at("metadata").dump(),
          .weights_digest = manifest.body.at("weights_digest"),
          .manifest_digest = manifest.digest};
}

// Rank 0 looks at the folder; all ranks get the manifest, or the same error.
Manifest open_together(const std::filesystem::path& folder, Communicator& world) {
  std::string text;
  all_or_none(world, "opening the checkpoint", [&] {
    if (world.rank() != 0) return;
    Manifest manifest = SealedFolder::open(folder, kCheckpointFormatName, kCheckpointFormat).manifest();
    text = print_manifest(manifest);
  });
  return parse_manifest(world.broadcast_bytes("the checkpoint's manifest", text, 0), folder);
}

}  // namespace

CheckpointInfo read_checkpoint(const std::filesystem::path& folder, ParameterSet& parameters, MomentsView* moments,
                               Groups groups) {
  const at::NoGradGuard no_grad;
  const Manifest manifest = open_together(folder, groups.world);
  const auto sizes = owned_sizes(parameters.blocks(), groups.data.size());
  const std::int64_t begin = std::accumulate(sizes.begin(), sizes.begin() + groups.data.rank(), std::int64_t{0});
  const at::Tensor owned = parameters.flat().narrow(0, begin, sizes[groups.data.rank()]);
  all_or_none(groups.world, "reading the checkpoint", [&] {
    try {
      const StoredLayout layout = read_stored_layout(manifest.body.at("layout"));
      const std::vector<int> stored_index = check_coverage(layout, parameters);
      if (moments && !layout.has_moments) throw Error("it holds a finished model, without optimiser moments");
      SliceReader reader(folder, layout, manifest.files);
      read_range(reader, "weights", &StoredSlice::weights, parameters, stored_index, owned, begin);
      if (!moments) return;
      read_range(reader, "first_moment", &StoredSlice::first_moment, parameters, stored_index, moments->first,
                 moments->begin);
      read_range(reader, "second_moment", &StoredSlice::second_moment, parameters, stored_index, moments->second,
                 moments->begin);
    } catch (const BrokenFolder& error) {
      throw BrokenFolder(fmt::format("checkpoint {}: {}", folder.string(), error.what()));
    } catch (const std::exception& error) {
      throw Error(fmt::format("checkpoint {}: {}", folder.string(), failure_text(error)));
    }
  });
  groups.data.all_gather("weights of the checkpoint", parameters.flat(), owned, sizes);
  const CheckpointInfo info = info_of(manifest);
  const std::string digest = logical_weights_digest(parameters, groups);
  if (digest != info.weights_digest)
    throw Error(fmt::format("checkpoint {}: the weights read have digest {}, the manifest says {}", folder.string(),
                            digest, info.weights_digest));
  return info;
}

CheckpointInfo inspect_checkpoint(const std::filesystem::path& folder) {
  return info_of(SealedFolder::open(folder, kCheckpointFormatName, kCheckpointFormat).manifest());
}

struct StoredWeights::Body {
  std::filesystem::path folder;
  CheckpointInfo info;
  StoredLayout layout;
  std::unique_ptr<SliceReader> reader;
  std::vector<float> values;
};

StoredWeights::StoredWeights(const std::filesystem::path& folder) : body_(std::make_unique<Body>()) {
  const Manifest manifest = SealedFolder::open(folder, kCheckpointFormatName, kCheckpointFormat).manifest();
  body_->folder = folder;
  body_->info = info_of(manifest);
  try {
    body_->layout = read_stored_layout(manifest.body.at("layout"));
    check_slices(body_->layout);
  } catch (const std::exception& error) {
    throw Error(fmt::format("checkpoint {}: {}", folder.string(), failure_text(error)));
  }
  body_->reader = std::make_unique<SliceReader>(folder, body_->layout, manifest.files);
}

StoredWeights::~StoredWeights() = default;

const CheckpointInfo& StoredWeights::info() const { return body_->info; }

const std::vector<StoredLayout::Parameter>& StoredWeights::parameters() const { return body_->layout.parameters; }

std::span<const float> StoredWeights::read(std::size_t index) {
  const StoredLayout::Parameter& parameter = parameters().at(index);
  const Box whole{std::vector<std::int64_t>(parameter.shape.size(), 0), parameter.shape};
  body_->values.resize(static_cast<std::size_t>(whole.num_elements()));
  body_->reader->read("weights", &StoredSlice::weights, static_cast<int>(index), whole, body_->values.data());
  return body_->values;
}

}  // namespace ft

#include "framework/recipe/shared_digests.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "framework/base/digest.h"
#include "framework/base/reading.h"
#include "framework/checkpoint/layout.h"
#include "framework/comm/one_rank.h"

namespace ft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kLarge =
    64'000'000;  // smaller ones are hashed in some hundredths of a second, whatever is known

// {"file", "size", "sha256" where it is known}
Json look(const std::filesystem::path& file, const DigestNotes& notes) {
  const std::int64_t size = look_at(file).size;
  Json entry = {{"file", file.string()}, {"size", size}};
  if (const auto known = size >= kLarge ? notes.find(file) : std::nullopt) entry["sha256"] = *known;
  return entry;
}

}  // namespace

std::vector<int> share_out(const std::vector<std::int64_t>& sizes, int ranks) {
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t i) { return sizes[i]; });
  std::vector<std::int64_t> loads(static_cast<std::size_t>(ranks), 0);
  std::vector<int> rank_of(sizes.size(), 0);
  for (const std::size_t i : order) {
    const auto least = std::ranges::min_element(loads);
    rank_of[i] = static_cast<int>(least - loads.begin());
    *least += sizes[i];
  }
  return rank_of;
}

std::vector<FileDigest> digests_by_all(Communicator& world,
                                       const std::function<std::vector<std::filesystem::path>()>& list,
                                       const std::function<void()>& check_stop, DigestNotes& notes,
                                       const std::function<void(const std::filesystem::path&)>& examine) {
  Json entries = Json::parse(on_rank_zero(world, "files to hash", [&] {
    Json found = Json::array();
    for (const std::filesystem::path& file : list()) found.push_back(look(file, notes));
    return found.dump();
  }));
  std::vector<std::int64_t> sizes;  // of what is to be hashed
  for (const Json& entry : entries) sizes.push_back(entry.contains("sha256") ? 0 : entry["size"].get<std::int64_t>());
  const std::vector<int> rank_of = share_out(sizes, world.size());
  Json mine = Json::array();
  all_or_none(world, "hashing input files", [&] {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].contains("sha256") || rank_of[i] != world.rank()) continue;
      if (check_stop) check_stop();
      const std::filesystem::path file = entries[i]["file"].get<std::string>();
      const std::string sha256 = notes.hash(file);
      examine(file);
      mine.push_back({{"entry", i}, {"sha256", sha256}, {"note", notes.note_text(file)}});
    }
  });
  for (const std::string& of_rank : world.all_gather_bytes("digests of input files", mine.dump())) {
    for (const Json& hashed : Json::parse(of_rank)) {
      entries[hashed["entry"].get<std::size_t>()]["sha256"] = hashed["sha256"];
      if (world.rank() == 0) notes.add(hashed["note"].get<std::string>());
    }
  }
  std::vector<FileDigest> digests;
  for (const Json& entry : entries) {
    const std::filesystem::path file = entry["file"].get<std::string>();
    digests.push_back({file.filename().string(), entry["sha256"]});
  }
  return digests;
}

}  // namespace ft

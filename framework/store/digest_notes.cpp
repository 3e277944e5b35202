#include "framework/store/digest_notes.h"

#include "framework/base/digest.h"
#include "framework/base/error.h"
#include "framework/store/file_state.h"
#include "framework/store/files.h"

namespace ft {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kName = "input_digests.json";

std::string key_of(const fs::path& file) { return fs::absolute(file).lexically_normal().string(); }

}  // namespace

std::string DigestNotes::note_text(const fs::path& file) const {
  const auto found = notes_.find(key_of(file));
  if (found == notes_.end()) return {};
  return Json{{"file", found->first}, {"state", found->second.state}, {"sha256", found->second.sha256}}.dump();
}

void DigestNotes::add(std::string_view note) {
  if (note.empty()) return;
  const Json json = Json::parse(note, nullptr, false);
  FT_CHECK(json.is_object() && json.contains("state") && json.contains("file") && json.contains("sha256"),
           "no note of a digest: {}", note);
  notes_[json["file"]] = {json["state"], json["sha256"]};
}

DigestNotes DigestNotes::read(const fs::path& run) {
  DigestNotes notes;
  const Json json = Json::parse(read_if_there(run / kName).value_or(""), nullptr, false);
  if (!json.is_array()) return notes;
  for (const Json& entry : json) {
    const bool whole = entry.is_object() && entry.contains("state") && entry.contains("file") &&
                       entry["file"].is_string() && entry.contains("sha256") && entry["sha256"].is_string();
    if (whole) notes.notes_[entry["file"]] = {entry["state"], entry["sha256"]};
  }
  return notes;
}

DigestNotes DigestNotes::read_if_readable(const fs::path& run) {
  try {
    return read(run);
  } catch (const Unreadable&) {
    return {};
  }
}

void DigestNotes::write(const fs::path& run) const {
  Json json = Json::array();
  for (const auto& [file, note] : notes_)
    json.push_back({{"file", file}, {"state", note.state}, {"sha256", note.sha256}});
  replace_file(run / kName, json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

std::optional<std::string> DigestNotes::find(const fs::path& file) const {
  const auto found = notes_.find(key_of(file));
  if (found == notes_.end() || found->second.state != file_state(file)) return std::nullopt;
  return found->second.sha256;
}

std::string DigestNotes::hash_if_touched(const fs::path& file) {
  const std::optional<std::string> known = find(file);
  return known ? *known : hash(file);
}

std::string DigestNotes::hash(const fs::path& file) {
  const Json before = file_state(file);
  std::string sha256 = sha256_file(file);
  if (file_state(file) == before) notes_[key_of(file)] = {before, sha256};
  return sha256;
}

}  // namespace ft

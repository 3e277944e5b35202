#include "framework/store/folder_writer.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <thread>
#include <utility>

#include "framework/base/digest.h"
#include "framework/store/files.h"

namespace ft {
namespace fs = std::filesystem;
namespace {

// Names are the same everywhere and lead nowhere else.
void check_name(std::string_view name) {
  const fs::path path(name);
  FT_CHECK(!name.empty() && path.is_relative() && !name.ends_with('/'), "'{}' is no name for a file of a folder", name);
  FT_CHECK(name != kManifestName, "{} is written by seal()", kManifestName);
  for (const fs::path& part : path) {
    FT_CHECK(!part.empty() && part.string()[0] != '.', "'{}': no part of a name may begin with a dot", name);
  }
}

fs::path full_path(const fs::path& path) { return fs::weakly_canonical(fs::absolute(path)); }

// A parent below the same top folder is named relative to the child, so that a run folder can be moved as a whole.
std::string relative_parent(const std::string& parent, const fs::path& target) {
  const fs::path from = full_path(target), to = full_path(parent);
  const bool same_tree = from.begin() != from.end() && to.begin() != to.end() &&
                         std::next(from.begin()) != from.end() && std::next(to.begin()) != to.end() &&
                         *std::next(from.begin()) == *std::next(to.begin());
  return same_tree ? to.lexically_relative(from).string() : to.string();
}

}  // namespace

fs::path FolderWriter::partial_path(const fs::path& target) {
  const fs::path clean = target.filename().empty() ? target.parent_path() : target;
  return clean.parent_path() / fmt::format(".{}.partial", clean.filename().string());
}

FolderWriter::FolderWriter(fs::path target, bool creator, Observer observer)
    : target_(target.filename().empty() ? target.parent_path() : target),
      partial_(partial_path(target)),
      creator_(creator),
      observer_(std::move(observer)) {}

FolderWriter::FolderWriter(FolderWriter&& other) noexcept
    : target_(std::move(other.target_)),
      partial_(std::move(other.partial_)),
      creator_(other.creator_),
      open_(std::exchange(other.open_, false)),
      if_there_(other.if_there_),
      observer_(std::move(other.observer_)),
      records_(std::move(other.records_)) {}

FolderWriter FolderWriter::create(const fs::path& target, Observer observer, IfThere if_there) {
  FolderWriter writer(target, true, std::move(observer));
  writer.open_ = false;  // what is not ours yet is not ours to remove
  writer.step("create");
  writer.if_there_ = if_there;
  FT_CHECK(if_there == IfThere::exchange || !is_there(writer.target_), "{} exists already", writer.target_.string());
  std::error_code error;
  fs::remove_all(writer.partial_, error);
  if (error) fail_system("remove", writer.partial_, error.value());
  // One level alone: where what lies above is gone, too, somebody has moved it, and nothing may come back under its name.
  const fs::path parent = writer.target_.parent_path(), above = parent.parent_path();
  if (!parent.empty() && (above.empty() || is_folder(above))) make_folder(parent);
  if (::mkdir(writer.partial_.c_str(), 0755) != 0) fail_making("make the folder", writer.partial_, errno);
  writer.open_ = true;
  return writer;
}

FolderWriter FolderWriter::join(const fs::path& target) {
  FolderWriter writer(target, false, {});
  // A network file system may show a new folder to other hosts a little later.
  for (int attempt = 0; attempt < 50 && !is_folder(writer.partial_); ++attempt) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  FT_CHECK(is_folder(writer.partial_),
           "{} is not to be seen here: the run folder must lie on a file system that all ranks share",
           writer.partial_.string());
  return writer;
}

FolderWriter::~FolderWriter() {
  if (!creator_ || !open_) return;
  std::error_code ignored;  // the next create() removes it, too
  fs::remove_all(partial_, ignored);
}

void FolderWriter::step(const std::string& name) const {
  if (observer_) observer_(name);
}

fs::path FolderWriter::path(std::string_view name) const {
  check_name(name);
  const fs::path path = partial_ / name;
  if (path.parent_path() != partial_) make_folder(path.parent_path());
  return path;
}

FileRecord FolderWriter::finish(std::string_view name) {
  const fs::path file = path(name);
  step(fmt::format("finish {}", name));
  const Found found = look_at_entry(file);
  FT_CHECK(found.kind == Found::Kind::file, "{} is {}", file.string(),
           found.kind == Found::Kind::nothing ? "not there" : "no plain file");
  sync_file(file);
  FileRecord record{std::string(name), found.size, sha256_file(file)};
  add({record});
  return record;
}

FileRecord FolderWriter::write(std::string_view name, std::string_view content) {
  const fs::path file = path(name);
  step(fmt::format("write {}", name));
  write_new_file(file, content);
  FileRecord record{std::string(name), static_cast<std::int64_t>(content.size()), sha256(content)};
  add({record});
  return record;
}

FileRecord FolderWriter::write(std::string_view name, const std::function<void(const WriteText& out)>& make) {
  FileHandle file(path(name), O_WRONLY | O_CREAT | O_EXCL);
  step(fmt::format("write {}", name));
  make([&](std::string_view part) { file.write(part); });
  file.close();
  return finish(name);
}

void FolderWriter::add(const std::vector<FileRecord>& records) {
  for (const FileRecord& record : records) {
    check_name(record.name);
    const bool known = std::any_of(records_.begin(), records_.end(),
                                   [&](const FileRecord& other) { return other.name == record.name; });
    FT_CHECK(!known, "two writers of {} have written {}", target_.string(), record.name);
    records_.push_back(record);
  }
}

void FolderWriter::visit(const fs::path& below,
                         const std::function<void(const fs::path& inside, Found found)>& use) const {
  for (const std::string& name : list_folder(partial_ / below)) {
    const fs::path inside = below / name;
    const Found found = look_at_entry(partial_ / inside);
    if (found.kind == Found::Kind::folder) visit(inside, use);
    use(inside, found);
  }
}

// A file that nobody recorded is as wrong as one that is missing: some rank's report was lost.
void FolderWriter::check_content() const {
  std::map<std::string, std::int64_t> present;
  visit("", [&](const fs::path& inside, const Found& found) {
    if (found.kind == Found::Kind::folder) return;
    FT_CHECK(found.kind == Found::Kind::file, "{} is no plain file", (partial_ / inside).string());
    present[inside.string()] = found.size;
  });
  for (const FileRecord& record : records_) {
    const auto it = present.find(record.name);
    FT_CHECK(it != present.end(), "{} was recorded but is not in {}", record.name, partial_.string());
    FT_CHECK(it->second == record.size, "{} in {} has {} bytes, its writer reported {}", record.name, partial_.string(),
             it->second, record.size);
    present.erase(it);
  }
  FT_CHECK(present.empty(), "{} lies in {} but nobody recorded it", present.begin()->first, partial_.string());
}

void FolderWriter::sync_folders() const {
  visit("", [&](const fs::path& inside, const Found& found) {
    if (found.kind == Found::Kind::folder) sync_folder(partial_ / inside);
  });
  sync_folder(partial_);
}

// From here on the folder stands under its name, or the name is as it was.
void FolderWriter::take_name() {
  const bool exchanges = is_there(target_);
  FT_CHECK(!exchanges || if_there_ == IfThere::exchange, "{} has appeared meanwhile", target_.string());
  if (exchanges) {
    exchange_folders(partial_, target_);
  } else if (::rename(partial_.c_str(), target_.c_str()) != 0) {
    fail_system("seal", target_, errno);
  }
  try {
    step("sync parent");
    sync_folder(target_.parent_path().empty() ? "." : target_.parent_path());
  } catch (...) {  // the name might not survive: then it is not sealed
    if (exchanges) {
      open_ = false;  // until the exchange is undone, the older one stands under the temporary name
      exchange_folders(partial_, target_);
      open_ = true;
    } else if (::rename(target_.c_str(), partial_.c_str()) != 0) {
      open_ = false;
    }
    throw;
  }
  if (!exchanges) return;
  step("remove the older");
  std::error_code ignored;  // it is a leftover now, which the next start removes, too
  fs::remove_all(partial_, ignored);
}

std::string FolderWriter::seal(Manifest manifest) {
  FT_CHECK(creator_ && open_, "only the creator of {} seals it, and once", target_.string());
  FT_CHECK(!manifest.format.empty(), "a manifest needs a format");
  check_content();
  for (Parent& parent : manifest.parents) {
    // An outside source without slashes is a name ("preset tiny"), no path.
    if (parent.digest.empty() && parent.path.find('/') == std::string::npos) continue;
    parent.path = relative_parent(parent.path, target_);
  }
  manifest.files = records_;
  const std::string text = print_manifest(manifest);
  step("manifest");
  write_new_file(partial_ / kManifestName, text);
  step("sync");
  sync_folders();
  step("rename");
  take_name();
  open_ = false;
  return manifest.digest;
}

}  // namespace ft

// Writes a folder that appears all at once. Until seal() has returned, nothing exists under the target's name;
// afterwards the folder is complete, on the disk, and every file's digest is in its manifest.
//
// One process:
//   FolderWriter writer = FolderWriter::create(run / "table");
//   writer.write("table.csv", text);                 // or, for a library that wants a path:
//   save_to(writer.path("weights.h5"));
//   writer.finish("weights.h5");
//   Manifest manifest{.format = "ftrun-table"};
//   writer.seal(manifest);
//
// Many ranks (the caller exchanges; nothing here knows of ranks):
//   rank 0: create(target) | barrier | others: join(target)
//   each:   write() or path() + finish() of own files; text = to_text(writer.records())
//   gather the texts on rank 0; rank 0: add(read_file_records(text)) of the others, then seal(); barrier
//
// The temporary folder is ".<name>.partial" beside the target. A kill leaves it behind; the next create() removes it.
//
// Where the target may be there already (IfThere::exchange), it stays until the new one is sealed, and the two change
// names in one step: a kill at any moment leaves one of them whole.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/reading.h"
#include "framework/store/manifest.h"

namespace ft {

class FolderWriter {
 public:
  // Called with the name of each step before it is done ("create", "write x", "finish x", "manifest", "sync", "rename",
  // "sync parent"); fault tests end the process in it.
  using Observer = std::function<void(std::string_view step)>;

  // What becomes of a target that is there.
  enum class IfThere { refuse, exchange };

  // Makes the temporary folder, and the target's parents where needed. Throws Error when the target exists and is not to
  // be exchanged.
  [[nodiscard]] static FolderWriter create(const std::filesystem::path& target, Observer observer = {},
                                           IfThere if_there = IfThere::refuse);
  // For the other ranks, once create() has returned. Throws Error where the temporary folder is not to be seen (ranks
  // do not share the file system).
  [[nodiscard]] static FolderWriter join(const std::filesystem::path& target);

  // The creator removes the temporary folder when seal() was not reached.
  ~FolderWriter();
  FolderWriter(FolderWriter&& other) noexcept;
  FolderWriter& operator=(FolderWriter&&) = delete;

  // Where a file of this name is to be written; finish() it afterwards. Names are relative ("a.h5", "html/a.png"),
  // below the folder, and start no part with a dot.
  [[nodiscard]] std::filesystem::path path(std::string_view name) const;
  // Syncs and hashes a file that was written at path(name).
  FileRecord finish(std::string_view name);
  // A whole file at once: space reserved, written, synced, hashed.
  FileRecord write(std::string_view name, std::string_view content);
  // A file that comes in parts: `make` hands them to `out`.
  using WriteText = std::function<void(std::string_view part)>;
  FileRecord write(std::string_view name, const std::function<void(const WriteText& out)>& make);

  // The files that this object has written or been told of.
  [[nodiscard]] const std::vector<FileRecord>& records() const { return records_; }
  // Files that others have written.
  void add(const std::vector<FileRecord>& records);

  // Creator only, once. Checks that exactly the recorded files are there with their sizes, writes the manifest (its
  // files are set here; parents' paths are made relative to the target), and moves the folder to its name; one that had
  // the name before is removed afterwards. Returns the manifest's digest.
  std::string seal(Manifest manifest);

  // The temporary folder of a target.
  [[nodiscard]] static std::filesystem::path partial_path(const std::filesystem::path& target);

 private:
  FolderWriter(std::filesystem::path target, bool creator, Observer observer);
  void step(const std::string& name) const;
  // Everything below a folder of the temporary one, named from there; what a folder holds before the folder.
  void visit(const std::filesystem::path& below,
             const std::function<void(const std::filesystem::path& inside, Found found)>& use) const;
  void check_content() const;
  void sync_folders() const;
  void take_name();

  std::filesystem::path target_;
  std::filesystem::path partial_;
  bool creator_ = false;
  bool open_ = true;
  IfThere if_there_ = IfThere::refuse;
  Observer observer_;
  std::vector<FileRecord> records_;
};

}  // namespace ft

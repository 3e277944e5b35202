// A file of a sealed folder, read once from its beginning and hashed meanwhile: at its end the bytes are known to be
// those that were sealed, whatever the disk has done since somebody looked at them last.
//
//   SealedFile file(folder, "attempts.jsonl");
//   const auto attempts = checked(file, [&] {
//     return parse([&](std::span<char> buffer) { return file.read(buffer); });
//   });
//
// What is read before the end may be damaged: it is not to be used before checked() has returned. What cannot be
// understood may be damage, too: so the rest is read and hashed before anything else is complained of.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "framework/base/digest.h"
#include "framework/base/reading.h"
#include "framework/store/sealed_folder.h"

namespace ft {

class SealedFile {
 public:
  // Throws Error where the manifest has no such file, Unreadable where it cannot be opened.
  SealedFile(const SealedFolder& folder, std::string_view name);

  // The next bytes into `buffer`; how many, 0 at the end of the file. Throws BrokenFolder at the end where size or hash
  // are not the manifest's; Unreadable.
  std::size_t read(std::span<char> buffer);
  // Reads to the end and throws the same.
  void check_rest();

 private:
  std::filesystem::path path_;
  FileRecord record_;
  InputFile file_;
  Sha256 digest_;
  std::int64_t size_ = 0;
  bool ended_ = false;
};

// What `use` returns, once all of the file (a SealedFile, or SealedLines) has been read and is sound. Where `use` throws,
// damage goes before its complaint.
template <class File, class Use>
auto checked(File& file, Use use) {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<Use>>) {
      use();
      file.check_rest();
    } else {
      auto result = use();
      file.check_rest();
      return result;
    }
  } catch (const BrokenFolder&) {
    throw;
  } catch (const Unreadable&) {
    throw;
  } catch (const StopRequested&) {
    throw;
  } catch (const std::exception&) {
    file.check_rest();
    throw;
  }
}

}  // namespace ft

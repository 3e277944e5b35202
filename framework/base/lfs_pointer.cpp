#include "framework/base/lfs_pointer.h"

#include "framework/base/error.h"

namespace ft {

bool is_lfs_pointer(std::string_view begin) { return begin.starts_with("version https://git-lfs."); }

void fail_lfs_pointer(const std::filesystem::path& path) {
  fail_user({path.string()},
            "is a git-lfs pointer, not the file itself; fetch it: run `git lfs pull` in the folder of the model");
}

}  // namespace ft

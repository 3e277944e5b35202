// Paths as people write them where no shell has expanded them: in run files, after '=' on the command line, in FT_DATA.
//
//   user_path("~/runs/x")         // "/home/ada/runs/x"; "~ada/runs/x" the same for anybody
//   user_path("$SCRATCH/x")       // UserError: only a shell fills that in
//   user_path("./~/x")            // a folder that is really called so
//
// Keys that hold a path say so when they are described (config/binder.h: Limits::path()), and are read through this.
#pragma once

#include <string>
#include <string_view>

namespace ft {

// `text` with a leading "~" or "~name" replaced by that home folder. Throws UserError where there is no such user, and
// where the text holds a variable ($NAME, ${NAME}) and no such path exists.
[[nodiscard]] std::string user_path(std::string_view text);

}  // namespace ft

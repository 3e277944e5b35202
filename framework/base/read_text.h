// Reads a small file of a folder, by its name there: nothing where there is none. Whoever makes something of such files
// takes this in place of a path, so that another can say where they come from and whether they are sound.
//
//   load_tokenizer(folder, [&](const std::string& name) { return sealed.read_if_there(name); });
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace ft {

using ReadText = std::function<std::optional<std::string>(const std::string& name)>;

}  // namespace ft

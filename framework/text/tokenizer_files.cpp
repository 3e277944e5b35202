#include "framework/text/tokenizer_files.h"

#include "framework/base/reading.h"

namespace ft {

std::vector<std::filesystem::path> tokenizer_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const char* name :
       {"added_tokens.json", "chat_template.jinja", "chat_template.json", "merges.txt", "special_tokens_map.json",
        "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "vocab.json", "word_vocabulary.json"}) {
    if (is_there(folder / name)) files.push_back(folder / name);
  }
  return files;
}

}  // namespace ft

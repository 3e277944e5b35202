// The small files of a model folder, which travel with the weights into every checkpoint and export, and which tokens
// end a text.
//
// A fine-tuned model ends its texts with the token that training appended, so that is what its files must say: another
// program that loads the export then stops where sampling here stops. Everything else stays as the base model had it.
//
//   const TextFiles companions = read_companions("models/SmolLM2-135M-Instruct");
//   end_tokens(*tokenizer, config, companions);            // {2, 0}: the one that is trained, then what also ends a
//   text stored_files(config, *tokenizer, companions);           // config.json, generation_config.json, tokenizer.json,
//   ...
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "framework/model/model_config.h"
#include "framework/text/tokenizer.h"

namespace ft {

using TextFiles = std::vector<std::pair<std::string, std::string>>;  // name, content

// The files of `folder` that other programs want beside config.json and the tokenizer's own: generation_config.json,
// chat templates, added_tokens.json, vocab.json, merges.txt, ... Throws Error where one cannot be read.
[[nodiscard]] TextFiles read_companions(const std::filesystem::path& folder);
[[nodiscard]] TextFiles read_companions(const ReadText& read);

// The tokens after which an attempt is over: the tokenizer's end token, which training appends, first; then those that
// generation_config.json names (eos_token_id, a number or a list), those of a list in config.json, and config.json's
// single one where generation_config.json names none. Ids beyond the tokenizer are left out. Throws UserError on what
// is no id.
[[nodiscard]] std::vector<TokenId> end_tokens(const Tokenizer& tokenizer, const ModelConfig& config,
                                              const TextFiles& companions);

// Everything but the weights, each name once. config.json: eos_token_id is the tokenizer's end token, pad_token_id the
// tokenizer's padding token where it names one and none was given, the dtype what is stored. generation_config.json:
// eos_token_id holds all end tokens, other keys stay; made where there was none and config.json's single id would not
// do.
[[nodiscard]] TextFiles stored_files(const ModelConfig& config, const Tokenizer& tokenizer, const TextFiles& companions,
                                     const std::string& dtype = "float32");

}  // namespace ft

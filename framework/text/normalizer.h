// Unicode normalisation before tokenising, as "normalizer" in tokenizer.json asks for it: none, NFC, NFD, NFKC or NFKD,
// or a sequence of these. ICU does the work.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace ft {

class Normalizer {
 public:
  // Reads the "normalizer" value of a tokenizer.json (null: none). Throws UserError that names what is not supported.
  explicit Normalizer(const nlohmann::json& description);

  // `text` (valid UTF-8) normalised. Returns a view of `text` itself where nothing changes, else of `storage`.
  [[nodiscard]] std::string_view apply(std::string_view text, std::string& storage) const;

 private:
  void add(const nlohmann::json& description);

  enum class Form { nfc, nfd, nfkc, nfkd };
  std::vector<Form> forms_;
};

}  // namespace ft

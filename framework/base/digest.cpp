#include "framework/base/digest.h"

#include <openssl/evp.h>
#include <xxhash.h>

#include <array>
#include <vector>

#include "framework/base/error.h"
#include "framework/base/reading.h"

namespace ft {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  FT_CHECK(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1, "OpenSSL has no SHA-256");
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::update(std::string_view bytes) {
  FT_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1, "SHA-256 update failed");
  return *this;
}

std::string Sha256::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  FT_CHECK(EVP_DigestFinal_ex(state_->context, bytes.data(), &size) == 1, "SHA-256 failed");
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
}

std::string sha256(std::string_view bytes) { return Sha256().update(bytes).finish(); }

std::string sha256_file(const std::filesystem::path& path) {
  InputFile file(path);
  Sha256 digest;
  std::vector<char> buffer(1 << 20);
  while (const std::size_t count = file.read(buffer)) digest.update({buffer.data(), count});
  return digest.finish();
}

std::string xxh128(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

std::string xxh128(std::span<const std::byte> bytes) {
  return xxh128(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace ft

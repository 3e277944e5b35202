#include "framework/base/digest.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <filesystem>
#include <fstream>

#include "framework/base/error.h"

using namespace ft;

// FIPS 180-4 examples, and the million a's of its predecessor.
TEST_CASE("SHA-256 gives the standard's answers") {
  CHECK(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256(std::string(1'000'000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("pieces give the digest of the whole") {
  CHECK(rc::check([](const std::string& a, const std::string& b) {
    Sha256 pieces;
    pieces.update(a).update(b);
    RC_ASSERT(pieces.finish() == sha256(a + b));
  }));
}

TEST_CASE("a file's digest is that of its bytes, also beyond one buffer") {
  const auto path = std::filesystem::temp_directory_path() / "ft_digest_test";
  const std::string bytes(3'000'000, 'x');
  std::ofstream(path, std::ios::binary) << bytes;
  CHECK(sha256_file(path) == sha256(bytes));
  std::filesystem::remove(path);
  CHECK_THROWS_AS((void)sha256_file(path), Error);
}

// XXH3's own test vector for the empty input with seed 0.
TEST_CASE("XXH3-128") {
  CHECK(xxh128("") == "99aa06d3014798d86001c324468d497f");
  CHECK(xxh128("a") != xxh128("b"));
  const std::string text = "bytes";
  CHECK(xxh128(std::as_bytes(std::span(text))) == xxh128(text));
}

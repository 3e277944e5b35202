#include "framework/kernels/block_pool.h"

#include <sys/resource.h>

#include <cstring>
#include <thread>
#include <vector>

#include "framework/base/memory.h"
#include "framework/base/philox.h"
#include "tests/support/doctest_torch.h"

using namespace ft;

namespace {

constexpr std::size_t kMebibyte = 1 << 20;

struct Held {
  unsigned char* data;
  std::size_t bytes;
  unsigned char mark;
};

void fill(const Held& block) { std::memset(block.data, block.mark, block.bytes); }

bool is_whole(const Held& block) {
  for (std::size_t i = 0; i < block.bytes; ++i)
    if (block.data[i] != block.mark) return false;
  return true;
}

}  // namespace

TEST_CASE("blocks never overlap, and the pool never holds more than the most that was in use at once") {
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    const std::int64_t before = resident_memory();
    const Philox random(seed, "blocks");
    BlockPool pool;
    std::vector<Held> held;
    std::size_t live = 0, most = 0;
    for (std::uint64_t step = 0; step < 3000; ++step) {
      // Sizes of many kinds and small things among large ones, as a step in bfloat16 has them.
      const bool grows = live < 40 * kMebibyte && random.uniform(step, 0) < 0.55;
      if (grows || held.empty()) {
        const auto bytes = static_cast<std::size_t>(1 + random.uniform(step, 1) *
                                                            (random.uniform(step, 2) < 0.1 ? 16.0 : 0.5) * kMebibyte);
        Held block{static_cast<unsigned char*>(pool.allocate(bytes)), bytes, static_cast<unsigned char>(step)};
        REQUIRE(block.data != nullptr);
        REQUIRE(reinterpret_cast<std::uintptr_t>(block.data) % 4096 == 0);
        fill(block);
        held.push_back(block);
        live += (bytes + 4095) / 4096 * 4096;
        most = std::max(most, live);
      } else {
        const auto i = static_cast<std::size_t>(random.uniform(step, 3) * static_cast<double>(held.size()));
        REQUIRE(is_whole(held[i]));
        REQUIRE(pool.free(held[i].data));
        live -= (held[i].bytes + 4095) / 4096 * 4096;
        held.erase(held.begin() + static_cast<std::ptrdiff_t>(i));
      }
      const BlockPool::Use use = pool.use();
      REQUIRE(use.live == live);
      REQUIRE(use.most == most);
      REQUIRE(use.live + use.free <= most + most / 32);
    }
    for (const Held& block : held) CHECK(pool.free(block.data));
    CHECK(pool.use().live == 0);
    pool.release();
    CHECK(pool.use().free == 0);
    CHECK(pool.use().most == 0);
    // Its books are one thing: what it gave back, all along, must have gone.
    CHECK(resident_memory() - before < static_cast<std::int64_t>(4 * kMebibyte));
  }
}

TEST_CASE("the same requests again, as a training makes them, are served by the same pages") {
  BlockPool pool;
  const auto step = [&](std::size_t activations) {
    std::vector<void*> saved;
    for (int layer = 0; layer < 12; ++layer) {
      void* work = pool.allocate(3 * activations);
      saved.push_back(pool.allocate(activations));
      CHECK(pool.free(work));
    }
    for (; !saved.empty(); saved.pop_back()) {
      void* work = pool.allocate(2 * activations);
      CHECK(pool.free(saved.back()));
      CHECK(pool.free(work));
    }
  };
  step(2 * kMebibyte);
  const std::size_t held = pool.use().free;
  for (int i = 0; i < 50; ++i) {
    step(kMebibyte + static_cast<std::size_t>(i) * 8192);
    CHECK(pool.use().free <= held + held / 32);
  }
}

TEST_CASE("what a pool gives back is no longer this process's memory") {
  BlockPool pool;
  void* block = pool.allocate(256 * kMebibyte);
  const std::int64_t before = resident_memory();
  std::memset(block, 1, 256 * kMebibyte);
  const auto enough = static_cast<std::int64_t>(200 * kMebibyte);
  CHECK(resident_memory() - before > enough);
  CHECK(pool.free(block));
  CHECK(resident_memory() - before > enough);  // kept for the next one
  pool.release();
  CHECK(resident_memory() - before < static_cast<std::int64_t>(40 * kMebibyte));
}

TEST_CASE("foreign memory is not freed, an absurd request and a limit of address space give nothing, and it goes on") {
  BlockPool pool;
  int foreign = 0;
  CHECK_FALSE(pool.free(&foreign));
  CHECK(pool.allocate(~std::size_t{0} - 5) == nullptr);
  CHECK(pool.allocate(std::size_t{1} << 60) == nullptr);
  void* kept = pool.allocate(kMebibyte);
  void* freed = pool.allocate(64 * kMebibyte);
  CHECK(pool.free(freed));
  rlimit old{};
  getrlimit(RLIMIT_AS, &old);
  const rlimit none{1, old.rlim_max};
  setrlimit(RLIMIT_AS, &none);
  void* refused = pool.allocate(65 * kMebibyte);
  setrlimit(RLIMIT_AS, &old);
  CHECK(refused == nullptr);
  CHECK(pool.use().free == 0);  // given back in the hope that it would help
  CHECK(pool.free(kept));
  void* again = pool.allocate(65 * kMebibyte);
  CHECK(again != nullptr);
  CHECK(pool.free(again));
}

TEST_CASE("threads share a pool") {
  BlockPool pool;
  std::vector<std::jthread> threads;
  std::vector<int> wrong(4);
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 300; ++i) {
        Held block{static_cast<unsigned char*>(pool.allocate(4096 * (1 + (t + static_cast<std::size_t>(i)) % 7))), 4096,
                   static_cast<unsigned char>(t + 1)};
        fill(block);
        if (!is_whole(block) || !pool.free(block.data)) ++wrong[t];
      }
    });
  }
  threads.clear();
  for (const int count : wrong) CHECK(count == 0);
  CHECK(pool.use().live == 0);
}

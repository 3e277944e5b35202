#include "framework/checkpoint/checkpoint.h"

#include <sys/resource.h>

#include <array>
#include <csignal>
#include <cstring>

#include "framework/base/error.h"
#include "framework/checkpoint/layout.h"
#include "framework/comm/solo_communicator.h"
#include "framework/tensor/hdf5.h"
#include "tests/unit/checkpoint/checkpoint_cases.h"

using namespace ft;
using namespace ft::testing;

TEST_CASE("what any grid of ranks writes, any other grid reads: weights and moments, to the last bit") {
  std::vector<std::pair<int, int>> grids;
  for (const int data : {1, 2, 3, 4})
    for (const int tensor : {1, 2, 4}) grids.emplace_back(data, tensor);
  const TemporaryFolder folder;
  std::string digest;
  for (const auto& [data, tensor] : grids) {
    const fs::path target = folder.path / fmt::format("{}x{}", data, tensor);
    const CheckpointInfo info = write_on(data, tensor, target);
    if (digest.empty()) digest = info.weights_digest;
    CHECK(info.weights_digest == digest);  // the same model, whoever held it
    for (const auto& [to_data, to_tensor] : grids) {
      std::vector<char> right(to_data * to_tensor, 0);
      on_grid(to_data, to_tensor, [&](Groups groups) {
        Rank rank(groups);
        const CheckpointInfo read = read_checkpoint(target, rank.parameters, &rank.moments, groups);
        right[groups.world.rank()] = rank.right() && read.manifest_digest == info.manifest_digest;
      });
      CHECK(right == std::vector<char>(to_data * to_tensor, 1));
    }
  }
}

TEST_CASE("the digest of a checkpoint is that of the weights of one rank") {
  const TemporaryFolder folder;
  SoloCommunicator solo;
  Rank rank({solo, solo, solo});
  rank.fill_all();
  CHECK(write_on(2, 2, folder.path / "x").weights_digest == weights_digest(rank.parameters));
  const CheckpointInfo info = inspect_checkpoint(folder.path / "x");
  CHECK(info.weights_digest == weights_digest(rank.parameters));
  CHECK(info.metadata == R"({"step":200})");
  CHECK(fs::exists(folder.path / "x" / "config.json"));
}

TEST_CASE("a finished model has no moments, and is refused where they are wanted") {
  const TemporaryFolder folder;
  SoloCommunicator solo;
  const Groups groups{solo, solo, solo};
  Rank rank(groups);
  rank.fill_all();
  CheckpointContent content = rank.content();
  content.moments.reset();
  (void)write_checkpoint(folder.path / "model", content, groups);
  Rank other(groups);
  (void)read_checkpoint(folder.path / "model", other.parameters, nullptr, groups);
  CHECK(at::equal(other.parameters.flat(), rank.parameters.flat()));
  CHECK(contains(complaint_of([&] { read_alone(folder.path / "model"); }), "without optimiser moments"));
}

TEST_CASE("flipped bits and cut files are found, and the message names file and tensor") {
  const TemporaryFolder folder;
  const fs::path good = folder.path / "good";
  (void)write_on(2, 1, good);
  read_alone(good);
  const auto damaged = [&](const std::string& name, const std::function<void(const fs::path&)>& damage) {
    const fs::path copy = folder.path / name;
    fs::copy(good, copy);
    damage(copy);
    return complaint_of([&] { read_alone(copy); });
  };
  const auto size = static_cast<std::int64_t>(fs::file_size(good / "rank-0001.h5"));
  const std::string flipped = damaged("flip", [&](const fs::path& p) { flip_byte(p / "rank-0001.h5", size - 100); });
  CHECK(contains(flipped, "rank-0001.h5: /second_moment/norm.weight [0:96] is damaged"));
  const std::string cut = damaged("cut", [&](const fs::path& p) { fs::resize_file(p / "rank-0000.h5", 1000); });
  CHECK(contains(cut, "rank-0000.h5"));
  const std::string gone = damaged("gone", [&](const fs::path& p) { fs::remove(p / "rank-0000.h5"); });
  CHECK(contains(gone, "rank-0000.h5"));
  const std::string table = damaged("table", [&](const fs::path& p) { flip_byte(p / "manifest.json", 300); });
  CHECK(contains(table, "manifest.json"));
  const std::string header = damaged("header", [&](const fs::path& p) { flip_byte(p / "rank-0001.h5", 3); });
  CHECK(contains(header, "rank-0001.h5"));
  CHECK(contains(complaint_of([&] { read_alone(folder.path / "nowhere"); }), "nowhere"));
}

TEST_CASE("every element must be there exactly once, in a model of the same shape") {
  SoloCommunicator solo;
  const Groups groups{solo, solo, solo};
  const Rank rank(groups);
  StoredLayout layout;
  for (const Parameter& p : rank.parameters.all()) {
    layout.parameters.push_back({p.name, p.shape});
    layout.slices.push_back({.parameter = int(layout.slices.size()),
                             .box = {std::vector<std::int64_t>(p.shape.size(), 0), p.shape},
                             .file = "a"});
  }
  CHECK(check_coverage(layout, rank.parameters) == std::vector{0, 1, 2, 3});
  const auto complaint = [&](const std::function<void(StoredLayout&)>& change) {
    StoredLayout changed = layout;
    change(changed);
    return complaint_of([&] { (void)check_coverage(changed, rank.parameters); });
  };
  CHECK(contains(complaint([](auto& l) { l.slices[0].box.shape[0] = 300; }),
                 "embedding.weight has 28800 of its 28896 elements"));
  CHECK(contains(complaint([](auto& l) {
                   l.slices.push_back({.parameter = 3, .box = {{95}, {1}}, .file = "b"});
                 }),
                 "norm.weight has [95:96] twice, in a and b"));
  CHECK(contains(complaint([](auto& l) { l.slices.pop_back(); }), "norm.weight has 0 of its 96"));
  CHECK(contains(complaint([](auto& l) { l.parameters[3].name = "other"; }),
                 "norm.weight is missing; other is not in the model"));
  CHECK(contains(complaint([](auto& l) { l.parameters[3].shape = {97}; }),
                 "norm.weight has shape [97], the model wants [96]"));
  CHECK(contains(complaint([](auto& l) { l.slices[1].box.begin[0] = 1; }), "has a slice [1:33, 0:96]"));
  CHECK(contains(complaint([](auto& l) { l.has_moments = true; }), "has not both moments"));
  const TemporaryFolder folder;
  (void)write_on(1, 1, folder.path / "x");
  CHECK(contains(complaint_of([&] { read_alone(folder.path / "x", 302); }),
                 "embedding.weight has shape [301, 96], the model wants [302, 96]"));
}

TEST_CASE("when a rank cannot write, all ranks say so, nothing has the final name, and what was there stays") {
  const TemporaryFolder folder;
  (void)write_on(2, 1, folder.path / "before");
  // Files may not grow beyond 30 kB: what a full disk or a quota does, without needing one.
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  const rlimit small{30000, old.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  const std::string message = complaint_of([&] { (void)write_on(2, 1, folder.path / "after"); });
  ::setrlimit(RLIMIT_FSIZE, &old);
  CHECK(contains(message, "rank-0000.h5"));
  CHECK(contains(message, "File too large"));
  CHECK_FALSE(fs::exists(folder.path / "after"));
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 1);
  read_alone(folder.path / "before");
  (void)write_on(2, 1, folder.path / "after");  // and HDF5 still works
  read_alone(folder.path / "after");
  CHECK(contains(complaint_of([&] { (void)write_on(1, 1, folder.path / "after"); }), "exists already"));
}

TEST_CASE("the index shows whole tensors, and a missing file as NaN") {
  const TemporaryFolder folder;
  (void)write_on(2, 2, folder.path / "x");
  const auto read = [&](const fs::path& at) {
    const Hdf5Reader index(at / "index.h5");
    CHECK(index.names("/weights").size() == 4);
    CHECK(index.names("/second_moment").size() == 4);
    std::vector<float> values(96 * 128);
    index.read("/weights/layers.0.o_proj.weight", std::vector<std::int64_t>{96, 128}, values);
    return values;
  };
  fs::rename(folder.path / "x", folder.path / "moved");
  const auto values = read(folder.path / "moved");
  for (std::int64_t r = 0; r < 96; ++r)
    for (std::int64_t c = 0; c < 128; ++c) REQUIRE(values[r * 128 + c] == value_of(2, r, c, 0));
  fs::remove(folder.path / "moved" / "rank-0003.h5");
  std::int64_t missing = 0;
  for (const float value : read(folder.path / "moved")) missing += std::isnan(value) ? 1 : 0;
  CHECK(missing > 0);
  CHECK(missing < 96 * 128);
}

TEST_CASE("boxes are copied between any two cuts") {
  const Box whole{{0, 0, 0}, {4, 5, 6}}, from{{1, 0, 0}, {3, 5, 6}}, to{{0, 2, 0}, {3, 3, 6}};
  const auto fill_box = [](const Box& box) {
    std::vector<float> values;
    for (std::int64_t i = 0; i < box.shape[0]; ++i)
      for (std::int64_t j = 0; j < box.shape[1]; ++j)
        for (std::int64_t k = 0; k < box.shape[2]; ++k)
          values.push_back(static_cast<float>(100 * (box.begin[0] + i) + 10 * (box.begin[1] + j) + box.begin[2] + k));
    return values;
  };
  const auto part = intersection(from, to);
  REQUIRE(part);
  CHECK(part->begin == std::vector<std::int64_t>{1, 2, 0});
  CHECK(part->shape == std::vector<std::int64_t>{2, 3, 6});
  std::vector<float> target(static_cast<std::size_t>(to.num_elements()), -1);
  copy_box(*part, from, fill_box(from).data(), to, target.data());
  auto expected = fill_box(to);
  std::fill_n(expected.begin(), 18, -1.0F);  // row 0 is not in `from`
  CHECK(target == expected);
  CHECK_FALSE(intersection(whole, Box{{4, 0, 0}, {1, 5, 6}}));
}

TEST_CASE("all ranks leave with the same kind of error, whichever rank has it") {
  enum class Thrown { nothing, error, user, damage, stop };
  const auto outcome = [](Thrown on_first, Thrown on_second) {
    std::array<Thrown, 2> seen{};
    std::array<std::string, 2> said;
    run_ranks(2, [&](Communicator& world) {
      const auto rank = static_cast<std::size_t>(world.rank());
      try {
        all_or_none(world, "work", [&] {
          switch (rank == 0 ? on_first : on_second) {
            case Thrown::nothing:
              return;
            case Thrown::error:
              throw Error("failed");
            case Thrown::user:
              throw UserError("mistaken");
            case Thrown::damage:
              throw BrokenFolder("damaged");
            case Thrown::stop:
              throw StopRequested("stopped");
          }
        });
      } catch (const UserError& error) {
        seen[rank] = Thrown::user, said[rank] = error.what();
      } catch (const BrokenFolder& error) {
        seen[rank] = Thrown::damage, said[rank] = error.what();
      } catch (const StopRequested& error) {
        seen[rank] = Thrown::stop, said[rank] = error.what();
      } catch (const Error& error) {
        seen[rank] = Thrown::error, said[rank] = error.what();
      }
    });
    CHECK(seen[0] == seen[1]);
    CHECK(said[0] == said[1]);
    return seen[0];
  };
  for (const Thrown kind : {Thrown::nothing, Thrown::error, Thrown::user, Thrown::damage, Thrown::stop}) {
    CHECK(outcome(kind, Thrown::nothing) == kind);
    CHECK(outcome(Thrown::nothing, kind) == kind);
    CHECK(outcome(kind, kind) == kind);
  }
  CHECK(outcome(Thrown::stop, Thrown::error) == Thrown::error);  // a request to stop hides no failure
  CHECK(outcome(Thrown::damage, Thrown::stop) == Thrown::damage);
  CHECK(outcome(Thrown::damage, Thrown::error) == Thrown::error);  // what could not be read is not damaged
  CHECK(outcome(Thrown::user, Thrown::damage) == Thrown::error);
}

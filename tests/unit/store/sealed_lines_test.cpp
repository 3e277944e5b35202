// Lines of sealed files: the ones that were written, or a complaint that names the file.

#include "framework/store/sealed_lines.h"

#include <rapidcheck.h>

#include "framework/store/folder_writer.h"
#include "tests/unit/store/temp_folder.h"

using namespace ft;
using namespace ft::testing;
namespace fs = std::filesystem;

namespace {

SealedFolder seal(const fs::path& target, const std::vector<std::string>& contents) {
  FolderWriter writer = FolderWriter::create(target);
  for (std::size_t i = 0; i < contents.size(); ++i) writer.write(fmt::format("piece-{}", i), contents[i]);
  writer.seal({.format = "ftrun-test"});
  return SealedFolder::open(target);
}

std::vector<std::string> names(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(fmt::format("piece-{}", i));
  return names;
}

std::vector<std::string> read_all(const SealedFolder& folder, std::size_t count) {
  SealedLines lines(folder, names(count));
  return checked(lines, [&] {
    std::vector<std::string> found;
    std::string line;
    for (Place place; lines.next(line, place);)
      found.push_back(fmt::format("{}:{} {}", fs::path(place.file).filename().string(), place.line, line));
    return found;
  });
}

// Lines of all lengths around the buffer's, some empty, the last one with or without its end.
std::string random_content() {
  std::string content;
  const int count = *rc::gen::inRange(0, 5);
  for (int i = 0; i < count; ++i) {
    const int kind = *rc::gen::inRange(0, 4);
    const int length = kind == 0 ? 0 : kind < 3 ? *rc::gen::inRange(1, 9) : (1 << 16) + *rc::gen::inRange(-2, 3);
    content += std::string(static_cast<std::size_t>(length), static_cast<char>('a' + i));
    if (i + 1 < count || *rc::gen::inRange(0, 2) == 0) content += '\n';
  }
  return content;
}

}  // namespace

TEST_CASE("lines of several files come in order with their places, empty ones left out") {
  CHECK(rc::check([] {
    const TempFolder temp;
    std::vector<std::string> contents(static_cast<std::size_t>(*rc::gen::inRange(0, 4))), expected;
    for (std::size_t i = 0; i < contents.size(); ++i) {
      contents[i] = random_content();
      int number = 0;
      for (std::size_t begin = 0; begin < contents[i].size();) {
        const std::size_t end = std::min(contents[i].find('\n', begin), contents[i].size());
        ++number;
        if (end > begin)
          expected.push_back(fmt::format("piece-{}:{} {}", i, number, contents[i].substr(begin, end - begin)));
        begin = end + 1;
      }
    }
    RC_ASSERT(read_all(seal(temp / "out", contents), contents.size()) == expected);
  }));
}

TEST_CASE("a flipped bit of any file is told, also where its reader did not come so far or could not understand it") {
  CHECK(rc::check([] {
    const TempFolder temp;
    const std::vector<std::string> contents = {"one\ntwo\n", std::string(100'000, 'x') + "\nlast", "three\n"};
    const SealedFolder folder = seal(temp / "out", contents);
    const auto which = *rc::gen::inRange<std::size_t>(0, contents.size());
    const auto at = *rc::gen::inRange<std::size_t>(0, contents[which].size());
    std::string bytes = contents[which];
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << *rc::gen::inRange(0, 8)));
    write_plain(temp / fmt::format("out/piece-{}", which), bytes);
    const int given_up_after = *rc::gen::inRange(0, 5);  // lines
    const bool complains = *rc::gen::inRange(0, 2) == 0;
    std::string said = "nothing";
    try {
      SealedLines lines(folder, names(contents.size()));
      checked(lines, [&] {
        std::string line;
        Place place;
        for (int i = 0; i < given_up_after && lines.next(line, place); ++i) {
        }
        if (complains) fail_user("this cannot be understood");
      });
    } catch (const Error& error) {
      said = error.what();
    }
    RC_ASSERT(said.find(fmt::format("piece-{} is damaged", which)) != std::string::npos);
  }));
}

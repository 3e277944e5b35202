// Hostile input for the grader: it must not crash, hang or contradict itself. One file, two programs:
//
//   with clang: a libFuzzer target, which mutates towards new paths (tests/fuzz/run.sh)
//   with -DFT_STORM: a driver of its own, which throws random bytes and mutated answers and reports the slowest
//   decision
//
// Checked for every pair: the verdict is the same in both directions, an answer equals itself, equal keys mean equal
// answers, and the rules of PRM800K and extraction end.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "framework/grade/grade.h"
#include "framework/grade/prm800k.h"

namespace {

using ft::Verdict;
namespace grade = ft::grade;

[[noreturn]] void complain(const char* what, const std::string& a, const std::string& b) {
  std::fprintf(stderr, "%s:\n  [%s]\n  [%s]\n", what, a.c_str(), b.c_str());
  std::abort();
}

void check_pair(const std::string& a, const std::string& b) {
  static const grade::Grader grader;
  const Verdict verdict = grader.equal(a, b).verdict;
  if (grader.equal(b, a).verdict != verdict) complain("not symmetric", a, b);
  const bool empty = grader.read(a).text().empty();  // which is equal to nothing
  if ((grader.equal(a, a).verdict == Verdict::equal) == empty) complain("not equal to itself", a, a);
  if (!empty && verdict != Verdict::equal && grader.canonical_key(a) == grader.canonical_key(b))
    complain("same key", a, b);
  (void)grade::prm800k_equal(a, b, grader);
  (void)grade::extract(a + " " + b);
}

}  // namespace

#ifndef FT_STORM

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = text.find('\n');
  const std::string a(text.substr(0, cut));
  check_pair(a, cut == std::string_view::npos ? a : std::string(text.substr(cut + 1)));
  return 0;
}

#else

namespace {

// splitmix64: any fixed sequence will do.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t operator()() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : static_cast<std::size_t>((*this)() % bound); }

 private:
  std::uint64_t state_;
};

std::string random_bytes(Random& random) {
  // Half of them any byte, half the signs of LaTeX, which get further into the parser.
  constexpr std::string_view kSigns = "\\{}[]()^_$&%#~|!,.;:+-*/=<>0123456789xyiep \t\nsqrtfracpi";
  const bool any = random.below(2) == 0;
  std::string text(random.below(120), '\0');
  for (char& c : text) c = any ? static_cast<char>(random.below(256)) : kSigns[random.below(kSigns.size())];
  return text;
}

std::string mutated(std::string text, const std::vector<std::string>& corpus, Random& random) {
  static const std::vector<std::string> kPieces{"\\frac{",
                                                "\\sqrt[3]{",
                                                "}",
                                                "{",
                                                "^{",
                                                "_{",
                                                "\\left(",
                                                "\\right]",
                                                "\\text{",
                                                "\\begin{pmatrix}",
                                                "\\end{pmatrix}",
                                                "\\\\",
                                                "&",
                                                "10^{10^{10}}",
                                                "9999999999",
                                                "!",
                                                "|",
                                                "\\pm",
                                                "\\infty",
                                                "\\cup",
                                                "\\sin",
                                                "\\log_",
                                                "=",
                                                "<",
                                                ",",
                                                ";",
                                                "%",
                                                "\\boxed{",
                                                "$",
                                                "..",
                                                "\\sum_{k=1}^{100}",
                                                "e^{",
                                                "i",
                                                "\xC2\xB2",
                                                "\xE2\x88\x9A",
                                                "\\overline{",
                                                "(",
                                                " plus ",
                                                " to the power of ",
                                                " the square root of ",
                                                " dozen ",
                                                " more than ",
                                                "half past ",
                                                " o'clock",
                                                " a.m.",
                                                "^\\circ 15'",
                                                " per hour",
                                                " and a half ",
                                                " (since ",
                                                "\\text{ for }n\\ge1",
                                                ", k\\in\\mathbb{Z}",
                                                "the answer is ",
                                                ", which is ",
                                                "<b>",
                                                "\xE5\x9B\x9B\xE5\x88\x86\xE4\xB9\x8B",  // 四分之
                                                "\xE5\x8D\x81",                          // 十
                                                "\xC2\xB5m"};
  for (std::size_t times = 1 + random.below(6); times > 0; --times) {
    const std::size_t at = random.below(text.size() + 1);
    switch (random.below(6)) {
      case 0:
        text.insert(at, kPieces[random.below(kPieces.size())]);
        break;
      case 1:
        text.erase(at, 1 + random.below(4));
        break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(random.below(256));
        break;
      case 3:
        text.insert(at, text.substr(random.below(text.size() + 1), random.below(30)));
        break;
      case 4: {
        const std::string& other = corpus[random.below(corpus.size())];
        text.insert(at, other.substr(random.below(other.size() + 1)));
        break;
      }
      default:
        text = kPieces[random.below(kPieces.size())] + text;
        break;
    }
    if (text.size() > 3000) text.resize(3000);
  }
  return text;
}

// The "answer", "gold" and "pred" of each line, by hand: a JSON library would be one more thing to instrument.
void read_corpus(const char* path, std::vector<std::string>* corpus) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    for (const std::string_view field : {"\"answer\": \"", "\"gold\": \"", "\"pred\": \""}) {
      const std::size_t begin = line.find(field);
      if (begin == std::string::npos) continue;
      std::string text;
      for (std::size_t i = begin + field.size(); i < line.size() && line[i] != '"'; ++i) {
        if (line[i] == '\\' && i + 1 < line.size()) ++i;
        text.push_back(line[i]);
      }
      if (text.size() < 500) corpus->push_back(std::move(text));
    }
  }
}

// What others do on the machine does not count.
double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace

// usage: grade_storm BYTES MUTATIONS FILE...
int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: grade_storm BYTES MUTATIONS FILE.jsonl...\n");
    return 2;
  }
  const long long most_bytes = std::atoll(argv[1]);
  const long long mutations = std::atoll(argv[2]);
  std::vector<std::string> corpus;
  for (int i = 3; i < argc; ++i) read_corpus(argv[i], &corpus);
  if (corpus.empty()) {
    std::fprintf(stderr, "grade_storm: no answers in the files\n");
    return 2;
  }
  Random random(20261122);
  double slowest = 0;
  std::string slowest_pair;
  long long verdicts[3] = {0, 0, 0};
  long long pairs = 0;
  const auto timed = [&](const std::string& a, const std::string& b) {
    const double start = processor_seconds();
    const Verdict verdict = grade::equal(a, b).verdict;
    const double seconds = processor_seconds() - start;
    if (seconds > slowest) slowest_pair = a + "  |  " + b;
    slowest = seconds > slowest ? seconds : slowest;
    ++verdicts[static_cast<int>(verdict)];
    ++pairs;
    check_pair(a, b);
  };
  long long bytes = 0;
  while (bytes < most_bytes) {
    const std::string a = random_bytes(random);
    const std::string b = random_bytes(random);
    bytes += static_cast<long long>(a.size() + b.size());
    timed(a, b);
  }
  std::printf("%lld random bytes in %lld pairs: slowest decision %.4f s\n", bytes, pairs, slowest);
  std::fflush(stdout);
  for (long long i = 0; i < mutations; ++i) {
    const std::string& original = corpus[random.below(corpus.size())];
    timed(mutated(original, corpus, random), random.below(2) == 0 ? original : mutated(original, corpus, random));
  }
  std::printf("%lld mutated answers: slowest decision of all %.4f s: %s\n", mutations, slowest, slowest_pair.c_str());
  std::printf("%lld pairs: %lld different, %lld equal, %lld unknown; none crashed or contradicted itself\n", pairs,
              verdicts[0], verdicts[1], verdicts[2]);
  return 0;
}

#endif

// A rung that proves, by computer algebra in a helper process (launch/ftrun_cas): what the normal forms leave open and
// numbers cannot tell apart, such as sqrt(2) + sqrt(3) = sqrt(5 + 2 sqrt(6)).
//
// The helper is started without a shell and without an environment, bounds its own memory and time, and talks through
// one socket. Where it dies, hangs or is missing, the pair stays undecided here and the numeric rung has the word;
// deaths are counted, and no signal of this process is touched.
//
//   const std::shared_ptr<const CasProver> prover = cas_prover();      // nullptr where no helper is found
//   const Grader grader(prover);
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "framework/grade/cas_protocol.h"
#include "framework/grade/rung.h"

namespace ft::grade {

// Both expressions as a program of cas_protocol.h. Nothing where they hold what the helper does not know.
[[nodiscard]] std::optional<std::string> cas_program(const Node& a, const Node& b);

struct CasCounts {
  long long asked = 0;
  long long equal = 0;
  long long different = 0;
  long long undecided = 0;
  long long out_of_resources = 0;  // the helper stopped at its own limits: no fault
  long long deaths = 0;            // died, hung, or answered nonsense: a fault, whose verdict was "undecided"
};

// Safe to share between threads: each call has a helper to itself, kept for the next.
class CasProver final : public Rung {
 public:
  // `helper`: the program. `patience`: seconds without an answer after which a helper is taken for hung.
  explicit CasProver(std::filesystem::path helper, int patience = 30);
  ~CasProver() override;

  // Asks only where the two agree numerically: what differs there needs no proof.
  [[nodiscard]] std::optional<Judgement> decide(const Node& a, const Node& b, Budget& budget) const override;
  [[nodiscard]] CasCounts counts() const;

 private:
  class Helper;
  [[nodiscard]] CasVerdict ask(const std::string& program) const;
  void count(CasVerdict verdict) const;

  std::filesystem::path helper_;
  int patience_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Helper>> idle_;
  mutable CasCounts counts_;
};

// The prover with the helper that stands beside the running program, or that the environment variable FTRUN_CAS names
// ("off": none). nullptr where there is none.
[[nodiscard]] std::shared_ptr<const CasProver> cas_prover();

}  // namespace ft::grade

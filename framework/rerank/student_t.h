// Student's t distribution: how far a mean of few things may be off. Where normal quantiles would promise too much, as with
// five seeds, these do not.
#pragma once

namespace ft::rerank {

// The probability of a value below `t` with `freedom` degrees of freedom, whole or not. Needs freedom > 0.
[[nodiscard]] double student_cdf(double t, double freedom);
// Its inverse. Needs 0 < probability < 1.
[[nodiscard]] double student_quantile(double probability, double freedom);

}  // namespace ft::rerank

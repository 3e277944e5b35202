/* What ftrun-cas needs of Calcium, behind a stack machine: Calcium's headers are C and do not compile as C++.
 *
 * Calcium decides whether two complex numbers made of roots, exponentials, logarithms and their like are equal, with
 * proof (Johansson 2021, arXiv 2011.01728); where it cannot, it says so. Only this pair of files knows it.
 *
 *   cas_machine* machine = cas_open();
 *   cas_push_fraction(machine, "3", "4");
 *   cas_apply(machine, CAS_SQRT);
 *   ...                                        // a second number
 *   cas_answer answer = cas_equal(machine);
 *   cas_close(machine);
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cas_machine cas_machine;

typedef enum { CAS_DIFFERENT = 0, CAS_EQUAL = 1, CAS_UNKNOWN = 2 } cas_answer;

typedef enum {
  /* two numbers from the stack, one back */
  CAS_ADD,
  CAS_SUBTRACT,
  CAS_MULTIPLY,
  CAS_DIVIDE,
  CAS_POWER,
  CAS_ROOT, /* the radicand below its degree; real for an odd degree of a negative number */
  /* one number */
  CAS_NEGATE,
  CAS_SQRT,
  CAS_EXP,
  CAS_LOG,
  CAS_SIN,
  CAS_COS,
  CAS_TAN,
  CAS_ASIN,
  CAS_ACOS,
  CAS_ATAN,
  CAS_ABS,
  CAS_FLOOR,
  CAS_CEIL,
  /* none */
  CAS_PI,
  CAS_EULER,
  CAS_IMAGINARY
} cas_operation;

/* Calls `on_abort` (which must not return) instead of abort() when a library cannot go on: out of memory, mostly. */
void cas_on_abort(void (*on_abort)(void));

/* An empty stack with Calcium's limits set; its memory comes and goes with it. */
cas_machine* cas_open(void);
void cas_close(cas_machine* machine);
void cas_clear(cas_machine* machine);

/* Decimal digits, the numerator perhaps with "-" before them. All functions return 0 on what cannot be done (text that
 * is no number, too few numbers on the stack, a full stack, an exponent beyond +-5000), 1 otherwise. */
int cas_push_fraction(cas_machine* machine, const char* numerator, const char* denominator);
int cas_apply(cas_machine* machine, cas_operation operation);

/* The two numbers that must be all that is on the stack. Unknown where one is no finite number. */
cas_answer cas_equal(cas_machine* machine);

#ifdef __cplusplus
}
#endif

#include "launch/ftrun_cas/cas_shim.h"

#include <calcium/ca.h>
#include <stdlib.h>

enum { STACK = 256, LARGEST_EXPONENT = 5000 };

struct cas_machine {
  ca_ctx_t context;
  ca_struct stack[STACK];
  int size;
};

static void (*chosen_end)(void);

FLINT_NORETURN static void end(void) {
  if (chosen_end != NULL) chosen_end();
  abort();
}

void cas_on_abort(void (*on_abort)(void)) {
  chosen_end = on_abort;
  flint_set_abort(end);
}

cas_machine* cas_open(void) {
  cas_machine* machine = malloc(sizeof(cas_machine));
  if (machine == NULL) abort();
  ca_ctx_init(machine->context);
  /* Half of Calcium's own limits where its time grows steeply with them; a few milliseconds then suffice. */
  ca_ctx_set_option(machine->context, CA_OPT_PREC_LIMIT, 2048);
  ca_ctx_set_option(machine->context, CA_OPT_QQBAR_DEG_LIMIT, 60);
  machine->size = 0;
  return machine;
}

void cas_clear(cas_machine* machine) {
  while (machine->size > 0) ca_clear(&machine->stack[--machine->size], machine->context);
}

void cas_close(cas_machine* machine) {
  cas_clear(machine);
  ca_ctx_clear(machine->context);
  free(machine);
  flint_cleanup();
}

static ca_ptr push(cas_machine* machine) {
  if (machine->size == STACK) return NULL;
  ca_ptr top = &machine->stack[machine->size++];
  ca_init(top, machine->context);
  return top;
}

static void pop(cas_machine* machine) { ca_clear(&machine->stack[--machine->size], machine->context); }

int cas_push_fraction(cas_machine* machine, const char* numerator, const char* denominator) {
  ca_ptr top = push(machine);
  if (top == NULL) return 0;
  fmpq_t value;
  fmpq_init(value);
  const int good = fmpz_set_str(fmpq_numref(value), numerator, 10) == 0 &&
                   fmpz_set_str(fmpq_denref(value), denominator, 10) == 0 && !fmpz_is_zero(fmpq_denref(value));
  if (good) {
    fmpq_canonicalise(value);
    ca_set_fmpq(top, value, machine->context);
  }
  fmpq_clear(value);
  return good;
}

/* x^y; 0 where both are zero, where that is not settled, or where it would be a very large number. */
static int power(ca_t x, const ca_t y, ca_ctx_t context) {
  fmpz_t whole;
  fmpz_init(whole);
  int good = 1;
  if (ca_get_fmpz(whole, y, context)) {
    good = fmpz_cmp_si(whole, LARGEST_EXPONENT) <= 0 && fmpz_cmp_si(whole, -LARGEST_EXPONENT) >= 0;
    if (good && fmpz_sgn(whole) <= 0) good = ca_check_is_zero(x, context) == T_FALSE;
    if (good) ca_pow_fmpz(x, x, whole, context);
  } else {
    good = ca_check_is_zero(x, context) == T_FALSE;
    if (good) ca_pow(x, x, y, context);
  }
  fmpz_clear(whole);
  return good;
}

static int root(ca_t x, const ca_t degree, ca_ctx_t context) {
  fmpq_t exponent;
  fmpq_init(exponent);
  fmpz_t whole;
  fmpz_init(whole);
  int good = ca_get_fmpz(whole, degree, context) && fmpz_sgn(whole) > 0 && fmpz_cmp_si(whole, 100) <= 0;
  if (good) {
    fmpq_set_fmpz_frac(exponent, whole, whole);
    fmpz_one(fmpq_numref(exponent));
    fmpz_set(fmpq_denref(exponent), whole);
    const truth_t negative = fmpz_is_odd(whole) ? ca_check_is_negative_real(x, context) : T_FALSE;
    good = negative != T_UNKNOWN;
    if (negative == T_TRUE) ca_neg(x, x, context);
    if (good && fmpz_equal_si(whole, 2)) {
      ca_sqrt(x, x, context);
    } else if (good) {
      ca_pow_fmpq(x, x, exponent, context);
    }
    if (negative == T_TRUE) ca_neg(x, x, context);
  }
  fmpz_clear(whole);
  fmpq_clear(exponent);
  return good;
}

static int divide(ca_t x, const ca_t y, ca_ctx_t context) {
  if (ca_check_is_zero(y, context) != T_FALSE) return 0;
  ca_div(x, x, y, context);
  return 1;
}

static int apply_to_two(cas_machine* machine, cas_operation operation) {
  if (machine->size < 2) return 0;
  ca_ptr x = &machine->stack[machine->size - 2];
  ca_ptr y = &machine->stack[machine->size - 1];
  int good = 1;
  switch (operation) {
    case CAS_ADD:
      ca_add(x, x, y, machine->context);
      break;
    case CAS_SUBTRACT:
      ca_sub(x, x, y, machine->context);
      break;
    case CAS_MULTIPLY:
      ca_mul(x, x, y, machine->context);
      break;
    case CAS_DIVIDE:
      good = divide(x, y, machine->context);
      break;
    case CAS_POWER:
      good = power(x, y, machine->context);
      break;
    default:
      good = root(x, y, machine->context);
      break;
  }
  pop(machine);
  return good;
}

static int apply_to_one(cas_machine* machine, cas_operation operation) {
  if (machine->size < 1) return 0;
  ca_ptr x = &machine->stack[machine->size - 1];
  switch (operation) {
    case CAS_NEGATE:
      ca_neg(x, x, machine->context);
      return 1;
    case CAS_SQRT:
      ca_sqrt(x, x, machine->context);
      return 1;
    case CAS_EXP:
      ca_exp(x, x, machine->context);
      return 1;
    case CAS_LOG:
      if (ca_check_is_zero(x, machine->context) != T_FALSE) return 0;
      ca_log(x, x, machine->context);
      return 1;
    case CAS_SIN:
      ca_sin(x, x, machine->context);
      return 1;
    case CAS_COS:
      ca_cos(x, x, machine->context);
      return 1;
    case CAS_TAN:
      ca_tan(x, x, machine->context);
      return 1;
    case CAS_ASIN:
      ca_asin(x, x, machine->context);
      return 1;
    case CAS_ACOS:
      ca_acos(x, x, machine->context);
      return 1;
    case CAS_ATAN:
      ca_atan(x, x, machine->context);
      return 1;
    case CAS_ABS:
      ca_abs(x, x, machine->context);
      return 1;
    case CAS_FLOOR:
      ca_floor(x, x, machine->context);
      return 1;
    case CAS_CEIL:
      ca_ceil(x, x, machine->context);
      return 1;
    default:
      return 0;
  }
}

int cas_apply(cas_machine* machine, cas_operation operation) {
  if (operation <= CAS_ROOT) return apply_to_two(machine, operation);
  if (operation < CAS_PI) return apply_to_one(machine, operation);
  ca_ptr top = push(machine);
  if (top == NULL) return 0;
  if (operation == CAS_PI) {
    ca_pi(top, machine->context);
  } else if (operation == CAS_EULER) {
    ca_one(top, machine->context);
    ca_exp(top, top, machine->context);
  } else {
    ca_i(top, machine->context);
  }
  return 1;
}

cas_answer cas_equal(cas_machine* machine) {
  if (machine->size != 2) return CAS_UNKNOWN;
  ca_ptr x = &machine->stack[0];
  ca_ptr y = &machine->stack[1];
  if (ca_check_is_number(x, machine->context) != T_TRUE || ca_check_is_number(y, machine->context) != T_TRUE) {
    return CAS_UNKNOWN;
  }
  switch (ca_check_equal(x, y, machine->context)) {
    case T_TRUE:
      return CAS_EQUAL;
    case T_FALSE:
      return CAS_DIFFERENT;
    default:
      return CAS_UNKNOWN;
  }
}

#include "tests/support/doctest_torch.h"

// doctest beside libtorch. c10's logging headers define CHECK and its relatives too, and whichever header comes last
// wins silently (c10's CHECK aborts and counts nothing). Tests of rooms with libtorch include this header only.
#pragma once

#include <ATen/ATen.h>

#undef CHECK
#undef CHECK_EQ
#undef CHECK_NE
#undef CHECK_LT
#undef CHECK_LE
#undef CHECK_GT
#undef CHECK_GE
#undef INFO
#undef WARN
#undef FAIL
#undef REQUIRE

#include <doctest/doctest.h>

// See bench/peers/erlang_node.h, and erlang_test.h for the fixture.

#ifndef RINGDIST_TESTS_TESTING_ERLANG_NODE_H_
#define RINGDIST_TESTS_TESTING_ERLANG_NODE_H_

#include "ringdist/bench/peers/erlang_node.h"    // IWYU pragma: export
#include "ringdist/tests/testing/erlang_test.h"  // IWYU pragma: export

#endif  // RINGDIST_TESTS_TESTING_ERLANG_NODE_H_

// RINGDIST_CHECK and its comparing variants: for our own mistakes, never for
// what a peer or the system did (that is absl::Status). A failed check prints
// both values and aborts.
//
//   RINGDIST_CHECK(decoder.IsEmpty());
//   RINGDIST_CHECK_LE(offset, buffer.size());
//
// They are on in every build: each costs one well-predicted branch.

#ifndef RINGDIST_PROTO_CHECK_H_
#define RINGDIST_PROTO_CHECK_H_

#include <string>

#include "absl/strings/str_cat.h"

namespace ringdist {

// Prints "file:line: check failed: condition (values)" and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition,
                              const std::string& values);

}  // namespace ringdist

#define RINGDIST_CHECK(condition)                                  \
  do {                                                             \
    if (__builtin_expect(!(condition), 0)) {                       \
      ::ringdist::CheckFailed(__FILE__, __LINE__, #condition, ""); \
    }                                                              \
  } while (false)

#define RINGDIST_CHECK_OP(left, op, right)                     \
  do {                                                         \
    const auto& check_left = (left);                           \
    const auto& check_right = (right);                         \
    if (__builtin_expect(!(check_left op check_right), 0)) {   \
      ::ringdist::CheckFailed(                                 \
          __FILE__, __LINE__, #left " " #op " " #right,        \
          absl::StrCat(check_left, " against ", check_right)); \
    }                                                          \
  } while (false)

#define RINGDIST_CHECK_EQ(left, right) RINGDIST_CHECK_OP(left, ==, right)
#define RINGDIST_CHECK_NE(left, right) RINGDIST_CHECK_OP(left, !=, right)
#define RINGDIST_CHECK_LT(left, right) RINGDIST_CHECK_OP(left, <, right)
#define RINGDIST_CHECK_LE(left, right) RINGDIST_CHECK_OP(left, <=, right)
#define RINGDIST_CHECK_GT(left, right) RINGDIST_CHECK_OP(left, >, right)
#define RINGDIST_CHECK_GE(left, right) RINGDIST_CHECK_OP(left, >=, right)

#endif  // RINGDIST_PROTO_CHECK_H_

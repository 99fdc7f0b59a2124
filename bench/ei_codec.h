// ei, Erlang's own library for C, as term_benchmark.cc calls it: each function
// reads or writes one value at *at and moves on. A failure is a mistake of the
// benchmark.

#ifndef RINGDIST_BENCH_EI_CODEC_H_
#define RINGDIST_BENCH_EI_CODEC_H_

#include <ei.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/strings/string_view.h"
#include "ringdist/proto/check.h"

namespace ringdist {
namespace ei {

inline void EncodeAtom(char* to, int* at, absl::string_view text) {
  ei_encode_atom_len_as(to, at, text.data(), static_cast<int>(text.size()),
                        ERLANG_UTF8, ERLANG_UTF8);
}

inline void EncodeBinary(char* to, int* at, absl::string_view bytes) {
  const auto size = static_cast<long>(bytes.size());  // NOLINT: as ei has it.
  ei_encode_binary(to, at, bytes.data(), size);
}

inline uint64_t DecodeLong(const char* from, int* at) {
  long value;  // NOLINT: as ei has it.
  RINGDIST_CHECK_EQ(ei_decode_long(from, at, &value), 0);
  return static_cast<uint64_t>(value);
}

// Whether it is the expected one.
inline bool DecodeAtom(const char* from, int* at, const char* expected) {
  char text[MAXATOMLEN_UTF8];
  RINGDIST_CHECK_EQ(ei_decode_atom_as(from, at, text, MAXATOMLEN_UTF8,
                                      ERLANG_UTF8, nullptr, nullptr),
                    0);
  return std::strcmp(text, expected) == 0;
}

// Without a copy, which ei_decode_binary would make.
inline absl::string_view DecodeBinary(const char* from, int* at) {
  const char* bytes;
  unsigned int offset;
  size_t bits;
  RINGDIST_CHECK_EQ(ei_decode_bitstring(from, at, &bytes, &offset, &bits), 0);
  return {bytes, bits / 8};
}

inline uint64_t DecodeTupleHeader(const char* from, int* at) {
  int arity;
  RINGDIST_CHECK_EQ(ei_decode_tuple_header(from, at, &arity), 0);
  return static_cast<uint64_t>(arity);
}

inline int DecodeListHeader(const char* from, int* at) {
  int elements;
  RINGDIST_CHECK_EQ(ei_decode_list_header(from, at, &elements), 0);
  return elements;
}

}  // namespace ei
}  // namespace ringdist

#endif  // RINGDIST_BENCH_EI_CODEC_H_

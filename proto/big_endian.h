// Loads and stores of big-endian integers, at any address.
//
//   const uint32_t size = LoadBigEndian<uint32_t>(packet.data());
//
// For a sequence of fields use the cursors of bytes.h, which check bounds.

#ifndef RINGDIST_PROTO_BIG_ENDIAN_H_
#define RINGDIST_PROTO_BIG_ENDIAN_H_

#include <bit>
#include <cstdint>
#include <cstring>

namespace ringdist {
namespace internal_big_endian {

template <typename T>
T Swap(T value) {
  if constexpr (std::endian::native == std::endian::big) return value;
  if constexpr (sizeof(T) == 2) return __builtin_bswap16(value);
  if constexpr (sizeof(T) == 4) return __builtin_bswap32(value);
  if constexpr (sizeof(T) == 8) return __builtin_bswap64(value);
}

}  // namespace internal_big_endian

// T is uint16_t, uint32_t or uint64_t.
template <typename T>
T LoadBigEndian(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return internal_big_endian::Swap(value);
}

template <typename T>
void StoreBigEndian(char* at, T value) {
  value = internal_big_endian::Swap(value);
  std::memcpy(at, &value, sizeof(T));
}

}  // namespace ringdist

#endif  // RINGDIST_PROTO_BIG_ENDIAN_H_

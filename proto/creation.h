// Creations: the number that tells one incarnation of a node from the next of
// the same name. Pids and references carry it.
//
// A node of protocol version 6 takes a new random number each time it starts:
//
//   const uint32_t creation = BigCreation(entropy);
//
// A node of version 5 counts 1, 2, 3, 1, ... and keeps the last one as an ASCII
// digit in a file next to its socket:
//
//   const SmallCreation next = NextSmallCreation(byte_in_file);
//   // next.value is the creation, next.stored is to be written to the file
//
// The rules are those of OTP's example carrier (erl_uds_dist.erl,
// get_creation/1). Entropy and the stored byte come in as arguments; reading
// and writing the file is the runtime's business. 0 is never a node's creation.

#ifndef RINGDIST_PROTO_CREATION_H_
#define RINGDIST_PROTO_CREATION_H_

#include <cstdint>
#include <optional>

namespace ringdist {

inline constexpr uint32_t kMaxSmallCreation = 3;
inline constexpr uint32_t kMinBigCreation = 4;

struct SmallCreation {
  uint32_t value;  // 1 to 3.
  char stored;     // The same as a digit: what the file is to hold.
};

// The creation after the one stored; the first one if there is no byte or it is
// not a digit that could have been stored.
SmallCreation NextSmallCreation(std::optional<char> stored);

// For version 5 where the file cannot be used: 1 to 3.
uint32_t RandomSmallCreation(uint64_t entropy);

// For version 6: 4 to 2^32 - 1, all equally likely.
uint32_t BigCreation(uint64_t entropy);

}  // namespace ringdist

#endif  // RINGDIST_PROTO_CREATION_H_

// EntropySource: where random numbers come from. It is always passed in, so
// that a test or a simulation says what is drawn.
//
//   EntropySource entropy = SystemEntropy;
//   const uint32_t creation = BigCreation(entropy());

#ifndef RINGDIST_RUNTIME_ENTROPY_H_
#define RINGDIST_RUNTIME_ENTROPY_H_

#include <cstdint>
#include <functional>

namespace ringdist {

// Each call returns 64 random bits.
using EntropySource = std::function<uint64_t()>;

// The system's source, getrandom(2): fit for challenges and creations. Blocks
// only in the first moments of a machine's life. From any thread.
uint64_t SystemEntropy();

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_ENTROPY_H_

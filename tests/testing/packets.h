// Handshake packets by hand: a body with its 2-byte header, and back. Not the
// code under test.

#ifndef RINGDIST_TESTS_TESTING_PACKETS_H_
#define RINGDIST_TESTS_TESTING_PACKETS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/check.h"

namespace ringdist {

inline std::string HandshakePacket(absl::string_view body) {
  RINGDIST_CHECK_LE(body.size(), 65535u);
  const char header[] = {static_cast<char>(body.size() / 256),
                         static_cast<char>(body.size() % 256)};
  return absl::StrCat(absl::string_view(header, 2), body);
}

// The bodies in a stream that holds nothing but whole packets.
inline std::vector<std::string> HandshakeBodies(absl::string_view stream) {
  std::vector<std::string> bodies;
  while (!stream.empty()) {
    RINGDIST_CHECK_LE(2u, stream.size());
    const size_t size = static_cast<unsigned char>(stream[0]) * 256u +
                        static_cast<unsigned char>(stream[1]);
    RINGDIST_CHECK_LE(2u + size, stream.size());
    bodies.emplace_back(stream.substr(2, size));
    stream.remove_prefix(2 + size);
  }
  return bodies;
}

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_PACKETS_H_

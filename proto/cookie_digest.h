// CookieDigest: the proof in a handshake that both nodes have the same cookie,
// without sending it: MD5 of the cookie followed by the challenge of the other
// node as decimal text (gen_digest/2 in OTP's lib/kernel/src/dist_util.erl).
//
//   absl::StatusOr<Digest> digest = CookieDigest("secret", 3217268428);
//   if (digest.ok() && DigestsEqual(*digest, reply.digest)) ...
//
// MD5 is what the protocol prescribes. It keeps strangers out by accident and
// not by force: the directory's permissions have to do that.

#ifndef RINGDIST_PROTO_COOKIE_DIGEST_H_
#define RINGDIST_PROTO_COOKIE_DIGEST_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ringdist {

inline constexpr size_t kDigestSize = 16;
using Digest = std::array<uint8_t, kDigestSize>;

// The digest that answers `challenge`. The cookie is taken as the bytes it has.
// Unavailable if libcrypto refuses MD5, as it does in FIPS mode.
absl::StatusOr<Digest> CookieDigest(absl::string_view cookie,
                                    uint32_t challenge);

// Compares in a time that does not tell how much of them is equal.
bool DigestsEqual(const Digest& left, const Digest& right);

}  // namespace ringdist

#endif  // RINGDIST_PROTO_COOKIE_DIGEST_H_

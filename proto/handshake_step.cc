#include "ringdist/proto/handshake_step.h"

#include <cstdint>
#include <string>

#include "ringdist/proto/bytes.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/distribution_flags.h"

namespace ringdist::internal_handshake {

uint64_t AnnouncedFlags(const LocalNode& local, bool with_name_me) {
  uint64_t flags = NormalizeFlags(local.flags) & ~kDflagNameMe;
  if (with_name_me) flags = (flags & ~kDflagPublished) | kDflagNameMe;
  return local.protocol_version == 5 ? VersionFiveFlags(flags)
                                     : flags | kDflagHandshake23;
}

uint64_t RequiredFlags(const LocalNode& local) {
  return local.protocol_version == 5 ? VersionFiveFlags(local.mandatory_flags)
                                     : local.mandatory_flags;
}

std::string Packet(absl::string_view body) {
  RINGDIST_CHECK_LE(body.size(), 0xFFFFu);
  StringWriter writer;
  writer.WriteU16(static_cast<uint16_t>(body.size()));
  writer.WriteBytes(body);
  return std::string(writer.view());
}

}  // namespace ringdist::internal_handshake

// Whatever a peer sends on a connection that is up, each packet is a message, a
// fragment or refused; a message that was read can be described and sent again
// as the same; and what is kept stays below the limits.
//
// Input: a byte of which bit 0 negotiates DIST_HDR_ATOM_CACHE and bit 1
// FRAGMENTS, and packets: u16 size and the body.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/distribution_decoder.h"
#include "ringdist/proto/distribution_flags.h"

namespace ringdist {
namespace {

std::string Plain(const ControlMessage& message) {
  StringWriter bytes;
  EncodePassThrough(message, bytes);
  return std::string(bytes.view());
}

void CheckMessage(const ControlMessage& message) {
  RINGDIST_CHECK(ToString(message).find('\n') == std::string::npos);
  if (std::holds_alternative<control::Unknown>(message)) return;
  const std::string plain = Plain(message);
  ControlMessage again;
  RINGDIST_CHECK(DecodePassThrough(plain, again).ok());
  RINGDIST_CHECK_EQ(again.index(), message.index());
  RINGDIST_CHECK(Plain(again) == plain);
}

void Run(absl::string_view input) {
  ByteReader reader(input);
  const uint8_t form = reader.ReadU8();
  DistributionLimits limits;
  limits.max_sequences = 4;
  limits.max_fragmented_bytes = 10000;
  DistributionDecoder decoder((form & 1 ? kDflagDistHdrAtomCache : 0) |
                                  (form & 2 ? kDflagFragments : 0),
                              limits);
  while (reader.ok() && !reader.AtEnd()) {
    const size_t size = reader.ReadU16();
    const absl::string_view packet =
        reader.ReadBytes(std::min(size, reader.remaining()));
    const absl::StatusOr<bool> complete = decoder.Decode(packet);
    if (complete.ok()) {
      if (*complete) CheckMessage(decoder.message());
      continue;
    }
    RINGDIST_CHECK(!complete.status().message().empty());
    if (absl::IsDataLoss(complete.status())) {
      const TermView* payload = PayloadOf(decoder.message());
      RINGDIST_CHECK(payload != nullptr && payload->empty());
    } else {
      // For good.
      RINGDIST_CHECK(decoder.Decode(packet).status() == complete.status());
      return;
    }
  }
  const AtomCacheStatistics statistics = decoder.statistics();
  RINGDIST_CHECK_LE(statistics.hits, statistics.references);
}

}  // namespace
}  // namespace ringdist

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ringdist::Run(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}

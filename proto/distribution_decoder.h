// DistributionDecoder: what arrives on one connection that is up, packet by
// packet, as control messages. It knows the three forms that the negotiated
// flags select (OTP, erts/doc: "Distribution Protocol" and "External Term
// Format", section "Distribution Header"; erts/emulator/beam/dist.c):
//
//   70 83 <control> [83 <payload>]           neither of the two flags
//   83 44 <atoms> <control> [<payload>]      DIST_HDR_ATOM_CACHE or FRAGMENTS
//   83 45 <u64 sequence> <u64 id> <atoms> <control> <part of the payload>
//   83 46 <u64 sequence> <u64 id> <next part>         id counts down to 1
//
//   DistributionDecoder decoder(peer.flags);
//   absl::StatusOr<bool> complete = decoder.Decode(packet);
//   if (!complete.ok()) return Close(complete.status());
//   if (*complete) Handle(decoder.message());  // else: a fragment was put
//   aside
//
// Most messages follow another one from the same process to the same one, and
// begin with the same bytes up to the payload: those are compared and not
// decoded again, which takes a tenth of the time.
//
// An error is what a real node closes the connection for. We are stricter where
// it would look at memory that is not its own, or ask for any amount: <atoms>
// without DIST_HDR_ATOM_CACHE, a fragment without sequence and id or with the
// id 0. Sequence 0 is that of messages in one piece, whatever the id.

#ifndef RINGDIST_PROTO_DISTRIBUTION_DECODER_H_
#define RINGDIST_PROTO_DISTRIBUTION_DECODER_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/atom_cache.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/growing_memory.h"

namespace ringdist {

// Memory follows what has arrived, never what is announced: a fragmented
// message takes at most about twice its bytes, and the atoms that it refers to.
struct DistributionLimits {
  // Fragmented messages that are incomplete at one time, and their bytes, with
  // the texts of their atoms.
  size_t max_sequences = 1024;
  size_t max_fragmented_bytes = size_t{1} << 30;
};

// Gives away the memory that a packet lies in, if that is its own: it begins
// with the packet. Otherwise it gives empty memory.
using TakeMemory = absl::FunctionRef<GrowingMemory()>;

// Of one connection, and not to be used by several threads at a time.
class DistributionDecoder {
 public:
  // `negotiated`: the flags both sides announced.
  explicit DistributionDecoder(uint64_t negotiated,
                               DistributionLimits limits = {});
  ~DistributionDecoder();

  // One packet, not a tick. True: message() is complete. False: a fragment of a
  // message that goes on; message() means nothing. Errors: InvalidArgument,
  // what is wrong and at which byte; ResourceExhausted, a limit and its name.
  // After these nothing more can be decoded: each call gives the same error.
  // DataLoss is another matter: the payload is missing or broken, and message()
  // has all but that. For a real node it is an error if there is a process that
  // receives the message, and else nothing.
  //
  // Nothing is allocated for a message in one piece whose atoms are cached.
  absl::StatusOr<bool> Decode(absl::string_view packet) {
    return Decode(packet, [] { return GrowingMemory(); });
  }
  // `take_memory` is asked for a large first fragment only, which then need not
  // be copied.
  absl::StatusOr<bool> Decode(absl::string_view packet, TakeMemory take_memory);

  // As Decode, of a message that repeats() with a good payload; faster. False:
  // nothing was done, call Decode.
  bool DecodeAgain(absl::string_view packet);

  // The payload that it read.
  const TermView& payload_again() const;

  // Its views point into the packet and into the decoder, and are valid until
  // the next Decode.
  const ControlMessage& message() const;
  // Whether message() differs from the one that the Decode before gave in
  // nothing but its payload.
  bool repeats() const;

  AtomCacheStatistics statistics() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ringdist

#endif  // RINGDIST_PROTO_DISTRIBUTION_DECODER_H_

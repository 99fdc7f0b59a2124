// FragmentAssembler: the messages of one connection that arrive in fragments,
// until they are whole.
//
// Internal to distribution_decoder.
//
//   absl::Status begun = assembler.Begin(sequence, 3, std::move(atoms), part);
//   auto message = assembler.Continue(sequence, 2, part);      // null
//   message = assembler.Continue(sequence, 1, part);           // all of it
//
// A message is told by its sequence, a number that the sender chooses and may
// use again for a later one. Its fragments are counted down to 1 by their ids;
// between them anything else may arrive. What is kept is what has come: the id
// of the first fragment is a claim, for which nothing is set aside.
//
// OTP: erts/emulator/beam/dist.c, erts_net_message.

#ifndef RINGDIST_PROTO_FRAGMENT_ASSEMBLER_H_
#define RINGDIST_PROTO_FRAGMENT_ASSEMBLER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/atom_cache.h"
#include "ringdist/proto/growing_memory.h"

namespace ringdist {

struct FragmentedMessage {
  uint64_t next_id = 0;  // Of the fragment that is due.
  std::vector<AtomCacheIn::Text> atoms;
  // The control term and the payload, as far as they came: they begin
  // somewhere in the memory.
  absl::string_view bytes;
  GrowingMemory memory;

  void Append(absl::string_view part);
  // What it counts as, towards max_fragmented_bytes: an atom with its text,
  // even where several share it.
  size_t Cost() const;
};

class FragmentAssembler {
 public:
  // `max_sequences` incomplete messages, which cost `max_bytes` together.
  FragmentAssembler(size_t max_sequences, size_t max_bytes)
      : max_sequences_(max_sequences), max_bytes_(max_bytes) {}

  // Whether the sequence has a message that is not complete.
  bool Contains(uint64_t sequence) const {
    return messages_.contains(sequence);
  }

  // The first of several fragments: `id` is at least 2. InvalidArgument: the
  // sequence is in use; ResourceExhausted: a limit, by its name in
  // DistributionLimits.
  //
  // `take_memory` gives away the memory that `part` lies in, or nothing: if it
  // does, a large part is not copied.
  absl::Status Begin(uint64_t sequence, uint64_t id,
                     std::vector<AtomCacheIn::Text> atoms,
                     absl::string_view part,
                     absl::FunctionRef<GrowingMemory()> take_memory);

  // Another fragment. Gives the message away if it was the last one, else
  // null. InvalidArgument: no such sequence, or another fragment is due.
  absl::StatusOr<std::unique_ptr<FragmentedMessage>> Continue(
      uint64_t sequence, uint64_t id, absl::string_view part);

 private:
  // Counts `size` more.
  absl::Status Take(size_t size);

  const size_t max_sequences_;
  const size_t max_bytes_;
  absl::flat_hash_map<uint64_t, std::unique_ptr<FragmentedMessage>> messages_;
  size_t cost_ = 0;  // Of all in messages_.
};

}  // namespace ringdist

#endif  // RINGDIST_PROTO_FRAGMENT_ASSEMBLER_H_

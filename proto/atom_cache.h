// The atom cache of a connection: an atom that one side has sent before is one
// byte in the header of a message, and two wherever it stands in the terms.
// Each direction has a cache of 2048 slots. The sender decides which atom lies
// in which of its slots, the receiver follows (OTP, erts/doc: "External Term
// Format", section "Distribution Header"; erts/emulator/beam/external.c).
//
//   atoms.BeginMessage();
//   TermWriter writer(terms, &atoms);             // WriteAtom asks PlaceOf
//   writer.WritePid(from);
//   atoms.WriteHeader(header);                    // what the terms refer to
//   atoms.Commit();                               // the message was queued
//
//   size_t at = 2;                                // behind 83 44
//   absl::Status status = atoms.Read(packet, at);
//   TermReader reader(packet.substr(at), atoms.atoms());
//
// The atoms that a message uses stand behind 83 44, or 83 45 and two numbers:
//
//   u8 N; if N > 0: flags, N/2 + 1 bytes; N references
//
// There are four bits of flags per reference, the first in the low half of the
// first byte: the slot's upper three bits, and 8 if the atom is new. Behind
// them the lowest bit tells that lengths have two bytes, for the whole message.
// A reference is the slot's lower eight bits; if the atom is new, its length
// and text (UTF-8) follow, and it lies in that slot from then on. In the terms
// `52 i` stands for the i-th.

#ifndef RINGDIST_PROTO_ATOM_CACHE_H_
#define RINGDIST_PROTO_ATOM_CACHE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ringdist/proto/bytes.h"

namespace ringdist {

inline constexpr size_t kAtomCacheSlots = 2048;
inline constexpr size_t kMaxAtomReferences = 255;

struct AtomCacheStatistics {
  uint64_t references = 0;  // Atoms in headers.
  uint64_t hits = 0;        // That were in the cache already.
};

namespace internal_atom_cache {

// One T per slot, which exists once the slot is used: few connections use more
// than some dozen.
template <typename T>
class Slots {
 public:
  // Valid until another slot is used for the first time.
  T& At(size_t slot) {
    if (__builtin_expect(places_[slot] == 0, 0)) {
      used_.emplace_back();
      places_[slot] = static_cast<uint16_t>(used_.size());
    }
    return used_[places_[slot] - 1u];
  }
  // For a slot that is used.
  const T& At(size_t slot) const { return used_[places_[slot] - 1u]; }

 private:
  std::array<uint16_t, kAtomCacheSlots> places_ = {};  // In used_, from 1.
  std::vector<T> used_;
};

}  // namespace internal_atom_cache

// What one side sends. The slot of an atom is a hash of its text, and another
// atom with that slot takes its place. But within a message a slot belongs to
// one atom: others with the slot are written out in full, as is the 256th.
class AtomCacheOut {
 public:
  // Nothing refers to any atom yet. What the last message would have told the
  // peer, had it been committed, counts as not told.
  void BeginMessage() {
    ++message_;
    count_ = 0;
    new_count_ = 0;
    new_bytes_ = 0;
    long_atoms_ = false;
  }

  // Begins a message with the first `count` atoms of the last one, at the same
  // places. The peer must know these.
  void BeginAgain(size_t count) {
    // It had no others: then this one may as well go on with it.
    if (count_ == count && all_known()) return;
    BeginMessage();
    for (; count_ < count; ++count_) {
      slots_.At(used_[count_]).message = message_;
    }
  }
  // Atoms of the message so far, and whether the peer knows all of them.
  size_t count() const { return count_; }
  bool all_known() const { return new_count_ == 0; }

  // What stands behind 52 for an atom, which becomes one of the message's; or
  // kInFull. `text` must be an atom's.
  static constexpr int kInFull = -1;
  int PlaceOf(absl::string_view text);

  // N, flags and references of the message: their size, and the bytes.
  size_t HeaderSize() const;
  void WriteHeader(char* at) const;

  // The peer will know the message's atoms.
  void Commit();

  // Of the messages that were committed.
  AtomCacheStatistics statistics() const { return statistics_; }

  static size_t SlotOf(absl::string_view text);

 private:
  struct Slot {
    std::string text;
    uint64_t message = 0;  // The last one that refers to it,
    uint8_t place = 0;     // and at which place.
    bool known = false;    // The peer has the same text in its slot.
  };

  void Assign(Slot& slot, absl::string_view text);

  internal_atom_cache::Slots<Slot> slots_;
  // Of the message at hand: its number, and the slots that it refers to.
  uint64_t message_ = 1;
  size_t count_ = 0;
  std::array<uint16_t, kMaxAtomReferences> used_;
  // Of the atoms that the peer does not know: how many, the size of their
  // texts, and whether a text needs a length of two bytes.
  size_t new_count_ = 0;
  size_t new_bytes_ = 0;
  bool long_atoms_ = false;
  AtomCacheStatistics statistics_;
};

// What the other side receives.
class AtomCacheIn {
 public:
  // Shared by the cache and by the fragmented messages that refer to it.
  using Text = std::shared_ptr<const std::string>;

  // Reads N, flags and references, which begin at packet[at], and moves `at`
  // behind them. `kept`, if given, gets the texts, in order. InvalidArgument:
  // what is wrong and at which byte; the cache is of no use then. As a real
  // node does, it refuses: bytes that end too early, a reference to a slot in
  // which nothing lies, and a text that is no atom's.
  absl::Status Read(absl::string_view packet, size_t& at,
                    std::vector<Text>* kept = nullptr);

  // The texts of what was read last, by index; valid until the next Read.
  absl::Span<const absl::string_view> atoms() const { return atoms_; }
  // Whether the last Read put an atom into a slot.
  bool changed() const { return changed_; }
  // Counts as if Read had read what it read last once more, all of it known.
  void CountAgain() {
    statistics_.references += atoms_.size();
    statistics_.hits += atoms_.size();
  }

  AtomCacheStatistics statistics() const { return statistics_; }

 private:
  // Takes a reference with these flags off `bytes`. Null: `problem` tells why.
  const Text* ReadReference(ByteReader& bytes, size_t flags, bool long_atoms,
                            absl::string_view& problem);

  internal_atom_cache::Slots<Text> slots_;
  std::vector<absl::string_view> atoms_;  // Points to the texts.
  std::vector<Text> replaced_;            // By the last Read, as is atoms_.
  bool changed_ = false;
  AtomCacheStatistics statistics_;
};

}  // namespace ringdist

#endif  // RINGDIST_PROTO_ATOM_CACHE_H_

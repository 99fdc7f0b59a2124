// The values of terms that have no parts, for their order and their hashes:
// each is read off a cursor over valid bytes, its tag read before.
//
// Internal to term_order.h.

#ifndef RINGDIST_PROTO_TERM_LEAF_H_
#define RINGDIST_PROTO_TERM_LEAF_H_

#include <compare>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "ringdist/proto/atom_view.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term_scan.h"

namespace ringdist {
namespace internal_term {

// Each number in one way only: a BigInteger does not fit an int64_t.
struct Number {
  enum class Kind : uint8_t { kSmall, kBig, kFloat };

  Kind kind = Kind::kSmall;
  int64_t small = 0;
  BigInteger big;
  double real = 0;
};

Number ReadNumber(TermCursor& cursor, uint8_t tag);
Number NumberOf(const BigInteger& big);
// By value.
std::weak_ordering Compare(const Number& a, const Number& b);

// A binary or a bitstring.
struct Bits {
  absl::string_view whole_bytes;
  uint8_t last_bits = 0;  // How many are used of one byte more, 0 to 7,
  uint8_t last = 0;       // and that byte, with zeros behind them.
};

Bits ReadBits(TermCursor& cursor, uint8_t tag);
std::strong_ordering Compare(const Bits& a, const Bits& b);

// A closure or an export up to a closure's environment. The process that made
// a closure does not count, in Erlang either.
struct Fun {
  bool exported = false;
  AtomView module;
  AtomView name;      // Of an export.
  int64_t arity = 0;  // Of an export.
  int64_t index = 0;  // The old index of a closure, and its old uniq.
  int64_t uniq = 0;
  // Terms that follow and belong to it.
  uint64_t parts = 0;
  // Arity, uniq and index of a closure, as they were sent.
  absl::string_view version;
};

Fun ReadFun(TermCursor& cursor, uint8_t tag);
std::strong_ordering Compare(const Fun& a, const Fun& b);

// By their characters.
std::strong_ordering Compare(const AtomView& a, const AtomView& b);
// As OTP does (erts_cmp in erts/emulator/beam/utils.c): pids by serial and id,
// then node and creation; ports and references by node and creation first.
// Words of zero at the end of a reference make no difference.
std::strong_ordering Compare(const PidView& a, const PidView& b);
std::strong_ordering Compare(const PortView& a, const PortView& b);
std::strong_ordering Compare(const ReferenceView& a, const ReferenceView& b);

// Equal where Compare finds no difference, and for numbers of the same kind.
size_t Hash(const Number& number);
size_t Hash(const Bits& bits);
size_t Hash(const Fun& fun);
size_t Hash(const AtomView& atom);
size_t Hash(const PidView& pid);
size_t Hash(const PortView& port);
size_t Hash(const ReferenceView& reference);

}  // namespace internal_term
}  // namespace ringdist

#endif  // RINGDIST_PROTO_TERM_LEAF_H_

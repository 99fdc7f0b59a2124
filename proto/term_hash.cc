#include <cstdint>
#include <optional>
#include <vector>

#include "absl/hash/hash.h"
#include "ringdist/proto/term_leaf.h"
#include "ringdist/proto/term_order.h"
#include "ringdist/proto/term_scan.h"
#include "ringdist/proto/term_tags.h"

namespace ringdist {
namespace {

using internal_term::Hash;
using internal_term::TermCursor;

size_t Combine(size_t a, size_t b) { return absl::HashOf(a, b); }

size_t HashOfType(TermType type) {
  return absl::HashOf(static_cast<int>(type));
}

// Hashes a term, the innermost parts first.
class TermHasher {
 public:
  explicit TermHasher(const TermView& term)
      : cursor_(term.bytes(), term.atoms()) {}

  size_t Run();

 private:
  // A term of whose parts some are still to come.
  struct Frame {
    TermType type;   // kTuple, kList or kMap; a fun is a tuple here.
    uint64_t left;   // Parts; of a list elements, and then comes the tail.
    size_t hash;     // Of what was there.
    size_t key = 0;  // Of a map: hash of the key whose value comes next.
  };

  // Nothing if the term has parts, which are to be read next.
  std::optional<size_t> ReadTerm();
  std::optional<size_t> ReadList(TermTag tag);
  std::optional<size_t> Enter(TermType type, uint64_t parts, size_t hash);
  // Adds a part. Gives the term's hash if it was the last.
  std::optional<size_t> Add(size_t part);

  TermCursor cursor_;
  std::vector<Frame> frames_;
};

size_t TermHasher::Run() {
  for (;;) {
    std::optional<size_t> hash = ReadTerm();
    while (hash.has_value()) {
      if (frames_.empty()) return *hash;
      hash = Add(*hash);
    }
  }
}

std::optional<size_t> TermHasher::ReadTerm() {
  const uint8_t tag = cursor_.bytes().ReadU8();
  const TermType type = TypeOfTag(tag);
  switch (type) {
    case TermType::kInteger:
    case TermType::kFloat:
      return Hash(internal_term::ReadNumber(cursor_, tag));
    case TermType::kAtom:
      return Hash(internal_term::ReadAtom(cursor_, tag));
    case TermType::kReference:
      return Hash(internal_term::ReadReference(cursor_, tag));
    case TermType::kFun: {
      const internal_term::Fun fun = internal_term::ReadFun(cursor_, tag);
      return Enter(TermType::kTuple, fun.parts, Hash(fun));
    }
    case TermType::kPort:
      return Hash(internal_term::ReadPort(cursor_, tag));
    case TermType::kPid:
      return Hash(internal_term::ReadPid(cursor_, tag));
    case TermType::kBinary:
    case TermType::kBitstring:
      return Hash(internal_term::ReadBits(cursor_, tag));
    case TermType::kTuple: {
      const uint64_t arity = static_cast<TermTag>(tag) == TermTag::kSmallTuple
                                 ? cursor_.bytes().ReadU8()
                                 : cursor_.bytes().ReadU32();
      return Enter(type, arity, Combine(HashOfType(type), arity));
    }
    case TermType::kMap: {
      const uint64_t pairs = cursor_.bytes().ReadU32();
      return Enter(type, 2 * pairs, Combine(HashOfType(type), pairs));
    }
    case TermType::kList:
      return ReadList(static_cast<TermTag>(tag));
    case TermType::kNil:
    case TermType::kNone:
      break;
  }
  return HashOfType(type);
}

// A list that is the tail of one continues it: what counts is the elements.
std::optional<size_t> TermHasher::ReadList(TermTag tag) {
  const bool string = tag == TermTag::kString;
  const uint64_t size =
      string ? cursor_.bytes().ReadU16() : cursor_.bytes().ReadU32();
  const bool is_tail = !frames_.empty() &&
                       frames_.back().type == TermType::kList &&
                       frames_.back().left == 0;
  if (size > 0 && !is_tail) {
    frames_.push_back({TermType::kList, 0, HashOfType(TermType::kList)});
  }
  if (!string) {
    if (size > 0) frames_.back().left = size;
    return std::nullopt;
  }
  for (uint64_t i = 0; i < size; ++i) {
    internal_term::Number byte;
    byte.small = cursor_.bytes().ReadU8();
    frames_.back().hash = Combine(frames_.back().hash, Hash(byte));
  }
  return HashOfType(TermType::kNil);
}

std::optional<size_t> TermHasher::Enter(TermType type, uint64_t parts,
                                        size_t hash) {
  if (parts == 0) return hash;
  frames_.push_back({type, parts, hash});
  return std::nullopt;
}

std::optional<size_t> TermHasher::Add(size_t part) {
  Frame& frame = frames_.back();
  if (frame.type != TermType::kMap) {
    frame.hash = Combine(frame.hash, part);
  } else if (frame.left % 2 == 0) {
    frame.key = part;
  } else {
    frame.hash += Combine(frame.key, part);  // In whichever order they come.
  }
  // A list is complete with its tail, which comes when no element is left.
  const uint64_t last = frame.type == TermType::kList ? 0 : 1;
  if (frame.left > last) {
    --frame.left;
    return std::nullopt;
  }
  const size_t hash = frame.hash;
  frames_.pop_back();
  return hash;
}

}  // namespace

size_t HashTerm(const TermView& term) { return TermHasher(term).Run(); }

}  // namespace ringdist

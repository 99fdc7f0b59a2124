#include "ringdist/proto/term_index.h"

#include <algorithm>

#include "absl/strings/string_view.h"
#include "ringdist/proto/big_endian.h"
#include "ringdist/proto/term_tags.h"

namespace ringdist {
namespace internal_term {
namespace {

// Up to this many bytes that say nothing are read again each time.
constexpr size_t kFewBytes = 64;

constexpr size_t kListHeaderSize = 5;      // l, u32 elements.
constexpr size_t kLargeBigHeaderSize = 6;  // o, u32 size, u8 sign.

TermTag TagAt(const TermCursor& cursor) {
  return static_cast<TermTag>(cursor.bytes().PeekU8());
}

// The number that follows a tag.
uint32_t CountAt(const TermCursor& cursor) {
  return LoadBigEndian<uint32_t>(cursor.bytes().cursor() + 1);
}

bool AtEmptyList(const TermCursor& cursor) {
  return TagAt(cursor) == TermTag::kList && CountAt(cursor) == 0;
}

}  // namespace

void TermIndex::Build(TermCursor cursor, Less less) {
  pairs_.clear();
  known_.clear();
  const char* empty_lists = nullptr;  // Where a row of them began.
  for (uint64_t pending = 1; pending > 0;) {
    const char* term = cursor.bytes().cursor();
    const TermTag tag = TagAt(cursor);
    if (!open_.empty() && pending == open_.back().pending_next) AddPart(term);
    if (AtEmptyList(cursor)) {
      if (empty_lists == nullptr) empty_lists = term;
    } else if (empty_lists != nullptr) {
      const auto size = static_cast<size_t>(term - empty_lists);
      if (size > kFewBytes) known_[empty_lists] = size;
      empty_lists = nullptr;
    }
    const uint64_t parts = ScanOne(cursor);
    pending += parts - 1;
    if (tag == TermTag::kMap && parts > 0) Open(term, parts / 2, pending);
    if (tag == TermTag::kLargeBig) NoteZeros(term, cursor);
    while (!open_.empty() && pending == open_.back().pending_after) {
      Close(cursor.bytes().cursor(), less);
    }
  }
}

void TermIndex::Open(const char* map, uint64_t pairs, uint64_t pending) {
  open_.push_back({map, pending - 2 * pairs, pending, pairs_.size(), 0});
  pairs_.resize(pairs_.size() + pairs + 1);
}

void TermIndex::AddPart(const char* part) {
  OpenMap& map = open_.back();
  Pair& pair = pairs_[map.first + map.parts / 2];
  (map.parts % 2 == 0 ? pair.key : pair.value) = part;
  ++map.parts;
  --map.pending_next;
}

void TermIndex::Close(const char* end, Less less) {
  const OpenMap& map = open_.back();
  Pair* first = pairs_.data() + map.first;
  Pair* last = first + map.parts / 2;
  if (last - first > 1) {
    std::stable_sort(first, last, [less](const Pair& a, const Pair& b) {
      return less(a.key, b.key);
    });
  }
  last->key = end;
  known_[map.map] = map.first;
  open_.pop_back();
}

void TermIndex::NoteZeros(const char* term, const TermCursor& behind) {
  const char* magnitude = term + kLargeBigHeaderSize;
  const char* end = behind.bytes().cursor();
  const char* zeros = end;
  while (zeros > magnitude && zeros[-1] == '\0') --zeros;
  if (static_cast<size_t>(end - zeros) > kFewBytes) {
    known_[term] = static_cast<size_t>(zeros - magnitude);
  }
}

void TermIndex::SkipEmptyLists(TermCursor& cursor) const {
  for (size_t skipped = 0; AtEmptyList(cursor);) {
    size_t size = kListHeaderSize;
    if (skipped == 0) {
      const auto known = known_.find(cursor.bytes().cursor());
      if (known != known_.end()) size = known->second;
    }
    cursor.bytes().ReadBytes(size);
    skipped += size;
  }
}

Number TermIndex::ReadNumber(TermCursor& cursor, uint8_t tag) const {
  ByteReader& bytes = cursor.bytes();
  const auto known = static_cast<TermTag>(tag) == TermTag::kLargeBig
                         ? known_.find(bytes.cursor() - 1)
                         : known_.end();
  if (known == known_.end()) return internal_term::ReadNumber(cursor, tag);
  const size_t size = bytes.ReadU32();
  BigInteger big;
  big.negative = bytes.ReadU8() != 0;
  big.magnitude = bytes.ReadBytes(size).substr(0, known->second);
  return NumberOf(big);
}

}  // namespace internal_term
}  // namespace ringdist

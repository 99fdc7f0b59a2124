#include "ringdist/proto/term_order.h"

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "ringdist/proto/term_index.h"
#include "ringdist/proto/term_leaf.h"
#include "ringdist/proto/term_scan.h"
#include "ringdist/proto/term_tags.h"

namespace ringdist {
namespace {

using internal_term::Number;
using internal_term::TermCursor;
using internal_term::TermIndex;

// A term's tag, and how many parts it has if it has any.
struct Head {
  TermType type;
  uint8_t tag;
  uint32_t size;
  const char* at;
};

// Types that are one in the order of types.
TermType Rank(TermType type) {
  if (type == TermType::kFloat) return TermType::kInteger;
  return type == TermType::kBitstring ? TermType::kBinary : type;
}

// One of the two terms: where it is being read.
class Side {
 public:
  Side(TermCursor cursor, TermIndex& index) : cursor_(cursor), index_(index) {}

  TermIndex& index() { return index_; }
  // Where the next term stands.
  TermCursor& cursor() { return aside_ ? instead_ : cursor_; }

  void MoveTo(const char* at) { cursor_ = At(at); }
  // The same side, elsewhere.
  Side CopyAt(const char* at) const { return Side(At(at), index_); }

  // Takes a tag and a count of parts.
  Head ReadHead();
  // Takes the next element of a list of which `left` more stand here, in a
  // STRING_EXT if `string` is set; both are kept up to date. The element is
  // what the cursor is at then. Or false, and it is at the tail.
  bool NextInList(uint32_t& left, bool& string);

  // Has the cursor be at a term that stands elsewhere, until ReturnToTerm.
  void ReadInstead(absl::string_view term) {
    instead_ = TermCursor(term, AtomTable());
    aside_ = true;
  }
  void ReturnToTerm() { aside_ = false; }

 private:
  TermCursor At(const char* at) const {
    const absl::string_view rest = cursor_.bytes().Rest();
    const char* end = rest.data() + rest.size();
    return TermCursor({at, static_cast<size_t>(end - at)}, cursor_.atoms());
  }

  TermCursor cursor_;
  TermCursor instead_{absl::string_view(), AtomTable()};
  bool aside_ = false;                  // Whether `instead_` is to be read.
  std::array<char, 2> byte_term_ = {};  // SMALL_INTEGER_EXT, for `instead_`.
  TermIndex& index_;
};

Head Side::ReadHead() {
  if (!aside_) index_.SkipEmptyLists(cursor_);
  ByteReader& bytes = cursor().bytes();
  const char* at = bytes.cursor();
  const uint8_t tag = bytes.ReadU8();
  Head head = {TypeOfTag(tag), tag, 0, at};
  switch (static_cast<TermTag>(tag)) {
    case TermTag::kSmallTuple:
      head.size = bytes.ReadU8();
      break;
    case TermTag::kString:
      head.size = bytes.ReadU16();
      if (head.size == 0) head.type = TermType::kNil;
      break;
    case TermTag::kLargeTuple:
    case TermTag::kList:
    case TermTag::kMap:
      head.size = bytes.ReadU32();
      break;
    default:
      break;
  }
  return head;
}

bool Side::NextInList(uint32_t& left, bool& string) {
  if (left == 0) {
    if (string) {
      ReadInstead("j");  // NIL_EXT.
      return false;
    }
    const Head tail = ReadHead();
    if (tail.type != TermType::kList) {
      MoveTo(tail.at);
      return false;
    }
    left = tail.size;
    string = static_cast<TermTag>(tail.tag) == TermTag::kString;
  }
  --left;
  if (string) {
    byte_term_ = {static_cast<char>(TermTag::kSmallInteger),
                  static_cast<char>(cursor_.bytes().ReadU8())};
    ReadInstead({byte_term_.data(), byte_term_.size()});
  }
  return true;
}

// Goes over two terms side by side, for as long as they are the same.
class Comparison {
 public:
  // If `exact`, all integers come before all floats: the order of the keys of
  // maps. Otherwise they are compared by value.
  Comparison(const Side& a, const Side& b, bool exact)
      : sides_{a, b}, exact_(exact) {}

  std::weak_ordering Run();
  // For terms that compare equal: what the first integer was compared with a
  // float of the same value.
  std::weak_ordering tie() const { return tie_; }

 private:
  // A term with parts that is the same on both sides up to here.
  struct Frame {
    enum class Kind : uint8_t { kTuple, kList, kKeys, kValues };

    Kind kind;
    // Of a map: how it, and so its values, are compared.
    bool exact = false;
    // Of a list: whether its elements stand in a STRING_EXT, on each side.
    std::array<bool, 2> string = {};
    // Of a list: how many are left where they stand now, on each side. Of all
    // else: how many are left, and of a map how many pairs it has.
    std::array<uint32_t, 2> left = {};
    // Of a map: the next pair, on each side.
    std::array<size_t, 2> pair = {};
  };

  std::weak_ordering CompareTerm();
  template <typename Read>
  std::weak_ordering CompareLeaves(const Head& a, const Head& b, Read read);
  std::weak_ordering CompareNumbers(const Head& a, const Head& b);
  std::weak_ordering CompareFuns(const Head& a, const Head& b);
  void EnterTuple(uint64_t parts);
  void EnterList(const Head& a, const Head& b);
  void EnterMap(const Head& a, const Head& b);

  bool Advance();
  void AdvanceInList(Frame& frame);
  bool AdvanceInMap(Frame& frame);

  std::array<Side, 2> sides_;
  bool exact_;
  std::weak_ordering tie_ = std::weak_ordering::equivalent;
  std::vector<Frame> frames_;
};

std::weak_ordering Comparison::Run() {
  do {
    if (const auto order = CompareTerm(); std::is_neq(order)) return order;
  } while (Advance());
  return std::weak_ordering::equivalent;
}

// Compares the next two terms but for their parts, which are to come then.
std::weak_ordering Comparison::CompareTerm() {
  const Head a = sides_[0].ReadHead();
  const Head b = sides_[1].ReadHead();
  if (Rank(a.type) != Rank(b.type)) return Rank(a.type) <=> Rank(b.type);
  switch (Rank(a.type)) {
    case TermType::kInteger:
      return CompareNumbers(a, b);
    case TermType::kAtom:
      return CompareLeaves(a, b, internal_term::ReadAtom);
    case TermType::kReference:
      return CompareLeaves(a, b, internal_term::ReadReference);
    case TermType::kFun:
      return CompareFuns(a, b);
    case TermType::kPort:
      return CompareLeaves(a, b, internal_term::ReadPort);
    case TermType::kPid:
      return CompareLeaves(a, b, internal_term::ReadPid);
    case TermType::kBinary:
      return CompareLeaves(a, b, internal_term::ReadBits);
    case TermType::kTuple:
      if (a.size == b.size) EnterTuple(a.size);
      return a.size <=> b.size;
    case TermType::kMap:
      if (a.size == b.size) EnterMap(a, b);
      return a.size <=> b.size;
    case TermType::kList:
      EnterList(a, b);
      break;
    default:
      break;
  }
  return std::weak_ordering::equivalent;
}

template <typename Read>
std::weak_ordering Comparison::CompareLeaves(const Head& a, const Head& b,
                                             Read read) {
  const auto a_value = read(sides_[0].cursor(), a.tag);
  const auto b_value = read(sides_[1].cursor(), b.tag);
  return internal_term::Compare(a_value, b_value);
}

std::weak_ordering Comparison::CompareNumbers(const Head& a, const Head& b) {
  const Number a_number =
      sides_[0].index().ReadNumber(sides_[0].cursor(), a.tag);
  const Number b_number =
      sides_[1].index().ReadNumber(sides_[1].cursor(), b.tag);
  const auto types = a.type <=> b.type;  // Integers come before floats.
  if (exact_ && std::is_neq(types)) return types;
  const auto order = internal_term::Compare(a_number, b_number);
  if (std::is_eq(order) && std::is_eq(tie_)) tie_ = types;
  return order;
}

std::weak_ordering Comparison::CompareFuns(const Head& a, const Head& b) {
  const auto a_fun = internal_term::ReadFun(sides_[0].cursor(), a.tag);
  const auto b_fun = internal_term::ReadFun(sides_[1].cursor(), b.tag);
  const auto order = internal_term::Compare(a_fun, b_fun);
  if (std::is_eq(order)) EnterTuple(a_fun.parts);
  return order;
}

void Comparison::EnterTuple(uint64_t parts) {
  if (parts == 0) return;
  Frame frame = {Frame::Kind::kTuple};
  frame.left[0] = static_cast<uint32_t>(parts);
  frames_.push_back(frame);
}

void Comparison::EnterList(const Head& a, const Head& b) {
  constexpr auto kString = static_cast<uint8_t>(TermTag::kString);
  Frame frame = {Frame::Kind::kList};
  frame.string = {a.tag == kString, b.tag == kString};
  frame.left = {a.size, b.size};
  frames_.push_back(frame);
}

void Comparison::EnterMap(const Head& a, const Head& b) {
  if (a.size == 0) return;
  Frame frame = {Frame::Kind::kKeys, exact_};
  frame.left = {a.size, a.size};
  for (size_t i = 0; i < 2; ++i) {
    const char* map = i == 0 ? a.at : b.at;
    Side& side = sides_[i];
    if (!side.index().KnowsMap(map)) {
      side.MoveTo(map);
      side.index().Build(side.cursor(), [&side](const char* x, const char* y) {
        return std::is_lt(
            Comparison(side.CopyAt(x), side.CopyAt(y), true).Run());
      });
    }
    frame.pair[i] = side.index().FirstPair(map);
  }
  frames_.push_back(frame);
}

// Goes to the next two terms. False if all were compared.
bool Comparison::Advance() {
  for (Side& side : sides_) side.ReturnToTerm();
  while (!frames_.empty()) {
    Frame& frame = frames_.back();
    switch (frame.kind) {
      case Frame::Kind::kTuple:
        // Leaving it with its last part keeps the stack low.
        if (--frame.left[0] == 0) frames_.pop_back();
        return true;
      case Frame::Kind::kList:
        AdvanceInList(frame);
        return true;
      case Frame::Kind::kKeys:
      case Frame::Kind::kValues:
        if (AdvanceInMap(frame)) return true;
        frames_.pop_back();
    }
  }
  return false;
}

void Comparison::AdvanceInList(Frame& frame) {
  std::array<bool, 2> more;
  for (size_t i = 0; i < 2; ++i) {
    more[i] = sides_[i].NextInList(frame.left[i], frame.string[i]);
  }
  if (!more[0] && !more[1]) {
    frames_.pop_back();  // What is left is to compare the tails.
  } else if (more[0] != more[1]) {
    // A tail, which is no list, with one: the shortest STRING_EXT will do.
    sides_[more[0] ? 0 : 1].ReadInstead({"k\0\1\0", 4});
  }
}

bool Comparison::AdvanceInMap(Frame& frame) {
  if (frame.left[0] == 0 && frame.kind == Frame::Kind::kKeys) {
    frame.kind = Frame::Kind::kValues;
    frame.left[0] = frame.left[1];
    for (size_t& pair : frame.pair) pair -= frame.left[1];
  }
  const bool done = frame.left[0] == 0;
  const bool keys = frame.kind == Frame::Kind::kKeys;
  for (size_t i = 0; i < 2; ++i) {
    const TermIndex::Pair& pair = sides_[i].index().pair(frame.pair[i]++);
    // Behind the last pair stands the end of the map.
    sides_[i].MoveTo(keys || done ? pair.key : pair.value);
  }
  exact_ = keys || frame.exact;
  if (!done) --frame.left[0];
  return !done;
}

// An order, and a tie, of two terms.
struct Result {
  std::weak_ordering order;
  std::weak_ordering tie;
};

Result CompareViews(const TermView& a, const TermView& b) {
  TermIndex a_index, b_index;
  Comparison comparison(Side(TermCursor(a.bytes(), a.atoms()), a_index),
                        Side(TermCursor(b.bytes(), b.atoms()), b_index),
                        /*exact=*/false);
  const std::weak_ordering order = comparison.Run();
  return {order, comparison.tie()};
}

}  // namespace

std::weak_ordering CompareTerms(const TermView& a, const TermView& b) {
  return CompareViews(a, b).order;
}

std::strong_ordering CompareExactly(const TermView& a, const TermView& b) {
  const Result result = CompareViews(a, b);
  const auto order = std::is_neq(result.order) ? result.order : result.tie;
  if (std::is_eq(order)) return std::strong_ordering::equal;
  return std::is_lt(order) ? std::strong_ordering::less
                           : std::strong_ordering::greater;
}

}  // namespace ringdist

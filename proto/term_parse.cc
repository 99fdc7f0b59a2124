#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/leaf_parser.h"
#include "ringdist/proto/term_order.h"
#include "ringdist/proto/term_scan.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/proto/term_writer.h"
#include "ringdist/proto/text_scanner.h"

namespace ringdist {
namespace {

using internal_term::ScanOne;
using internal_term::TermCursor;
using internal_text::ParseLeaf;
using internal_text::TextScanner;

// While it is parsed a tuple has a header for any arity, as it is not known
// yet: this gives it the usual one.
std::string WithSmallTuples(absl::string_view terms) {
  StringWriter out;
  TermWriter writer(out);
  TermCursor cursor(terms, AtomTable());
  ByteReader& bytes = cursor.bytes();
  while (!bytes.AtEnd()) {
    const char* begin = bytes.cursor();
    const auto tag = static_cast<TermTag>(bytes.PeekU8());
    const uint64_t parts = ScanOne(cursor);
    if (tag == TermTag::kLargeTuple) {
      writer.WriteTupleHeader(parts);
    } else {
      out.WriteBytes({begin, static_cast<size_t>(bytes.cursor() - begin)});
    }
  }
  return std::string(out.view());
}

// Writes terms as it reads their text. Containers get a header that counts no
// parts, and the count when they end.
class Parser {
 public:
  explicit Parser(absl::string_view text) : scanner_(text) {}

  absl::StatusOr<Term> Parse();

 private:
  enum class Kind {
    kTuple,
    kList,
    kTail,   // Behind the bar of a list.
    kKey,    // Of a map, up to the arrow.
    kValue,  // Up to the comma.
  };

  // A container that is not complete yet.
  struct Container {
    Kind kind;
    size_t count_at;   // Where its header counts the parts.
    uint32_t count;    // Its parts; of a map the pairs.
    size_t brackets;   // [a|[b|[c]]] is one list, with three to close.
    size_t first_key;  // The first of its keys in keys_.
    size_t key_depth;  // The maps of which it is in a key.
  };

  // A key of a map in open_: where it is in the text and in out_.
  struct Key {
    size_t text_at;
    size_t begin;
    size_t end;
  };

  // Both return whether a term comes next, and not what separates terms: the
  // first reads a term or the opening of one, the second what follows a term.
  bool ReadTerm();
  bool ReadSeparator();

  bool OpenTuple();
  bool OpenList();
  bool OpenMap();
  void Open(Kind kind, TermTag tag);
  void CloseList();
  void CloseMap();
  void Close();
  void BeginKey();
  // Fails if two of them are equal.
  void CheckKeys(absl::Span<const Key> keys);
  TermView View(const Key& key) const {
    return TermView::Trusted(out_.view().substr(key.begin, key.end - key.begin),
                             AtomTable());
  }
  bool InTail() const {
    return !open_.empty() && open_.back().kind == Kind::kTail;
  }

  // As the tail of a list, where it is more elements of that.
  void ReadStringTail();

  TextScanner scanner_;
  StringWriter out_;
  TermWriter writer_{out_};
  std::vector<Container> open_;  // Outermost first.
  std::vector<Key> keys_;        // Of the maps that are open, in order.
};

absl::StatusOr<Term> Parser::Parse() {
  bool term_is_next = true;
  while (scanner_.ok() && (term_is_next || !open_.empty())) {
    scanner_.SkipBlank();
    term_is_next = term_is_next ? ReadTerm() : ReadSeparator();
  }
  scanner_.SkipBlank();
  const bool full_stop = scanner_.Take(".");
  scanner_.SkipBlank();
  if (!scanner_.AtEnd()) {
    scanner_.Fail(full_stop ? "the end of the text" : "a full stop or the end");
  }
  if (!scanner_.ok()) return scanner_.status();
  return Term::Trusted(WithSmallTuples(out_.view()));
}

bool Parser::ReadTerm() {
  if (scanner_.Take("{")) return OpenTuple();
  if (scanner_.Take("[")) return OpenList();
  if (scanner_.Take("#{")) return OpenMap();
  if (scanner_.Peek() == '"' && InTail()) {
    ReadStringTail();
  } else {
    ParseLeaf(scanner_, writer_);
  }
  return false;
}

bool Parser::ReadSeparator() {
  Container& container = open_.back();
  switch (container.kind) {
    case Kind::kTuple:
      ++container.count;
      if (scanner_.Take(",")) return true;
      if (!scanner_.Take("}")) scanner_.Fail(", or }");
      Close();
      return false;
    case Kind::kList:
      ++container.count;
      if (scanner_.Take(",")) return true;
      if (scanner_.Take("|")) {
        container.kind = Kind::kTail;
        return true;
      }
      if (!scanner_.Take("]")) scanner_.Fail(", or | or ]");
      writer_.WriteNil();
      CloseList();
      return false;
    case Kind::kTail:
      scanner_.Expect("]");
      CloseList();
      return false;
    case Kind::kKey:
      scanner_.Expect("=>");
      keys_.back().end = out_.size();
      container.kind = Kind::kValue;
      return true;
    case Kind::kValue:
      ++container.count;
      if (scanner_.Take(",")) {
        container.kind = Kind::kKey;
        BeginKey();
        return true;
      }
      if (!scanner_.Take("}")) scanner_.Fail(", or }");
      CloseMap();
      return false;
  }
  return false;
}

bool Parser::OpenTuple() {
  Open(Kind::kTuple, TermTag::kLargeTuple);
  scanner_.SkipBlank();
  if (!scanner_.Take("}")) return true;
  Close();
  return false;
}

bool Parser::OpenList() {
  scanner_.SkipBlank();
  const bool empty = scanner_.Take("]");
  if (empty) {
    writer_.WriteNil();
  } else if (InTail()) {
    open_.back().kind = Kind::kList;
    ++open_.back().brackets;
  } else {
    Open(Kind::kList, TermTag::kList);
  }
  return !empty;
}

bool Parser::OpenMap() {
  Open(Kind::kKey, TermTag::kMap);
  if (open_.back().key_depth > kMaxKeyDepth) {
    scanner_.Fail(absl::StrCat("no map in a key of a map in a key, ",
                               kMaxKeyDepth, " times over"));
  }
  scanner_.SkipBlank();
  const bool empty = scanner_.Take("}");
  if (empty) {
    Close();
  } else {
    BeginKey();
  }
  return !empty;
}

void Parser::Open(Kind kind, TermTag tag) {
  size_t key_depth = 0;
  if (!open_.empty()) {
    key_depth = open_.back().key_depth + (open_.back().kind == Kind::kKey);
  }
  out_.WriteU8(static_cast<uint8_t>(tag));
  open_.push_back({kind, out_.size(), 0, 1, keys_.size(), key_depth});
  out_.WriteU32(0);
}

void Parser::CloseList() {
  if (--open_.back().brackets == 0) return Close();
  open_.back().kind = Kind::kTail;
}

void Parser::CloseMap() {
  const size_t first = open_.back().first_key;
  if (scanner_.ok()) CheckKeys(absl::MakeConstSpan(keys_).subspan(first));
  keys_.resize(first);
  Close();
}

void Parser::Close() {
  out_.PatchU32(open_.back().count_at, open_.back().count);
  open_.pop_back();
}

void Parser::BeginKey() {
  scanner_.SkipBlank();
  keys_.push_back({scanner_.offset(), out_.size(), out_.size()});
}

void Parser::CheckKeys(absl::Span<const Key> keys) {
  if (keys.size() < 2) return;
  struct Hashed {
    size_t hash;
    const Key* key;
  };
  std::vector<Hashed> hashed;
  for (const Key& key : keys) hashed.push_back({HashTerm(View(key)), &key});
  // Equal ones are neighbours then, and few are compared.
  std::sort(hashed.begin(), hashed.end(), [&](const auto& a, const auto& b) {
    if (a.hash != b.hash) return a.hash < b.hash;
    return CompareExactly(View(*a.key), View(*b.key)) < 0;
  });
  for (size_t i = 1; i < hashed.size(); ++i) {
    const Hashed& a = hashed[i - 1];
    const Hashed& b = hashed[i];
    if (a.hash != b.hash) continue;
    if (CompareExactly(View(*a.key), View(*b.key)) != 0) continue;
    scanner_.FailAt(std::max(a.key->text_at, b.key->text_at),
                    "a key that the map does not have yet");
  }
}

void Parser::ReadStringTail() {
  const std::u32string characters = scanner_.ReadStrings();
  for (const char32_t character : characters) writer_.WriteInteger(character);
  writer_.WriteNil();
  open_.back().count += static_cast<uint32_t>(characters.size());
}

}  // namespace

absl::StatusOr<Term> ParseTerm(absl::string_view text) {
  if (text.size() > kMaxParseBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a text of ", text.size(), " bytes; at most ", kMaxParseBytes));
  }
  return Parser(text).Parse();
}

}  // namespace ringdist

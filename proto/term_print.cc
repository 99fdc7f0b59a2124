#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "ringdist/proto/atom_view.h"
#include "ringdist/proto/big_endian.h"
#include "ringdist/proto/erlang_syntax.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/number_text.h"
#include "ringdist/proto/term_scan.h"
#include "ringdist/proto/term_tags.h"
#include "ringdist/proto/term_text.h"

namespace ringdist {
namespace {

using internal_term::ReadAtom;
using internal_term::ReadBig;
using internal_term::ReadFloat;
using internal_term::ReadPid;
using internal_term::ReadPort;
using internal_term::ReadReference;
using internal_term::ScanOne;
using internal_term::SkipTerm;
using internal_term::TermCursor;
using internal_term::ToInt64;
using internal_text::AppendFloat;
using internal_text::AppendInteger;
using internal_text::AppendUtf8;
using internal_text::IsNodeCharacter;
using internal_text::IsPrintable;
using internal_text::LetterOfControl;
using internal_text::NeedsQuotes;
using internal_text::TakeCharacter;

// 0 if it does not fit: for where only small integers can stand, or matter.
int64_t ReadSmallInteger(TermCursor& cursor) {
  const uint8_t tag = cursor.bytes().ReadU8();
  switch (static_cast<TermTag>(tag)) {
    case TermTag::kSmallInteger:
      return cursor.bytes().ReadU8();
    case TermTag::kInteger:
      return static_cast<int32_t>(cursor.bytes().ReadU32());
    default:
      break;
  }
  int64_t value = 0;
  ToInt64(ReadBig(cursor, tag), value);
  return value;
}

// A list without elements is its tail.
void SkipEmptyLists(TermCursor& cursor) {
  while (cursor.bytes().PeekU8() == static_cast<uint8_t>(TermTag::kList) &&
         LoadBigEndian<uint32_t>(cursor.bytes().cursor() + 1) == 0) {
    ScanOne(cursor);
  }
}

// The printable characters that a list begins with, whichever tags it consists
// of: STRING_EXT, LIST_EXT, or one as the tail of the other.
class ListCharacters {
 public:
  // A cursor before the list.
  explicit ListCharacters(TermCursor cursor) : cursor_(cursor) {}

  // False if there is no other one.
  bool Next(char32_t& character);
  // Whether that was because the list has ended.
  bool ended() const { return ended_; }
  // Then, a cursor behind it.
  const TermCursor& cursor() const { return cursor_; }

 private:
  TermCursor cursor_;
  uint64_t remaining_ = 0;  // Elements, before a tail or the end.
  bool bytes_ = false;      // Those are of a STRING_EXT.
  bool ended_ = false;
};

bool ListCharacters::Next(char32_t& character) {
  ByteReader& bytes = cursor_.bytes();
  while (remaining_ == 0) {
    if (bytes_) {
      ended_ = true;
      return false;
    }
    switch (static_cast<TermTag>(bytes.ReadU8())) {
      case TermTag::kString:
        bytes_ = true;
        remaining_ = bytes.ReadU16();
        break;
      case TermTag::kList:
        remaining_ = bytes.ReadU32();
        break;
      case TermTag::kNil:
        ended_ = true;
        return false;
      default:
        return false;
    }
  }
  --remaining_;
  if (bytes_) {
    character = bytes.ReadU8();
    return IsPrintable(character);
  }
  SkipEmptyLists(cursor_);
  if (TypeOfTag(bytes.PeekU8()) != TermType::kInteger) return false;
  const int64_t value = ReadSmallInteger(cursor_);
  character = static_cast<char32_t>(value);
  return value >= 0 && value <= 0x10FFFF && IsPrintable(character);
}

// Whether a list is to be printed as a string. `enough` characters tell that it
// is: for what has no room the end is not looked for.
bool IsString(const TermCursor& cursor, size_t enough) {
  ListCharacters characters(cursor);
  char32_t character;
  while (characters.Next(character)) {
    if (enough-- == 0) return true;
  }
  return characters.ended();
}

// Likewise for bytes, as UTF-8.
bool IsUtf8(absl::string_view bytes, size_t enough) {
  char32_t character;
  while (!bytes.empty()) {
    if (!TakeCharacter(bytes, character) || !IsPrintable(character)) {
      return false;
    }
    if (enough-- == 0) break;
  }
  return true;
}

// Whether the name of a node cannot stand plainly in #Pid<srv@localhost.5.0.1>.
// A reference has an unknown number of numbers, and so a name that ends with
// one, as srv@127.0.0.1 does, could not be told from them.
bool NodeNeedsQuotes(absl::string_view node, bool reference) {
  if (node.empty() || !std::all_of(node.begin(), node.end(), IsNodeCharacter)) {
    return true;
  }
  const absl::string_view end = node.substr(node.rfind('.') + 1);
  return reference && end.find_first_not_of("0123456789") == end.npos;
}

// Goes over the bytes once, from front to back.
class Printer {
 public:
  Printer(const TermView& term, size_t max_bytes)
      : cursor_(term.bytes(), term.atoms()), max_bytes_(max_bytes) {}

  std::string Print();

 private:
  enum class Kind { kTuple, kList, kMap };

  // A container that is not complete yet.
  struct Container {
    Kind kind;
    uint64_t parts;     // Still to come; the tail of a list is one.
    bool first = true;  // None was printed yet.
  };

  // Whatever is printed now would be cut off again.
  bool Full() const { return text_.size() > max_bytes_; }
  size_t Room() const { return Full() ? 0 : max_bytes_ - text_.size(); }

  // A whole term, or the beginning of one whose parts come next.
  void PrintTerm();
  // The next part of the innermost container, or its end.
  void PrintPart();
  void PrintTail();
  void Open(Kind kind, uint64_t parts);
  void Close();

  void PrintList();
  void PrintBytesOfList(bool first);
  void PrintInteger();
  void PrintAtom(const AtomView& atom);
  void PrintBinary();
  void PrintBytes(absl::string_view bytes);
  void PrintFun();
  void PrintPid();
  void PrintReference();
  void PrintPort();
  void PrintNode(const AtomView& node, bool reference);
  void PrintQuoted(absl::string_view utf8, char quote);
  void PrintCharacter(char32_t character, char quote);

  uint8_t TakeTag() { return cursor_.bytes().ReadU8(); }

  TermCursor cursor_;
  const size_t max_bytes_;
  std::string text_;
  std::vector<Container> open_;  // Outermost first.
};

std::string Printer::Print() {
  PrintTerm();
  while (!open_.empty() && !Full()) PrintPart();
  if (!Full()) return std::move(text_);
  const size_t dots = std::min<size_t>(3, max_bytes_);
  size_t size = max_bytes_ - dots;
  // Not within a character.
  while (size > 0 && (text_[size] & 0xC0) == 0x80) --size;
  text_.resize(size);
  return text_.append(dots, '.');
}

void Printer::PrintTerm() {
  SkipEmptyLists(cursor_);
  switch (TypeOfTag(cursor_.bytes().PeekU8())) {
    case TermType::kNone:
      return;  // No valid term.
    case TermType::kInteger:
      return PrintInteger();
    case TermType::kFloat:
      return AppendFloat(ReadFloat(cursor_, TakeTag()), text_);
    case TermType::kAtom:
      return PrintAtom(ReadAtom(cursor_, TakeTag()));
    case TermType::kReference:
      return PrintReference();
    case TermType::kFun:
      return PrintFun();
    case TermType::kPort:
      return PrintPort();
    case TermType::kPid:
      return PrintPid();
    case TermType::kTuple:
      text_.push_back('{');
      return Open(Kind::kTuple, ScanOne(cursor_));
    case TermType::kMap:
      text_ += "#{";
      return Open(Kind::kMap, ScanOne(cursor_));
    case TermType::kNil:
      TakeTag();
      text_ += "[]";
      return;
    case TermType::kList:
      return PrintList();
    case TermType::kBinary:
    case TermType::kBitstring:
      return PrintBinary();
  }
}

void Printer::Open(Kind kind, uint64_t parts) {
  open_.push_back({kind, parts});
}

void Printer::Close() {
  text_.push_back(open_.back().kind == Kind::kList ? ']' : '}');
  open_.pop_back();
}

void Printer::PrintPart() {
  Container& container = open_.back();
  if (container.parts == 0) return Close();
  const uint64_t parts = container.parts--;
  if (container.kind == Kind::kList && parts == 1) return PrintTail();
  if (container.kind == Kind::kMap && parts % 2 == 1) {
    text_ += " => ";
  } else if (!container.first) {
    text_.push_back(',');
  }
  container.first = false;
  PrintTerm();
}

void Printer::PrintTail() {
  switch (static_cast<TermTag>(cursor_.bytes().PeekU8())) {
    case TermTag::kNil:
      TakeTag();
      return;
    case TermTag::kList:
      open_.back().parts = ScanOne(cursor_);
      return;
    case TermTag::kString:
      return PrintBytesOfList(/*first=*/false);
    default:
      text_.push_back('|');
      return PrintTerm();
  }
}

void Printer::PrintList() {
  ListCharacters characters(cursor_);
  char32_t character;
  if (IsString(cursor_, Room()) && characters.Next(character)) {
    text_.push_back('"');
    do {
      PrintCharacter(character, '"');
    } while (!Full() && characters.Next(character));
    text_.push_back('"');
    cursor_ = characters.cursor();
    return;
  }
  text_.push_back('[');
  if (cursor_.bytes().PeekU8() == static_cast<uint8_t>(TermTag::kList)) {
    return Open(Kind::kList, ScanOne(cursor_));
  }
  PrintBytesOfList(/*first=*/true);
  text_.push_back(']');
}

void Printer::PrintBytesOfList(bool first) {
  TakeTag();
  const absl::string_view bytes =
      cursor_.bytes().ReadBytes(cursor_.bytes().ReadU16());
  if (!first && !bytes.empty()) text_.push_back(',');
  PrintBytes(bytes);
}

void Printer::PrintBytes(absl::string_view bytes) {
  for (size_t i = 0; i < bytes.size() && !Full(); ++i) {
    absl::StrAppend(&text_, i == 0 ? "" : ",", static_cast<uint8_t>(bytes[i]));
  }
}

void Printer::PrintInteger() {
  switch (static_cast<TermTag>(cursor_.bytes().PeekU8())) {
    case TermTag::kSmallInteger:
    case TermTag::kInteger:
      absl::StrAppend(&text_, ReadSmallInteger(cursor_));
      return;
    default:
      AppendInteger(ReadBig(cursor_, TakeTag()), max_bytes_, text_);
  }
}

void Printer::PrintAtom(const AtomView& atom) {
  const std::string utf8 = atom.ToString();
  if (NeedsQuotes(utf8)) {
    PrintQuoted(utf8, '\'');
  } else {
    text_ += utf8;
  }
}

void Printer::PrintBinary() {
  // m, u32 size, bytes; or M, u32 size, u8 bits in use of the last byte, bytes.
  const bool bitstring = TakeTag() == static_cast<uint8_t>(TermTag::kBitBinary);
  const uint32_t size = cursor_.bytes().ReadU32();
  const int bits = bitstring ? cursor_.bytes().ReadU8() : 8;
  const absl::string_view bytes = cursor_.bytes().ReadBytes(size);
  text_ += "<<";
  if (!bytes.empty() && bits < 8) {
    PrintBytes(bytes.substr(0, size - 1));
    const int last = static_cast<uint8_t>(bytes.back()) >> (8 - bits);
    absl::StrAppend(&text_, size > 1 ? "," : "", last, ":", bits);
  } else if (!bytes.empty() && IsUtf8(bytes, Room())) {
    PrintQuoted(bytes, '"');
    if (!IsAscii(bytes)) text_ += "/utf8";
  } else {
    PrintBytes(bytes);
  }
  text_ += ">>";
}

void Printer::PrintFun() {
  if (TakeTag() == static_cast<uint8_t>(TermTag::kExport)) {
    text_ += "fun ";
    PrintAtom(ReadAtom(cursor_, TakeTag()));
    text_.push_back(':');
    PrintAtom(ReadAtom(cursor_, TakeTag()));
    absl::StrAppend(&text_, "/", ReadSmallInteger(cursor_));
    return;
  }
  // u32 size, u8 arity, 16 bytes uniq, u32 index; then u32 free variables,
  // module, old index, old uniq, the creator's pid, the free variables.
  cursor_.bytes().ReadBytes(4 + 1 + 16 + 4);
  const uint64_t free_variables = cursor_.bytes().ReadU32();
  text_ += "#Fun<";
  PrintAtom(ReadAtom(cursor_, TakeTag()));
  absl::StrAppend(&text_, ".", ReadSmallInteger(cursor_));
  absl::StrAppend(&text_, ".", ReadSmallInteger(cursor_), ">");
  for (uint64_t i = 0; i <= free_variables; ++i) {
    SkipTerm(cursor_, std::numeric_limits<uint64_t>::max());
  }
}

void Printer::PrintPid() {
  const PidView pid = ReadPid(cursor_, TakeTag());
  text_ += "#Pid<";
  PrintNode(pid.node, /*reference=*/false);
  absl::StrAppend(&text_, ".", pid.id, ".", pid.serial, ".", pid.creation, ">");
}

void Printer::PrintReference() {
  const ReferenceView reference = ReadReference(cursor_, TakeTag());
  text_ += "#Ref<";
  PrintNode(reference.node, /*reference=*/true);
  absl::StrAppend(&text_, ".", absl::StrJoin(reference.ids(), "."), ".",
                  reference.creation, ">");
}

void Printer::PrintPort() {
  const PortView port = ReadPort(cursor_, TakeTag());
  text_ += "#Port<";
  PrintNode(port.node, /*reference=*/false);
  absl::StrAppend(&text_, ".", port.id, ".", port.creation, ">");
}

void Printer::PrintNode(const AtomView& node, bool reference) {
  const std::string utf8 = node.ToString();
  if (NodeNeedsQuotes(utf8, reference)) {
    PrintQuoted(utf8, '\'');
  } else {
    text_ += utf8;
  }
}

void Printer::PrintQuoted(absl::string_view utf8, char quote) {
  text_.push_back(quote);
  char32_t character;
  while (!utf8.empty() && !Full() && TakeCharacter(utf8, character)) {
    PrintCharacter(character, quote);
  }
  text_.push_back(quote);
}

// As io_lib:write_string/2 does.
void Printer::PrintCharacter(char32_t character, char quote) {
  if (character == '\\' || character == static_cast<char32_t>(quote)) {
    text_.push_back('\\');
    text_.push_back(static_cast<char>(character));
  } else if (const char letter = LetterOfControl(character); letter != 0) {
    text_.push_back('\\');
    text_.push_back(letter);
  } else if (character < ' ' || (character >= 0x7F && character < 0xA0)) {
    absl::StrAppendFormat(&text_, "\\%03o", character);
  } else {
    AppendUtf8(character, text_);
  }
}

}  // namespace

std::string ToText(const TermView& term, size_t max_bytes) {
  return Printer(term, max_bytes).Print();
}

}  // namespace ringdist

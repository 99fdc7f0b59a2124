// The tags of Erlang's external term format: the byte that begins each term
// (OTP, erts/doc: "External Term Format").
//
//   TermTagName(119);                      // "SMALL_ATOM_UTF8_EXT"
//   TypeOfTag(119) == TermType::kAtom;

#ifndef RINGDIST_PROTO_TERM_TAGS_H_
#define RINGDIST_PROTO_TERM_TAGS_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace ringdist {

// The byte before a term that stands by itself. Behind a distribution header
// there is none.
inline constexpr uint8_t kTermVersion = 131;

enum class TermTag : uint8_t {
  kNewFloat = 70,        // 'F' f64
  kBitBinary = 77,       // 'M' u32 size, u8 bits in the last byte, bytes
  kCompressed = 80,      // 'P' never inside a connection
  kAtomCacheRef = 82,    // 'R' u8 index into the header's references
  kNewPid = 88,          // 'X' node, u32 id, u32 serial, u32 creation
  kNewPort = 89,         // 'Y' node, u32 id, u32 creation
  kNewerReference = 90,  // 'Z' u16 n, node, u32 creation, n * u32
  kSmallInteger = 97,    // 'a' u8
  kInteger = 98,         // 'b' i32
  kFloat = 99,           // 'c' 31 bytes of text
  kAtom = 100,           // 'd' u16 size, Latin-1
  kReference = 101,      // 'e' node, u32 id, u8 creation
  kPort = 102,           // 'f' node, u32 id, u8 creation
  kPid = 103,            // 'g' node, u32 id, u32 serial, u8 creation
  kSmallTuple = 104,     // 'h' u8 arity, elements
  kLargeTuple = 105,     // 'i' u32 arity, elements
  kNil = 106,            // 'j'
  kString = 107,         // 'k' u16 size, bytes: a list of small integers
  kList = 108,           // 'l' u32 n, n elements, tail
  kBinary = 109,         // 'm' u32 size, bytes
  kSmallBig = 110,       // 'n' u8 size, u8 sign, little-endian bytes
  kLargeBig = 111,       // 'o' u32 size, u8 sign, little-endian bytes
  kNewFun = 112,         // 'p' see ScanNewFun in term_scan.cc
  kExport = 113,         // 'q' module, function, arity
  kNewReference = 114,   // 'r' u16 n, node, u8 creation, n * u32
  kSmallAtom = 115,      // 's' u8 size, Latin-1
  kMap = 116,            // 't' u32 pairs, key and value by turns
  kAtomUtf8 = 118,       // 'v' u16 size, UTF-8
  kSmallAtomUtf8 = 119,  // 'w' u8 size, UTF-8
  kV4Port = 120,         // 'x' node, u64 id, u32 creation
  kLocal = 121,          // 'y' only its own node can read it
};

// What a term is, in Erlang's order of types, whatever tag it was sent with.
enum class TermType : uint8_t {
  kNone,     // No term: an empty view, the end of the bytes, an unknown tag.
  kInteger,  // Of any size.
  kFloat,
  kAtom,
  kReference,
  kFun,  // Closures, and exports such as fun lists:map/2.
  kPort,
  kPid,
  kTuple,
  kMap,
  kNil,   // [].
  kList,  // A list of at least one element; its tail need not be [].
  kBinary,
  kBitstring,  // Not a whole number of bytes.
};

// The format's name of a tag, and of a type in lower case ("pid").
absl::string_view TermTagName(uint8_t tag);
absl::string_view TermTypeName(TermType type);

// The type that goes with a tag, kNone if no term begins with it. An empty
// string and a bitstring of whole bytes are told only by TermView::type().
TermType TypeOfTag(uint8_t tag);

}  // namespace ringdist

#endif  // RINGDIST_PROTO_TERM_TAGS_H_

#include "ringdist/proto/term_tags.h"

#include <array>
#include <cstddef>

namespace ringdist {
namespace {

struct Row {
  TermTag tag;
  TermType type;
  absl::string_view name;
};

constexpr Row kRows[] = {
    {TermTag::kNewFloat, TermType::kFloat, "NEW_FLOAT_EXT"},
    {TermTag::kBitBinary, TermType::kBitstring, "BIT_BINARY_EXT"},
    {TermTag::kCompressed, TermType::kNone, "a compressed term"},
    {TermTag::kAtomCacheRef, TermType::kAtom, "ATOM_CACHE_REF"},
    {TermTag::kNewPid, TermType::kPid, "NEW_PID_EXT"},
    {TermTag::kNewPort, TermType::kPort, "NEW_PORT_EXT"},
    {TermTag::kNewerReference, TermType::kReference, "NEWER_REFERENCE_EXT"},
    {TermTag::kSmallInteger, TermType::kInteger, "SMALL_INTEGER_EXT"},
    {TermTag::kInteger, TermType::kInteger, "INTEGER_EXT"},
    {TermTag::kFloat, TermType::kFloat, "FLOAT_EXT"},
    {TermTag::kAtom, TermType::kAtom, "ATOM_EXT"},
    {TermTag::kReference, TermType::kReference, "REFERENCE_EXT"},
    {TermTag::kPort, TermType::kPort, "PORT_EXT"},
    {TermTag::kPid, TermType::kPid, "PID_EXT"},
    {TermTag::kSmallTuple, TermType::kTuple, "SMALL_TUPLE_EXT"},
    {TermTag::kLargeTuple, TermType::kTuple, "LARGE_TUPLE_EXT"},
    {TermTag::kNil, TermType::kNil, "NIL_EXT"},
    {TermTag::kString, TermType::kList, "STRING_EXT"},
    {TermTag::kList, TermType::kList, "LIST_EXT"},
    {TermTag::kBinary, TermType::kBinary, "BINARY_EXT"},
    {TermTag::kSmallBig, TermType::kInteger, "SMALL_BIG_EXT"},
    {TermTag::kLargeBig, TermType::kInteger, "LARGE_BIG_EXT"},
    {TermTag::kNewFun, TermType::kFun, "NEW_FUN_EXT"},
    {TermTag::kExport, TermType::kFun, "EXPORT_EXT"},
    {TermTag::kNewReference, TermType::kReference, "NEW_REFERENCE_EXT"},
    {TermTag::kSmallAtom, TermType::kAtom, "SMALL_ATOM_EXT"},
    {TermTag::kMap, TermType::kMap, "MAP_EXT"},
    {TermTag::kAtomUtf8, TermType::kAtom, "ATOM_UTF8_EXT"},
    {TermTag::kSmallAtomUtf8, TermType::kAtom, "SMALL_ATOM_UTF8_EXT"},
    {TermTag::kV4Port, TermType::kPort, "V4_PORT_EXT"},
    {TermTag::kLocal, TermType::kNone, "LOCAL_EXT"},
};

constexpr std::array<TermType, 256> MakeTypes() {
  std::array<TermType, 256> types = {};
  for (const Row& row : kRows) types[static_cast<size_t>(row.tag)] = row.type;
  return types;
}

constexpr std::array<TermType, 256> kTypes = MakeTypes();

}  // namespace

absl::string_view TermTagName(uint8_t tag) {
  for (const Row& row : kRows) {
    if (static_cast<uint8_t>(row.tag) == tag) return row.name;
  }
  return "an unknown tag";
}

absl::string_view TermTypeName(TermType type) {
  switch (type) {
    case TermType::kNone:
      return "no term";
    case TermType::kInteger:
      return "integer";
    case TermType::kFloat:
      return "float";
    case TermType::kAtom:
      return "atom";
    case TermType::kReference:
      return "reference";
    case TermType::kFun:
      return "fun";
    case TermType::kPort:
      return "port";
    case TermType::kPid:
      return "pid";
    case TermType::kTuple:
      return "tuple";
    case TermType::kMap:
      return "map";
    case TermType::kNil:
      return "empty list";
    case TermType::kList:
      return "list";
    case TermType::kBinary:
      return "binary";
    case TermType::kBitstring:
      return "bitstring";
  }
  return "no term";
}

TermType TypeOfTag(uint8_t tag) { return kTypes[tag]; }

}  // namespace ringdist

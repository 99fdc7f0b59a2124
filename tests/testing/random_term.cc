#include "ringdist/tests/testing/random_term.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <iterator>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term_tags.h"

namespace ringdist {
namespace {

constexpr size_t kAtoms = 2000;
constexpr int kMaxDepth = 30;
// Newer releases of OTP refuse integers of more than 4 million bits.
constexpr size_t kMaxIntegerBytes = 64 * 1024;

constexpr absl::string_view kCharacters[] = {"a",
                                             "b",
                                             "z",
                                             "A",
                                             "0",
                                             "_",
                                             "@",
                                             " ",
                                             "'",
                                             "\\",
                                             "\n",
                                             "\x7f",
                                             "\xc2\x80",
                                             "\xc3\xa9",
                                             "\xc3\xbf",
                                             "\xc4\x80",
                                             "\xe4\xbd\xa0",
                                             "\xef\xbf\xbd",
                                             "\xf0\x9f\x98\x80"};
constexpr absl::string_view kNodes[] = {"a@h", "srv@localhost",
                                        "nobody@127.0.0.1", "h\xc3\xa9@h",
                                        "\xe4\xbd\xa0@h"};

}  // namespace

RandomTerms::RandomTerms(uint64_t seed) : bits_(seed) {
  for (size_t i = 0; i < kAtoms; ++i) atoms_.push_back(AtomText());
}

Term RandomTerms::OfSize(size_t bytes) {
  StringWriter out;
  TermWriter writer(out);
  Write(bytes, 0, writer);
  return Term::Trusted(std::string(out.view()));
}

size_t RandomTerms::Below(size_t limit) {
  return std::uniform_int_distribution<size_t>(0, limit - 1)(bits_);
}

size_t RandomTerms::LogUniform(size_t max) {
  const double exponent = std::uniform_real_distribution<double>(0, 1)(bits_);
  const double size = std::pow(static_cast<double>(max), exponent);
  return std::clamp(static_cast<size_t>(size), size_t{1}, max);
}

void RandomTerms::Write(size_t size, int depth, TermWriter& writer) {
  if (size < 16) return WriteLeaf(writer);
  if (depth == kMaxDepth) return WriteSized(size, writer);
  const size_t parts = LogUniform(size / 8);
  switch (Below(8)) {
    case 0:
    case 1:
      writer.WriteTupleHeader(parts);
      return WriteParts(parts, size, depth, writer);
    case 2:
    case 3:
      writer.WriteListHeader(parts);
      WriteParts(parts, size, depth, writer);
      return writer.WriteNil();
    case 4:  // The last one is the tail, and improper unless it is a list.
      writer.WriteListHeader(parts);
      return WriteParts(parts + 1, size, depth, writer);
    case 5:
      return WriteMap((parts + 1) / 2, size, depth, writer);
    case 6:
      return WriteNestedLists(size, depth, writer);
    default:
      return WriteSized(size, writer);
  }
}

void RandomTerms::WriteParts(size_t count, size_t size, int depth,
                             TermWriter& writer) {
  for (; count > 0; --count) {
    const size_t share =
        count == 1 ? size : std::min(size, Below(2 * (size / count) + 1));
    Write(share, depth + 1, writer);
    size -= share;
  }
}

void RandomTerms::WriteMap(size_t pairs, size_t size, int depth,
                           TermWriter& writer) {
  writer.WriteMapHeader(pairs);
  const bool outer_in_key = in_key_;
  absl::flat_hash_set<Term> keys;
  for (size_t i = 0; i < pairs; ++i) {
    const size_t share = size / pairs;
    const size_t key_size = Below(share + 1);
    in_key_ = true;
    Term key = OfSize(std::min(key_size, size_t{1000}));
    while (!keys.insert(key).second) key = OfSize(20);
    in_key_ = outer_in_key;
    writer.WriteTerm(key);
    Write(share - key_size, depth + 1, writer);
  }
}

// [a, [b, ... [c] ...]]
void RandomTerms::WriteNestedLists(size_t size, int depth, TermWriter& writer) {
  const size_t lists = LogUniform(std::min(size / 8, size_t{1000}));
  for (size_t i = 0; i < lists; ++i) {
    writer.WriteListHeader(2);
    writer.WriteInteger(static_cast<int64_t>(i));
  }
  Write(size - 8 * lists, depth + 1, writer);
  for (size_t i = 0; i < lists; ++i) writer.WriteNil();
}

void RandomTerms::WriteLeaf(TermWriter& writer) {
  switch (Below(16)) {
    case 0:
      return writer.WriteNil();
    case 1:
      return writer.WriteTupleHeader(0);
    case 2:
      return writer.WriteMapHeader(0);
    case 3:
    case 4:
      return WriteSized(LogUniform(16) - 1, writer);
    case 5:
      return WriteFloat(writer);
    case 6:
      return WritePid(writer);
    case 7:
      return writer.WritePort({Node(), bits_() >> Below(64), Word()});
    case 8:
      return in_key_ ? WritePid(writer) : WriteReference(writer);
    case 9:
      return OneIn(2) ? WriteExport(writer) : WriteClosure(writer);
    case 10:
    case 11:
    case 12:
      return writer.WriteAtom(Atom());
    default:
      return WriteInteger(writer);
  }
}

// Of one of the types that are bytes: any size will do.
void RandomTerms::WriteSized(size_t size, TermWriter& writer) {
  switch (Below(4)) {
    case 0:
      return writer.WriteBinary(Bytes(size));
    case 1:
      return writer.WriteString(Bytes(size));
    case 2:
      return WriteBitstring(size, writer);
    default:
      return WriteBig(std::min(size, kMaxIntegerBytes), writer);
  }
}

void RandomTerms::WriteInteger(TermWriter& writer) {
  // Near a power of two as often as anywhere.
  const uint64_t power = uint64_t{1} << Below(64);
  const uint64_t value = OneIn(2) ? power + Below(3) - 1 : bits_() % power;
  if (OneIn(8)) return writer.WriteUnsigned(value);
  writer.WriteInteger(static_cast<int64_t>(OneIn(2) ? value : ~value + 1));
}

void RandomTerms::WriteFloat(TermWriter& writer) {
  const auto value = std::bit_cast<double>(bits_());
  const double simple = static_cast<double>(Below(1000)) / 8;
  writer.WriteFloat(std::isfinite(value) && OneIn(2) ? value : simple);
}

void RandomTerms::WriteBig(size_t size, TermWriter& writer) {
  if (size <= 8) return WriteInteger(writer);
  std::string magnitude = Bytes(size);
  magnitude.back() |= 1;
  writer.WriteBigInteger({OneIn(2), magnitude});
}

// M, u32 size, u8 bits in the last byte, bytes.
void RandomTerms::WriteBitstring(size_t size, TermWriter& writer) {
  std::string bytes = Bytes(size + 1);
  const size_t last_bits = 1 + Below(7);
  bytes.back() = static_cast<char>(bytes.back() & (0xFF00 >> last_bits));
  ByteWriter& out = writer.out();
  out.WriteU8(static_cast<uint8_t>(TermTag::kBitBinary));
  out.WriteU32(static_cast<uint32_t>(bytes.size()));
  out.WriteU8(static_cast<uint8_t>(last_bits));
  out.WriteBytes(bytes);
}

void RandomTerms::WritePid(TermWriter& writer) {
  writer.WritePid({Node(), Word(), Word(), Word()});
}

void RandomTerms::WriteReference(TermWriter& writer) {
  ReferenceView reference;
  reference.node = Node();
  reference.creation = Word();
  reference.word_count = static_cast<uint32_t>(1 + Below(kMaxReferenceWords));
  for (size_t i = 0; i < reference.word_count; ++i) reference.words[i] = Word();
  writer.WriteReference(reference);
}

// q, module, function, u8 arity as an integer.
void RandomTerms::WriteExport(TermWriter& writer) {
  writer.out().WriteU8(static_cast<uint8_t>(TermTag::kExport));
  writer.WriteAtom(atoms_[Below(10)]);
  writer.WriteAtom(atoms_[Below(10)]);
  writer.WriteInteger(static_cast<int64_t>(Below(256)));
}

// p, u32 size, u8 arity, 16 bytes uniq, u32 index, u32 free variables, module,
// old index, old uniq, pid, free variables.
void RandomTerms::WriteClosure(TermWriter& writer) {
  ByteWriter& out = writer.out();
  out.WriteU8(static_cast<uint8_t>(TermTag::kNewFun));
  const size_t size_at = out.size();
  const auto index = static_cast<uint32_t>(Below(8));
  const auto free_variables = static_cast<uint32_t>(Below(4));
  out.WriteU32(0);
  out.WriteU8(static_cast<uint8_t>(index));
  out.WriteBytes(std::string(16, static_cast<char>('0' + index)));
  out.WriteU32(index);
  out.WriteU32(free_variables);
  writer.WriteAtom("no_such_module");
  writer.WriteInteger(index);
  writer.WriteInteger(1000 + index);
  WritePid(writer);
  for (uint32_t i = 0; i < free_variables; ++i) WriteInteger(writer);
  out.PatchU32(size_at, static_cast<uint32_t>(out.size() - size_at));
}

// Small and large ones, and few enough of those of which a node keeps each.
uint32_t RandomTerms::Word() {
  constexpr uint32_t kWords[] = {0,          1,          2,         3,
                                 0x3FFFF,    0x40000,    0xFFFFFFF, 0x10000000,
                                 0x7FFFFFFF, 0xFFFFFFFF, 0x6B1EDF6E};
  return kWords[Below(std::size(kWords))];
}

std::string RandomTerms::Bytes(size_t size) {
  std::string bytes(size + sizeof(uint64_t), '\0');
  for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
    const uint64_t word = bits_();
    std::memcpy(bytes.data() + i, &word, sizeof(word));
  }
  bytes.resize(size);
  return bytes;
}

std::string RandomTerms::AtomText() {
  std::string text;
  for (size_t left = LogUniform(256) - 1; left > 0; --left) {
    text += std::string(kCharacters[Below(std::size(kCharacters))]);
  }
  return text;
}

AtomView RandomTerms::Node() {
  return AtomView::Utf8(kNodes[Below(std::size(kNodes))]);
}

}  // namespace ringdist

// Whatever the bytes, TermReader reads a term or fails; and what it read can be
// walked, and written again as the same term.
//
// Input: a byte of which bit 0 gives the reader a table of atoms and bit 1 a
// limit on depth, and the term, without a version byte.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/term_reader.h"
#include "ringdist/proto/term_writer.h"

namespace ringdist {
namespace {

constexpr uint64_t kDepthLimit = 8;

// Calls every accessor; exactly those of the term's type give something.
void CheckAccessors(const TermView& term) {
  const TermType type = term.type();
  RINGDIST_CHECK(type != TermType::kNone);
  RINGDIST_CHECK_EQ(term.AsAtom().has_value(), type == TermType::kAtom);
  RINGDIST_CHECK_EQ(term.AsFloat().has_value(), type == TermType::kFloat);
  RINGDIST_CHECK_EQ(term.AsPid().has_value(), type == TermType::kPid);
  RINGDIST_CHECK_EQ(term.AsReference().has_value(),
                    type == TermType::kReference);
  RINGDIST_CHECK_EQ(term.AsPort().has_value(), type == TermType::kPort);
  RINGDIST_CHECK_EQ(term.AsBinary().has_value(), type == TermType::kBinary);
  const bool number = term.AsInt64().has_value() ||
                      term.AsUint64().has_value() ||
                      term.AsBigInteger().has_value();
  RINGDIST_CHECK_EQ(number, type == TermType::kInteger);
  if (const auto atom = term.AsAtom(); atom.has_value()) {
    RINGDIST_CHECK(term.IsAtom(atom->ToString()));
    RINGDIST_CHECK(IsAtomText(atom->ToString()));
  }
}

// Goes over a term and, down to some depth, its elements: both say the same
// whichever way the terms were written.
void CheckSame(const TermView& left, const TermView& right, int depth) {
  CheckAccessors(left);
  CheckAccessors(right);
  RINGDIST_CHECK(left.type() == right.type());
  RINGDIST_CHECK_EQ(left.size(), right.size());
  RINGDIST_CHECK(left.AsInt64() == right.AsInt64());
  RINGDIST_CHECK(left.AsFloat() == right.AsFloat());
  RINGDIST_CHECK(left.AsAtom() == right.AsAtom());
  RINGDIST_CHECK(left.AsPid() == right.AsPid());
  RINGDIST_CHECK(left.AsReference() == right.AsReference());
  RINGDIST_CHECK(left.AsPort() == right.AsPort());
  RINGDIST_CHECK(left.AsBinary() == right.AsBinary());
  if (depth == 0) return;
  TermElements lefts = left.elements();
  TermElements rights = right.elements();
  TermView from_left, from_right;
  while (lefts.Next(from_left)) {
    RINGDIST_CHECK(rights.Next(from_right));
    CheckSame(from_left, from_right, depth - 1);
  }
  const TermView left_tail = lefts.Tail();
  const TermView right_tail = rights.Tail();
  RINGDIST_CHECK_EQ(left_tail.empty(), right_tail.empty());
  if (!left_tail.empty()) CheckSame(left_tail, right_tail, depth - 1);
}

std::string Copy(const TermView& term) {
  StringWriter bytes;
  TermWriter(bytes).WriteTerm(term);
  return std::string(bytes.view());
}

// The one term that `bytes` is, in the words of no table.
TermView ReadAlone(absl::string_view bytes) {
  TermReader reader(bytes);
  const TermView term = reader.ReadTerm();
  RINGDIST_CHECK(reader.ok());
  RINGDIST_CHECK(reader.AtEnd());
  return term;
}

void Run(absl::string_view input) {
  if (input.empty()) return;
  const std::vector<absl::string_view> table = {"", "ok", "srv@localhost"};
  const AtomTable atoms = input[0] & 1 ? AtomTable(table) : AtomTable();
  TermLimits limits;
  if (input[0] & 2) limits.max_depth = kDepthLimit;
  input.remove_prefix(1);

  TermReader reader(input, atoms, limits);
  const TermView term = reader.ReadTerm();
  RINGDIST_CHECK_EQ(reader.ok(), reader.status().ok());
  RINGDIST_CHECK_EQ(reader.ok(), !term.empty());
  if (!reader.ok()) return;

  const std::string copy = Copy(term);
  const TermView again = ReadAlone(copy);
  CheckSame(term, again, /*depth=*/4);
  RINGDIST_CHECK(Copy(again) == copy);

  TermReader cut(term.bytes().substr(0, term.bytes().size() - 1), atoms);
  cut.ReadTerm();
  RINGDIST_CHECK(!cut.ok());
}

}  // namespace
}  // namespace ringdist

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ringdist::Run(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}

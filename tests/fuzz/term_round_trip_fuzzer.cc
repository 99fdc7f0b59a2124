// What TermReader reads is the same term after it went through text, and after
// TermWriter wrote it value by value.
//
// Input: a byte of which bit 0 gives the reader a table of atoms, and the term,
// without a version byte.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_reader.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/proto/term_writer.h"

namespace ringdist {
namespace {

// Rewrite recurses; and the parser limits how deep keys nest.
constexpr uint64_t kMaxDepth = 16;

// Why a term that is read is not parsed: a closure; and two things that the
// reader does not check.
constexpr absl::string_view kNotParsed[] = {
    "expected a term other than a closure",
    "expected a key that the map does not have yet",
    "expected a number from 0 to",  // The arity of an export.
};

void Rewrite(const TermView& term, TermWriter& writer);

void RewriteElements(const TermView& term, TermWriter& writer) {
  TermElements elements = term.elements();
  for (TermView element; elements.Next(element);) Rewrite(element, writer);
  const TermView tail = elements.Tail();
  if (!tail.empty()) Rewrite(tail, writer);
}

void RewriteInteger(const TermView& term, TermWriter& writer) {
  if (const auto value = term.AsInt64(); value.has_value()) {
    writer.WriteInteger(*value);
  } else if (const auto positive = term.AsUint64(); positive.has_value()) {
    writer.WriteUnsigned(*positive);
  } else {
    writer.WriteBigInteger(*term.AsBigInteger());
  }
}

void Rewrite(const TermView& term, TermWriter& writer) {
  switch (term.type()) {
    case TermType::kInteger:
      return RewriteInteger(term, writer);
    case TermType::kFloat:
      return writer.WriteFloat(*term.AsFloat());
    case TermType::kAtom:
      return writer.WriteAtom(*term.AsAtom());
    case TermType::kReference:
      return writer.WriteReference(*term.AsReference());
    case TermType::kPort:
      return writer.WritePort(*term.AsPort());
    case TermType::kPid:
      return writer.WritePid(*term.AsPid());
    case TermType::kTuple:
      writer.WriteTupleHeader(term.size());
      return RewriteElements(term, writer);
    case TermType::kMap:
      writer.WriteMapHeader(term.size());
      return RewriteElements(term, writer);
    case TermType::kNil:
      return writer.WriteNil();
    case TermType::kList:
      writer.WriteListHeader(term.size());
      return RewriteElements(term, writer);
    case TermType::kBinary:
      return writer.WriteBinary(*term.AsBinary());
    case TermType::kNone:
    case TermType::kFun:
    case TermType::kBitstring:
      return writer.WriteTerm(term);
  }
}

bool CanBeParsed(const absl::Status& error) {
  for (const absl::string_view reason : kNotParsed) {
    if (absl::StrContains(error.message(), reason)) return false;
  }
  return true;
}

void Run(absl::string_view input) {
  if (input.empty()) return;
  const std::vector<absl::string_view> table = {"", "ok", "srv@localhost"};
  const AtomTable atoms = input[0] & 1 ? AtomTable(table) : AtomTable();
  TermLimits limits;
  limits.max_depth = kMaxDepth;
  TermReader reader(input.substr(1), atoms, limits);
  const TermView view = reader.ReadTerm();
  if (!reader.ok()) return;
  const Term term(view);

  StringWriter bytes;
  TermWriter writer(bytes);
  Rewrite(term, writer);
  const Term rewritten = Term::Trusted(std::string(bytes.view()));
  RINGDIST_CHECK(rewritten == term);
  RINGDIST_CHECK_EQ(HashTerm(rewritten), HashTerm(term));

  const std::string text = ToText(view);
  RINGDIST_CHECK_EQ(ToText(rewritten), text);
  const absl::StatusOr<Term> parsed = ParseTerm(text);
  if (!parsed.ok() && !CanBeParsed(parsed.status())) return;
  RINGDIST_CHECK_EQ(parsed.status().ToString(), "OK");
  RINGDIST_CHECK(*parsed == term);
}

}  // namespace
}  // namespace ringdist

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ringdist::Run(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}

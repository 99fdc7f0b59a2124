#include "ringdist/proto/term_mismatch.h"

#include "absl/strings/str_cat.h"
#include "ringdist/proto/term_tags.h"
#include "ringdist/proto/term_text.h"

namespace ringdist {
namespace internal_term {
namespace {

// A term in an error message takes no more than this.
constexpr size_t kMaxTextBytes = 64;

// "a binary"; if the type alone says little, the term.
std::string Describe(const TermView& term) {
  switch (term.type()) {
    case TermType::kNone:
      return "no term";
    case TermType::kInteger:
    case TermType::kFloat:
    case TermType::kAtom:
    case TermType::kNil:
      return ToText(term, kMaxTextBytes);
    case TermType::kTuple:
      return absl::StrCat("a tuple of ", term.size());
    case TermType::kMap:
      return absl::StrCat("a map of ", term.size());
    case TermType::kList: {
      const bool proper = term.elements().Tail().type() == TermType::kNil;
      return absl::StrCat(proper ? "a list of " : "an improper list of ",
                          term.size());
    }
    default:
      return absl::StrCat("a ", TermTypeName(term.type()));
  }
}

}  // namespace

bool TermMismatch::Expect(TermMismatch* mismatch, absl::string_view expected,
                          const TermView& found) {
  if (mismatch == nullptr) return false;
  mismatch->expected_ = std::string(expected);
  mismatch->found_ = Describe(found);
  return false;
}

bool TermMismatch::ExpectSize(TermMismatch* mismatch, absl::string_view what,
                              size_t size, const TermView& found) {
  if (mismatch == nullptr) return false;
  return Expect(mismatch, absl::StrCat(what, " of ", size), found);
}

bool TermMismatch::ExpectBits(TermMismatch* mismatch, absl::string_view what,
                              size_t bits, const TermView& found) {
  if (mismatch == nullptr) return false;
  return Expect(mismatch, absl::StrCat(what, " of ", bits, " bits"), found);
}

bool TermMismatch::ExpectTerm(TermMismatch* mismatch, const TermView& expected,
                              const TermView& found) {
  if (mismatch == nullptr) return false;
  Expect(mismatch, ToText(expected, kMaxTextBytes), found);
  if (expected.type() == found.type()) {
    mismatch->found_ = ToText(found, kMaxTextBytes);
  }
  return false;
}

bool TermMismatch::ExpectKey(TermMismatch* mismatch, const TermView& key,
                             const TermView& found) {
  if (mismatch == nullptr) return false;
  return Expect(mismatch,
                absl::StrCat("a map with the key ", ToText(key, kMaxTextBytes)),
                found);
}

bool TermMismatch::In(TermMismatch* mismatch, absl::string_view part) {
  if (mismatch != nullptr) mismatch->place_.push_back(std::string(part));
  return false;
}

bool TermMismatch::InElement(TermMismatch* mismatch, size_t number) {
  if (mismatch == nullptr) return false;
  return In(mismatch, absl::StrCat("element ", number));
}

bool TermMismatch::InValue(TermMismatch* mismatch, const TermView& key) {
  if (mismatch == nullptr) return false;
  return In(mismatch,
            absl::StrCat("the value of ", ToText(key, kMaxTextBytes)));
}

absl::Status TermMismatch::ToStatus() const {
  std::string text;
  for (size_t i = place_.size(); i > 0; --i) {
    absl::StrAppend(&text, place_[i - 1], i > 1 ? ", " : ": ");
  }
  return absl::InvalidArgumentError(
      absl::StrCat(text, "expected ", expected_, ", found ", found_));
}

}  // namespace internal_term
}  // namespace ringdist

// Whatever the text, ParseTerm gives a valid term or says what is wrong where;
// and the term is printed as a text that gives it again.
//
// Input: the text.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_reader.h"
#include "ringdist/proto/term_text.h"

namespace ringdist {
namespace {

void Run(absl::string_view input) {
  const absl::StatusOr<Term> term = ParseTerm(input);
  if (!term.ok()) {
    RINGDIST_CHECK(absl::StartsWith(term.status().message(), "line "));
    return;
  }
  TermReader reader(term->bytes());
  reader.ReadTerm();
  RINGDIST_CHECK(reader.ok());
  RINGDIST_CHECK(reader.AtEnd());

  const std::string text = ToText(*term);
  const absl::StatusOr<Term> again = ParseTerm(text);
  RINGDIST_CHECK_EQ(again.status().ToString(), "OK");
  RINGDIST_CHECK(*again == *term);
  RINGDIST_CHECK_EQ(ToText(*again), text);

  const size_t half = text.size() / 2;
  RINGDIST_CHECK_LE(ToText(*term, half).size(), half);
}

}  // namespace
}  // namespace ringdist

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ringdist::Run(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}

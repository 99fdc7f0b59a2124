// CallText: how a call ended, as text, which is what compares best.
//
//   "5", "throw:x", "error:badarg in m:f/1", "UNAVAILABLE: noconnection: ..."

#ifndef RINGDIST_TESTS_TESTING_CALL_TEXT_H_
#define RINGDIST_TESTS_TESTING_CALL_TEXT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/runtime/call_result.h"

namespace ringdist {

inline std::string CallText(const CallResult& result) {
  if (result.ok()) return ToText(result.value());
  if (result.exception() != nullptr) return result.exception()->ToString();
  return absl::StrCat(absl::StatusCodeToString(result.status().code()), ": ",
                      result.status().message());
}

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_CALL_TEXT_H_

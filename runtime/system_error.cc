#include "ringdist/runtime/system_error.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/check.h"

namespace ringdist {

absl::Status SystemError(absl::string_view call, absl::string_view object,
                         int error, absl::string_view hint) {
  RINGDIST_CHECK_GT(error, 0);
  const char* const name = strerrorname_np(error);
  const char* const text = strerrordesc_np(error);
  return absl::Status(
      absl::ErrnoToStatusCode(error),
      absl::StrCat(call, object.empty() ? "" : " ", object, ": ",
                   text == nullptr ? "unknown error" : text, " (",
                   name == nullptr ? "?" : name, ")", hint.empty() ? "" : ": ",
                   hint));
}

}  // namespace ringdist

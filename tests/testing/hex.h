// FromHex: golden bytes as they read in a dump, one field on a line.
//
//   const std::string body = FromHex(
//       "4e"                // 'N'
//       "0000000d07df7fbd"  // flags
//       "...");

#ifndef RINGDIST_TESTS_TESTING_HEX_H_
#define RINGDIST_TESTS_TESTING_HEX_H_

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/check.h"

namespace ringdist {

// Only pairs of hexadecimal digits.
inline std::string FromHex(absl::string_view hex) {
  const std::string bytes = absl::HexStringToBytes(hex);
  RINGDIST_CHECK_EQ(absl::BytesToHexString(bytes), hex);
  return bytes;
}

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_HEX_H_

// Whatever the bytes, a packet's body is a control message or refused; and a
// message that was read can be described, checked, and sent again as the same.
//
// Input: the body of a packet without a distribution header.

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/control_message.h"

namespace ringdist {
namespace {

std::string Encode(const ControlMessage& message) {
  StringWriter bytes;
  EncodePassThrough(message, bytes);
  return std::string(bytes.view());
}

void Run(absl::string_view body) {
  ControlMessage message;
  const absl::Status decoded = DecodePassThrough(body, message);
  if (!decoded.ok()) {
    RINGDIST_CHECK(!decoded.message().empty());
    return;
  }
  const std::string text = ToString(message);
  RINGDIST_CHECK(text.find('\n') == std::string::npos);
  const absl::Status allowed = CheckControlMessage(message, "p@h", "o@h");
  if (std::holds_alternative<control::Unknown>(message)) {
    RINGDIST_CHECK(!allowed.ok());
    return;
  }
  const std::string encoded = Encode(message);
  ControlMessage again;
  RINGDIST_CHECK(DecodePassThrough(encoded, again).ok());
  RINGDIST_CHECK_EQ(ToString(again), text);
  RINGDIST_CHECK_EQ(CheckControlMessage(again, "p@h", "o@h").ok(),
                    allowed.ok());
  RINGDIST_CHECK(Encode(again) == encoded);
}

}  // namespace
}  // namespace ringdist

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ringdist::Run(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}

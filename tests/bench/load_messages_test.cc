#include <gtest/gtest.h>

#include <string>

#include "absl/strings/string_view.h"
#include "ringdist/bench/load/messages.h"

namespace ringdist {
namespace {

TEST(LoadMessagesTest, AHeaderHasATypeAndANumber) {
  const uint64_t header = MessageHeader(MessageType::kReport, 0x123456);
  EXPECT_EQ(header, 0x0200'0000'0012'3456U);
  EXPECT_EQ(TypeOf(header), MessageType::kReport);
  EXPECT_EQ(NumberOf(header), 0x123456U);
  EXPECT_EQ(NumberOf(MessageHeader(MessageType::kStall, kMaxNumber)),
            kMaxNumber);
}

TEST(LoadMessagesTest, ReportsComeBack) {
  ServerReport report;
  uint64_t value = 1;
  for (const ReportField& field : ReportFields()) {
    report.*field.value = value;
    value = value * 0x10001 + 7;
  }
  const std::string payload = EncodeReport(report);
  EXPECT_EQ(payload.substr(0, 8), std::string("\0\0\0\0\0\0\0\1", 8));
  const std::optional<ServerReport> decoded = DecodeReport(payload);
  ASSERT_TRUE(decoded.has_value());
  for (const ReportField& field : ReportFields()) {
    EXPECT_EQ((*decoded).*field.value, report.*field.value) << field.name;
  }
}

TEST(LoadMessagesTest, WhatIsNoReportIsNone) {
  const std::string payload = EncodeReport({});
  EXPECT_FALSE(DecodeReport("").has_value());
  EXPECT_FALSE(DecodeReport(payload + "x").has_value());
  EXPECT_FALSE(DecodeReport(absl::string_view(payload).substr(1)).has_value());
}

}  // namespace
}  // namespace ringdist

#include "ringdist/runtime/distribution_options.h"

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ringdist {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

using Change = std::function<void(DistributionOptions&)>;

DistributionOptions Good() {
  DistributionOptions options;
  options.name = "a@localhost";
  options.cookie = "secret";
  return options;
}

absl::Status ValidateWith(const Change& change) {
  DistributionOptions options = Good();
  change(options);
  return options.Validate();
}

TEST(DistributionOptions, DefaultsWithANameAndACookieAreValid) {
  EXPECT_TRUE(Good().Validate().ok());
  EXPECT_FALSE(Good().HasDynamicName());
}

TEST(DistributionOptions, UndefinedAsksForAName) {
  DistributionOptions options = Good();
  options.name = "undefined@some.host";
  EXPECT_TRUE(options.Validate().ok());
  EXPECT_TRUE(options.HasDynamicName());
  EXPECT_EQ(options.DynamicNameHost(), "some.host");
}

TEST(DistributionOptions, ValuesAtTheLimitAreValid) {
  const Change changes[] = {
      [](auto& options) { options.cookie = "c"; },
      [](auto& options) { options.cookie = std::string(255, 'c'); },
      [](auto& options) { options.setup_time = absl::Milliseconds(1); },
      [](auto& options) { options.setup_time = absl::Seconds(120); },
      [](auto& options) { options.net_ticktime = absl::Milliseconds(10); },
      [](auto& options) { options.net_ticktime = absl::Hours(24); },
      [](auto& options) { options.net_tickintensity = 4; },
      [](auto& options) { options.net_tickintensity = 1000; },
      [](auto& options) { options.protocol_version = 5; },
      [](auto& options) { options.max_packet_bytes = 65536; },
      [](auto& options) { options.max_packet_bytes = 0xFFFFFFFF; },
      [](auto& options) { options.send_queue_bytes = 1024; },
      [](auto& options) { options.max_connections = 1; },
      [](auto& options) { options.connection.receive_budget_bytes = 1024; },
      [](auto& options) { options.connection.straight_receive_bytes = 1; },
  };
  for (const Change& change : changes) {
    EXPECT_TRUE(ValidateWith(change).ok()) << ValidateWith(change);
  }
}

// An error names the field and the limit.
void ExpectInvalid(const std::string& field, const std::string& limit,
                   const Change& change) {
  const absl::Status status = ValidateWith(change);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << field;
  EXPECT_THAT(
      status.message(),
      AllOf(HasSubstr("DistributionOptions::" + field), HasSubstr(limit)));
}

TEST(DistributionOptions, BadNamesAreToldByFieldAndRule) {
  ExpectInvalid("name", "@", [](auto& options) { options.name = ""; });
  ExpectInvalid("name", "@", [](auto& options) { options.name = "a"; });
  ExpectInvalid("name", "a b", [](auto& options) { options.name = "a b@h"; });
  ExpectInvalid("name", "host",
                [](auto& options) { options.name = "undefined@"; });
  ExpectInvalid("allowed", "b@@h", [](auto& options) {
    options.allowed = {"b@h", "b@@h"};
  });
  ExpectInvalid("cookie", "1 to 255",
                [](auto& options) { options.cookie = ""; });
  ExpectInvalid("cookie", "1 to 255",
                [](auto& options) { options.cookie = std::string(256, 'c'); });
}

TEST(DistributionOptions, BadTimesAreToldByFieldAndLimit) {
  ExpectInvalid("setup_time", "1 ms", [](auto& options) {
    options.setup_time = absl::Microseconds(999);
  });
  ExpectInvalid("setup_time", "120 s", [](auto& options) {
    options.setup_time = absl::Microseconds(120'000'001);
  });
  ExpectInvalid("net_ticktime", "10 ms", [](auto& options) {
    options.net_ticktime = absl::Microseconds(9'999);
  });
  ExpectInvalid("net_ticktime", "24 h", [](auto& options) {
    options.net_ticktime = absl::Hours(24) + absl::Microseconds(1);
  });
  ExpectInvalid("net_tickintensity", "4",
                [](auto& options) { options.net_tickintensity = 3; });
  ExpectInvalid("net_tickintensity", "1000",
                [](auto& options) { options.net_tickintensity = 1001; });
}

TEST(DistributionOptions, BadNumbersAreToldByFieldAndLimit) {
  ExpectInvalid("protocol_version", "5 or 6",
                [](auto& options) { options.protocol_version = 4; });
  ExpectInvalid("protocol_version", "5 or 6",
                [](auto& options) { options.protocol_version = 7; });
  ExpectInvalid("max_packet_bytes", "65536",
                [](auto& options) { options.max_packet_bytes = 65535; });
  ExpectInvalid("max_packet_bytes", "2^32 - 1",
                [](auto& options) { options.max_packet_bytes = 0x100000000; });
  ExpectInvalid("send_queue_bytes", "1024",
                [](auto& options) { options.send_queue_bytes = 1023; });
  ExpectInvalid("max_connections", "1",
                [](auto& options) { options.max_connections = 0; });
  ExpectInvalid("connection.receive_budget_bytes", "1024", [](auto& options) {
    options.connection.receive_budget_bytes = 1023;
  });
  ExpectInvalid("connection.straight_receive_bytes", "1", [](auto& options) {
    options.connection.straight_receive_bytes = 0;
  });
}

}  // namespace
}  // namespace ringdist

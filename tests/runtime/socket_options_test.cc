#include "ringdist/runtime/socket_options.h"

#include <sys/socket.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/runtime/file_descriptor.h"

namespace ringdist {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Refusal(const std::vector<SocketOption>& options) {
  const absl::Status status = ValidateSocketOptions(options);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

class SocketOptionsTest : public ::testing::Test {
 protected:
  const FileDescriptor fd_{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
};

TEST_F(SocketOptionsTest, ValidOnesPass) {
  EXPECT_TRUE(ValidateSocketOptions({}).ok());
  EXPECT_TRUE(ValidateSocketOptions(
                  {{"sndbuf", 1 << 20}, {"recbuf", 0}, {"priority", 6}})
                  .ok());
}

TEST_F(SocketOptionsTest, TheSeedsForbiddenOnesAreAllNamed) {
  EXPECT_THAT(
      Refusal({{"active", 1}, {"sndbuf", 1}, {"packet", 4}, {"deliver", 0}}),
      AllOf(HasSubstr("badopts: active, packet, deliver;"),
            Not(HasSubstr("sndbuf"))));
}

TEST_F(SocketOptionsTest, UnknownOnesAreNamedWithThoseThatExist) {
  EXPECT_THAT(Refusal({{"nodelay", 1}, {"", 1}, {"sndbuf", 1}}),
              HasSubstr("nodelay, ; there are sndbuf, recbuf, priority"));
}

TEST_F(SocketOptionsTest, NegativeValuesAreNamed) {
  EXPECT_THAT(Refusal({{"sndbuf", -1}, {"recbuf", 1}, {"priority", -2}}),
              HasSubstr("sndbuf = -1, priority = -2;"));
}

TEST_F(SocketOptionsTest, WhatWasSetIsReadBackAsTheSystemTookIt) {
  ASSERT_TRUE(
      SetSocketOptions(fd_.get(),
                       {{"sndbuf", 65536}, {"recbuf", 32768}, {"priority", 3}})
          .ok());
  const absl::StatusOr<std::vector<SocketOption>> read =
      GetSocketOptions(fd_.get(), {"priority", "sndbuf", "recbuf"});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(*read, ElementsAre(SocketOption{"priority", 3},
                                 SocketOption{"sndbuf", 2 * 65536},
                                 SocketOption{"recbuf", 2 * 32768}));
}

TEST_F(SocketOptionsTest, WhatIsNotSetStays) {
  const FileDescriptor other(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_TRUE(SetSocketOptions(fd_.get(), {{"priority", 3}}).ok());
  EXPECT_EQ(*GetSocketOptions(fd_.get(), {"sndbuf", "recbuf"}),
            *GetSocketOptions(other.get(), {"sndbuf", "recbuf"}));
}

TEST_F(SocketOptionsTest, UnknownNamesCannotBeRead) {
  const absl::Status status =
      GetSocketOptions(fd_.get(), {"sndbuf", "active"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("active; there are"));
}

TEST_F(SocketOptionsTest, SystemErrorsNameTheOption) {
  const absl::Status set = SetSocketOptions(-1, {{"sndbuf", 4096}});
  EXPECT_THAT(std::string(set.message()),
              HasSubstr("setsockopt sndbuf = 4096: Bad file descriptor"));
  const absl::Status get = GetSocketOptions(-1, {"sndbuf"}).status();
  EXPECT_THAT(std::string(get.message()), HasSubstr("getsockopt sndbuf: Bad"));
}

}  // namespace
}  // namespace ringdist

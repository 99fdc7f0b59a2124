#include "ringdist/tools/node_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/term_convert.h"

namespace ringdist {
namespace {

using ::testing::Each;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

NodeReport FullReport() {
  NodeReport report;
  report.name = "srv@localhost";
  report.creation = 3589446789;
  report.flags = kDflagPublished | kDflagSpawn | kDflagAlias;
  report.round_trip = absl::Microseconds(259);
  report.otp_release = "25";
  report.erts_version = "13.1.5";
  report.uptime = absl::Minutes(303);
  report.memory = {{Atom("total"), 25'312'000}, {Atom("binary"), 669'488}};
  report.processes = 50;
  report.process_limit = 262144;
  report.registered = {{Atom("init"), Atom("rex")}};
  return report;
}

void Refuse(NodeReport& report, const absl::Status& why) {
  report.otp_release = why;
  report.erts_version = why;
  report.uptime = why;
  report.memory = why;
  report.processes = why;
  report.process_limit = why;
  report.registered = why;
}

TEST(NodeReportTest, IsALineForEachThingThatIsKnown) {
  EXPECT_EQ(ReportText(FullReport()),
            "node          srv@localhost\n"
            "creation      3589446789\n"
            "protocol      version 6\n"
            "flags         ALIAS, SPAWN, PUBLISHED\n"
            "round trip    0.259 ms\n"
            "OTP release   25 (erts 13.1.5)\n"
            "uptime        5h 03m\n"
            "memory        total 25.3 MB, binary 669.5 kB\n"
            "processes     50 of at most 262144\n"
            "registered    init, rex");
}

TEST(NodeReportTest, WhatIsNotToldComesLastWithTheReason) {
  NodeReport report = FullReport();
  report.hidden = true;
  Refuse(report, absl::AbortedError("undef"));
  EXPECT_EQ(ReportText(report),
            "node          srv@localhost (hidden)\n"
            "creation      3589446789\n"
            "protocol      version 6\n"
            "flags         ALIAS, SPAWN, PUBLISHED\n"
            "round trip    0.259 ms\n"
            "not available OTP release, uptime, memory, processes, registered "
            "(undef)");
}

TEST(NodeReportTest, EachReasonHasALine) {
  NodeReport report = FullReport();
  report.round_trip = absl::DeadlineExceededError("no answer within 7s");
  report.memory = absl::AbortedError("notsup");
  report.registered = absl::AbortedError("notsup");
  EXPECT_THAT(ReportText(report),
              EndsWith("processes     50 of at most 262144\n"
                       "not available round trip (no answer within 7s)\n"
                       "not available memory, registered (notsup)"));
}

TEST(NodeReportTest, WithoutItsDetailsAThingIsStillTold) {
  NodeReport report = FullReport();
  report.erts_version = absl::AbortedError("undef");
  report.process_limit = absl::AbortedError("undef");
  const std::string text = ReportText(report);
  EXPECT_THAT(text, HasSubstr("\nOTP release   25\n"));
  EXPECT_THAT(text, HasSubstr("\nprocesses     50\n"));
  EXPECT_THAT(text, Not(HasSubstr("not available")));
}

TEST(NodeReportTest, Version5HasNoCreation) {
  NodeReport report = FullReport();
  report.creation = 0;
  report.protocol_version = 5;
  EXPECT_THAT(ReportText(report),
              HasSubstr("creation      not known with protocol version 5\n"
                        "protocol      version 5\n"));
  EXPECT_TRUE(ReportJson(report)["creation"].is_null());
}

TEST(NodeReportTest, FitsIntoATerminal) {
  NodeReport report = FullReport();
  report.flags = ~uint64_t{0};
  for (int i = 0; i < 200; ++i) {
    report.registered->push_back(
        Atom(absl::StrCat("process_", std::string(i % 40, 'x'))));
  }
  const std::vector<std::string> lines =
      absl::StrSplit(ReportText(report), '\n');
  EXPECT_THAT(lines, Each(SizeIs(::testing::Le(80u))));
  EXPECT_THAT(lines.back(), ::testing::StartsWith("              process_"));
}

TEST(NodeReportTest, NamesAreWrittenAsInErlang) {
  NodeReport report = FullReport();
  report.registered = {{Atom("Elixir.Logger"), Atom("a, b\n"), Atom("c")}};
  EXPECT_THAT(ReportText(report),
              EndsWith("\nregistered    'Elixir.Logger', 'a, b\\n', c"));
}

TEST(NodeReportTest, ALongNameHasALineOfItsOwn) {
  NodeReport report = FullReport();
  const std::string name(200, 'x');
  report.registered = {{Atom("a"), Atom(name), Atom("b")}};
  EXPECT_THAT(ReportText(report),
              EndsWith(absl::StrCat("registered    a,\n              ", name,
                                    ",\n              b")));
}

TEST(NodeReportTest, IsAnObjectForPrograms) {
  EXPECT_EQ(ReportJson(FullReport()).dump(),
            "{\"event\":\"info\",\"node\":\"srv@localhost\",\"hidden\":false,"
            "\"creation\":3589446789,\"protocol_version\":6,"
            "\"flags\":[\"ALIAS\",\"SPAWN\",\"PUBLISHED\"],\"time_ms\":0.259,"
            "\"otp_release\":\"25\",\"erts_version\":\"13.1.5\","
            "\"uptime_seconds\":18180.0,"
            "\"memory\":{\"total\":25312000,\"binary\":669488},"
            "\"processes\":50,\"process_limit\":262144,"
            "\"registered\":[\"init\",\"rex\"]}");
}

TEST(NodeReportTest, InTheObjectNullStandsForWhatIsNotTold) {
  NodeReport report = FullReport();
  report.round_trip = absl::DeadlineExceededError("no answer within 7s");
  Refuse(report, absl::AbortedError("undef"));
  const Json json = ReportJson(report);
  for (const char* field :
       {"time_ms", "otp_release", "erts_version", "uptime_seconds", "memory",
        "processes", "process_limit", "registered"}) {
    ASSERT_TRUE(json.contains(field)) << field;
    EXPECT_TRUE(json[field].is_null()) << field;
  }
}

}  // namespace
}  // namespace ringdist

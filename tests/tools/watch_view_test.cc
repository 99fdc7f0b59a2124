#include "ringdist/tools/watch_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "ringdist/tools/columns.h"

namespace ringdist {
namespace {

using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

using State = WatchedNode::State;

// What an Erlang node told.
WatchSample FullSample() {
  return {.round_trip = absl::Microseconds(87),
          .packets_in = 9.4,
          .packets_out = 5,
          .run_queue = 0,
          .processes = 47,
          .memory = 25'312'000,
          .io_in = 1234,
          .io_out = 0};
}

WatchedNode Up(const std::string& name, const WatchSample& sample) {
  return {.name = name, .state = State::kUp, .sample = sample};
}

WatchedNode Down(const std::string& name, const std::string& reason) {
  return {.name = name,
          .state = State::kDown,
          .in_state = absl::Seconds(3),
          .reason = reason,
          .dials_in = absl::Seconds(1)};
}

WatchState StateOf(const std::vector<WatchedNode>& nodes) {
  return {.interval = absl::Seconds(1),
          .running = absl::Seconds(72),
          .nodes = nodes};
}

std::string Picture(const WatchState& state, size_t width, size_t height) {
  return absl::StrJoin(DrawWatch(state, width, height), "\n");
}

TEST(WatchViewTest, IsReadableAt80Columns) {
  WatchState state = StateOf(
      {Up("srv@localhost", FullSample()),
       Up("cpp@localhost", {.round_trip = absl::Microseconds(1060)}),
       Down("old@localhost",
            "connect /run/nodes/old: No such file or directory (ENOENT): no "
            "node listens there"),
       {.name = "new@localhost"}});
  state.events = {"08:12:31 nodeup srv@localhost",
                  "08:12:40 nodedown old@localhost: connection_closed"};
  EXPECT_EQ(Picture(state, 80, 24),
            "ringdist watch: 2 of 4 nodes up, every 1s, for 1m 12s\n"
            "\n"
            "NODE              ROUND TRIP  RUN Q  PROCESSES    MEMORY      I/O "
            "IN     I/O OUT\n"
            "srv@localhost       0.087 ms      0         47   25.3 MB    1.2 "
            "kB/s       0 B/s\n"
            "cpp@localhost       1.060 ms      -          -         -          "
            " -           -\n"
            "old@localhost     down for 3s, again in 1s\n"
            "    connect /run/nodes/old: No such file or directory (ENOENT): "
            "no node listens\n"
            "    there\n"
            "new@localhost     connecting\n"
            "\n"
            "08:12:31 nodeup srv@localhost\n"
            "08:12:40 nodedown old@localhost: connection_closed");
}

TEST(WatchViewTest, LeavesOutColumnsThatDoNotFit) {
  const WatchState state = StateOf({Up("srv@localhost", FullSample())});
  EXPECT_THAT(DrawWatch(state, 79, 24)[2], EndsWith("I/O IN"));
  EXPECT_THAT(DrawWatch(state, 60, 24)[2], EndsWith("MEMORY"));
  EXPECT_THAT(DrawWatch(state, 60, 24)[3], EndsWith("25.3 MB"));
  EXPECT_THAT(DrawWatch(state, 28, 24)[3], EndsWith("0.087 ms"));
  EXPECT_EQ(DrawWatch(state, 16, 24)[3], "srv@localhost   ");
  EXPECT_EQ(DrawWatch(state, 8, 24)[3], "srv@loc~");
}

TEST(WatchViewTest, LongNamesGetWhatColumnsLeave) {
  const std::string name = "a_node_with_quite_a_name@a.host.example";
  const WatchState state =
      StateOf({Up(name, FullSample()), Up("srv@localhost", FullSample())});
  EXPECT_THAT(DrawWatch(state, 80, 24)[3],
              ::testing::StartsWith("a_node_with_qui~    0.087 ms"));
  EXPECT_THAT(DrawWatch(state, 120, 24)[3],
              ::testing::StartsWith(absl::StrCat(name, "    0.087 ms")));
  // Numbers stand below each other.
  EXPECT_THAT(DrawWatch(state, 120, 24)[4], SizeIs(name.size() + 64));
}

TEST(WatchViewTest, NoPictureIsLargerThanTheTerminal) {
  WatchState state = StateOf(
      {Up("srv@localhost", FullSample()),
       Down("old@localhost", "connect /run/nodes/old: no node listens there"),
       {.name = "\u6f22\u5b57@localhost"}});
  for (int i = 0; i < 30; ++i) {
    state.events.push_back(absl::StrCat("08:12:", 10 + i, " nodeup \x1b[2J"));
  }
  for (size_t width = 0; width <= 100; ++width) {
    for (size_t height = 0; height <= 30; ++height) {
      const std::vector<std::string> lines = DrawWatch(state, width, height);
      ASSERT_LE(lines.size(), height);
      for (const std::string& line : lines) {
        ASSERT_LE(CountColumns(line), width) << line;
        ASSERT_THAT(line, Not(HasSubstr("\x1b")));
      }
    }
  }
}

TEST(WatchViewTest, TheNewestEventsAreShown) {
  WatchState state = StateOf({Up("srv@localhost", FullSample())});
  for (int i = 0; i < 30; ++i) {
    state.events.push_back(absl::StrCat("event ", i));
  }
  const std::vector<std::string> lines = DrawWatch(state, 80, 10);
  ASSERT_THAT(lines, SizeIs(10));
  EXPECT_EQ(lines[4], "");
  EXPECT_EQ(lines[5], "event 25");
  EXPECT_EQ(lines[9], "event 29");
  // No blank line for nothing.
  EXPECT_THAT(DrawWatch(state, 80, 5), SizeIs(4));
}

TEST(WatchViewTest, NodesGoBeforeReasonsAndEvents) {
  WatchState state = StateOf({Down("a@localhost", "one two three"),
                              Down("b@localhost", "four five six"),
                              {.name = "c@localhost"}});
  state.events = {"an event"};
  EXPECT_THAT(DrawWatch(state, 80, 24), SizeIs(3 + 5 + 2));
  EXPECT_THAT(DrawWatch(state, 80, 8), SizeIs(8));
  EXPECT_THAT(DrawWatch(state, 80, 8), Not(Contains("an event")));
  EXPECT_THAT(DrawWatch(state, 80, 6),
              ::testing::ElementsAre(HasSubstr("0 of 3 nodes up"), "",
                                     HasSubstr("NODE"), HasSubstr("a@"),
                                     HasSubstr("one two three"), "and 2 more"));
}

TEST(WatchViewTest, TellsTheStateOfANodeWithoutNumbers) {
  WatchedNode node = {.name = "srv@localhost", .state = State::kUp};
  EXPECT_THAT(DrawWatch(StateOf({node}), 80, 24)[3], EndsWith("  up"));
  node.sample = FullSample();
  node.silent = absl::Seconds(65);
  EXPECT_THAT(DrawWatch(StateOf({node}), 80, 24)[3],
              EndsWith("  up, but no answer for 1m 05s"));
  node = Down("srv@localhost", "");
  node.dials_in = absl::ZeroDuration();
  EXPECT_THAT(DrawWatch(StateOf({node}), 80, 24)[3],
              EndsWith("  down for 3s, connecting"));
}

TEST(WatchViewTest, ASampleIsALine) {
  EXPECT_EQ(SampleText(FullSample()),
            "round trip 0.087 ms, run queue 0, 47 processes, memory 25.3 MB, "
            "I/O 1.2 kB/s in, 0 B/s out, connection 9 packets/s in, 5 out");
  EXPECT_EQ(SampleText({.round_trip = absl::Milliseconds(2)}),
            "round trip 2.000 ms, connection 0 packets/s in, 0 out");
}

}  // namespace
}  // namespace ringdist

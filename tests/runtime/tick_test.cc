#include "ringdist/runtime/tick.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace ringdist {
namespace {

using Action = Tick::Action;

// A connection in simulated time, from the moment that it is up.
class Simulation {
 public:
  explicit Simulation(bool peer_is_hidden, int intensity = 4)
      : tick_(intensity), interval_(absl::Seconds(60) / intensity) {
    seen_.packets_in = 3;  // The handshake's.
    seen_.packets_out = 2;
    seen_.peer_is_hidden = peer_is_hidden;
    tick_.Start(seen_.packets_in, seen_.packets_out);
  }

  // Lets `time` pass. Traffic is as the members below say. Stops when down.
  void Run(absl::Duration time) {
    const absl::Duration end = now_ + time;
    for (; now_ < end && !down_at_.has_value(); now_ += absl::Seconds(1)) {
      if (now_ >= next_run_) RunTick();
      if (peer_sends_every > absl::ZeroDuration() &&
          now_ >= heard_at_ + peer_sends_every) {
        ++seen_.packets_in;
        heard_at_ = now_;
      }
      if (we_send_every > absl::ZeroDuration() &&
          now_ >= sent_at_ + we_send_every) {
        ++seen_.packets_out;
        sent_at_ = now_;
      }
    }
  }

  absl::Duration peer_sends_every;  // Zero: never.
  absl::Duration we_send_every;

  Tick::Seen& seen() { return seen_; }
  absl::Duration now() const { return now_; }
  std::optional<absl::Duration> down_at() const { return down_at_; }
  int ticks() const { return ticks_; }

 private:
  void RunTick() {
    next_run_ += interval_;
    switch (tick_.Check(seen_)) {
      case Action::kNothing:
        break;
      case Action::kSendTick:
        ++seen_.packets_out;
        ++ticks_;
        break;
      case Action::kDown:
        down_at_ = now_;
    }
  }

  Tick::Seen seen_;
  Tick tick_;
  absl::Duration interval_;
  absl::Duration now_;
  absl::Duration next_run_ = interval_;
  absl::Duration heard_at_;
  absl::Duration sent_at_;
  std::optional<absl::Duration> down_at_;
  int ticks_ = 0;
};

TEST(Tick, APeerThatNeverSendsIsDeclaredDown) {
  Simulation connection(/*peer_is_hidden=*/false);
  connection.Run(absl::Minutes(5));
  EXPECT_EQ(connection.down_at(), absl::Seconds(60));
}

TEST(Tick, APeerThatGoesSilentIsDeclaredDownWithinTheWindow) {
  for (int silent_from = 1; silent_from <= 130; ++silent_from) {
    Simulation connection(/*peer_is_hidden=*/false);
    connection.peer_sends_every = absl::Seconds(1);
    connection.Run(absl::Seconds(silent_from));
    ASSERT_FALSE(connection.down_at().has_value());
    connection.peer_sends_every = absl::ZeroDuration();
    connection.Run(absl::Minutes(5));
    ASSERT_TRUE(connection.down_at().has_value());
    const absl::Duration silent =
        *connection.down_at() - absl::Seconds(silent_from);
    EXPECT_GT(silent, absl::Seconds(45)) << silent_from;
    EXPECT_LE(silent, absl::Seconds(75)) << silent_from;
    // It was last heard one second before.
    EXPECT_GE(silent + absl::Seconds(1), absl::Seconds(60)) << silent_from;
  }
}

TEST(Tick, TheWindowScalesWithTheIntensity) {
  for (int intensity : {1, 2, 4, 10, 60}) {
    Simulation connection(/*peer_is_hidden=*/false, intensity);
    connection.peer_sends_every = absl::Seconds(1);
    connection.Run(absl::Seconds(100));
    connection.peer_sends_every = absl::ZeroDuration();
    connection.Run(absl::Minutes(5));
    ASSERT_TRUE(connection.down_at().has_value()) << intensity;
    const absl::Duration silent = *connection.down_at() - absl::Seconds(100);
    EXPECT_GT(silent, absl::Seconds(60) - absl::Seconds(60) / intensity)
        << intensity;
    EXPECT_LE(silent, absl::Seconds(60) + absl::Seconds(60) / intensity)
        << intensity;
  }
}

TEST(Tick, APeerThatSendsOnlyTicksStaysUp) {
  for (int every = 1; every <= 45; ++every) {
    Simulation connection(/*peer_is_hidden=*/false);
    connection.peer_sends_every = absl::Seconds(every);
    connection.Run(absl::Hours(1));
    EXPECT_FALSE(connection.down_at().has_value()) << every;
  }
}

TEST(Tick, AnIdleConnectionIsTickedOncePerInterval) {
  Simulation connection(/*peer_is_hidden=*/false);
  connection.peer_sends_every = absl::Seconds(1);
  connection.Run(absl::Seconds(601));
  EXPECT_EQ(connection.ticks(), 40);
}

TEST(Tick, ABusyConnectionIsNotTicked) {
  Simulation connection(/*peer_is_hidden=*/false);
  connection.peer_sends_every = absl::Seconds(1);
  connection.we_send_every = absl::Seconds(1);
  connection.Run(absl::Seconds(600));
  EXPECT_EQ(connection.ticks(), 0);
}

TEST(Tick, BytesThatArePendingAreASignOfLifeToBe) {
  Simulation connection(/*peer_is_hidden=*/false);
  connection.peer_sends_every = absl::Seconds(1);
  connection.seen().pending_bytes = 1;
  connection.Run(absl::Seconds(600));
  EXPECT_EQ(connection.ticks(), 0);
}

TEST(Tick, AHiddenPeerThatIsSilentIsTickedEvenIfWeSend) {
  Simulation connection(/*peer_is_hidden=*/true);
  connection.we_send_every = absl::Seconds(1);
  connection.Run(absl::Minutes(5));
  // At 15, 30 and 45 s, as OTP 25.2.3 does with a ticktime of 4 s after 1, 2
  // and 3 seconds; and after 4 it is down.
  EXPECT_EQ(connection.ticks(), 3);
  EXPECT_EQ(connection.down_at(), absl::Seconds(60));

  Simulation talking(/*peer_is_hidden=*/true);
  talking.we_send_every = absl::Seconds(1);
  talking.peer_sends_every = absl::Seconds(1);
  talking.Run(absl::Minutes(5));
  EXPECT_EQ(talking.ticks(), 0);
}

TEST(Tick, ATickOfOursIsNotTakenForTraffic) {
  Tick::Seen seen;
  Tick tick(4);
  for (int check = 0; check < 100; ++check) {
    ++seen.packets_in;
    ASSERT_EQ(tick.Check(seen), Action::kSendTick) << check;
    ++seen.packets_out;
  }
  // One packet more than the tick, and the next check has nothing to do.
  ++seen.packets_out;
  ++seen.packets_in;
  EXPECT_EQ(tick.Check(seen), Action::kNothing);
}

TEST(Tick, WhileWePauseReadingThePeerIsNotDeclaredDown) {
  for (const bool hidden : {false, true}) {
    Simulation connection(hidden);
    connection.seen().reading_is_paused = true;
    connection.Run(absl::Hours(1));
    EXPECT_FALSE(connection.down_at().has_value());
    // Ticks go on, so that the peer keeps us.
    EXPECT_GE(connection.ticks(), 238);
    // And from then on it has its whole time again.
    connection.seen().reading_is_paused = false;
    const absl::Duration resumed = connection.now();
    connection.Run(absl::Hours(1));
    ASSERT_TRUE(connection.down_at().has_value());
    EXPECT_GE(*connection.down_at() - resumed, absl::Seconds(45));
    EXPECT_LE(*connection.down_at() - resumed, absl::Seconds(75));
  }
}

// The rule as OTP has it, beside ours on random traffic.
TEST(Tick, IsTheProtocolsRule) {
  for (const bool hidden : {false, true}) {
    Tick::Seen now;
    now.peer_is_hidden = hidden;
    now.packets_in = 1;
    Tick tick(4);
    uint64_t t0 = 0, ticked = 1, read = 0, write = 0;
    uint32_t random = 1;
    int downs = 0;
    for (int check = 0; check < 10000; ++check) {
      random = random * 1664525 + 1013904223;
      now.packets_in += (random >> 28) == 0 ? 1 : 0;
      now.packets_out += (random >> 24) % 2;
      now.pending_bytes = (random >> 23) % 2;
      const uint64_t t = t0 + 1;
      Action expected = Action::kDown;
      if (now.packets_in != read || ticked != t) {
        const bool need =
            (now.packets_out == write && now.pending_bytes == 0) ||
            (hidden && now.packets_in == read);
        expected = need ? Action::kSendTick : Action::kNothing;
        write = now.packets_out + (need ? 1 : 0);
        if (now.packets_in != read) ticked = t;
        read = now.packets_in;
        t0 = t % 4;
      }
      ASSERT_EQ(tick.Check(now), expected) << check;
      if (expected == Action::kSendTick) ++now.packets_out;
      if (expected == Action::kDown) {
        ++downs;
        ++now.packets_in;  // It lives after all.
      }
    }
    EXPECT_GT(downs, 10);
  }
}

}  // namespace
}  // namespace ringdist

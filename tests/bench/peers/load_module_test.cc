#include "ringdist/bench/peers/load_module.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "ringdist/bench/load/arrival_check.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/payloads.h"
#include "ringdist/bench/peers/erlang_node.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/tests/testing/erlang_test.h"

namespace ringdist {
namespace {

constexpr size_t kBytes = 1000;

class LoadModuleTest : public ErlangTest {
 protected:
  void SetUp() override {
    ErlangTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    absl::StatusOr<std::unique_ptr<ErlangNode>> node = ErlangNode::Start({});
    ASSERT_TRUE(node.ok()) << node.status();
    node_ = *std::move(node);
  }

  absl::StatusOr<bool> Start(Verify verify = Verify::kEnds) {
    LoadSpec spec;
    spec.verify = verify;
    return StartLoadModule(
        [this](absl::string_view module, absl::string_view function,
               const Term& arguments) {
          return CallIn(*node_, module, function, arguments);
        },
        spec);
  }
  absl::Status Remove() {
    return RemoveLoadModule([this](absl::string_view module,
                                   absl::string_view function,
                                   const Term& arguments) {
      return CallIn(*node_, module, function, arguments);
    });
  }

  std::string Eval(const std::string& expressions) {
    const absl::StatusOr<std::string> value = node_->Eval(expressions);
    EXPECT_TRUE(value.ok()) << value.status();
    return value.value_or("");
  }

  // Sends data of stream 7 with these numbers, then asks what has come.
  // `wrong` is the number whose payload has another byte at `wrong_at`.
  Totals Count(const std::vector<uint64_t>& numbers, uint64_t report,
               uint64_t wrong = 0, size_t wrong_at = 0) {
    const Payloads payloads(Verify::kFull, kBytes);
    Eval(
        "dist_load ! {report, self(), 7, 0}, "
        "receive {report, 7, 0, _} -> ok end.");
    for (const uint64_t number : numbers) {
      std::string payload(payloads.Of(number, kBytes));
      if (number == wrong) payload[wrong_at] ^= 1;
      Eval(absl::StrCat("dist_load ! ",
                        ToText(MakeTerm(std::tuple(7, number, payload))),
                        ", ok."));
    }
    return Report(7, report);
  }

  // The answer to a report of a stream.
  Totals Report(int stream, uint64_t number) {
    // A function, as the node keeps variables.
    return Read(*ParseTerm(
        Eval(absl::StrCat("dist_load ! {report, self(), ", stream, ", ", number,
                          "}, (fun() -> receive {report, ", stream, ", ",
                          number, ", Report} -> Report end end)()."))));
  }

  static Totals Read(const Term& report) {
    Totals totals;
    const auto key = [](absl::string_view name, uint64_t* value) {
      return std::pair(Atom(name), value);
    };
    const absl::Status matched =
        MatchTerm(report, Map(key("messages", &totals.messages),
                              key("bytes", &totals.bytes),
                              key("lost", &totals.faults.lost),
                              key("duplicated", &totals.faults.duplicated),
                              key("reordered", &totals.faults.reordered),
                              key("corrupted", &totals.faults.corrupted)));
    EXPECT_TRUE(matched.ok()) << matched;
    return totals;
  }

  std::unique_ptr<ErlangNode> node_;
};

// What our own receivers count.
Totals CountHere(const std::vector<uint64_t>& numbers, uint64_t report) {
  const Payloads payloads(Verify::kFull, kBytes);
  ArrivalCheck check;
  Totals totals;
  for (const uint64_t number : numbers) {
    check.Take(number, payloads.Of(number, kBytes), payloads, totals);
  }
  check.Expect(report, totals);
  return totals;
}

TEST_F(LoadModuleTest, LeavesNothingBehind) {
  ASSERT_TRUE(*Start());
  EXPECT_NE(Eval("whereis(dist_load)."), "undefined");
  const absl::Status removed = Remove();
  EXPECT_TRUE(removed.ok()) << removed;
  EXPECT_EQ(Eval("{whereis(dist_load), code:is_loaded(ringdist_load), "
                 "erlang:check_old_code(ringdist_load)}."),
            "{undefined,false,false}");
}

TEST_F(LoadModuleTest, WhoTakesALoadAlreadyIsLeftAlone) {
  ASSERT_TRUE(*Start());
  const std::string before = Eval("whereis(dist_load).");
  EXPECT_FALSE(*Start());
  EXPECT_EQ(Eval("whereis(dist_load)."), before);
}

TEST_F(LoadModuleTest, ANameThatIsInUseIsAnError) {
  Eval("register(dist_load, spawn(timer, sleep, [infinity])), ok.");
  EXPECT_FALSE(Start().ok());
  EXPECT_EQ(Eval("code:is_loaded(ringdist_load)."), "false");
}

TEST_F(LoadModuleTest, EchoesAndAcknowledges) {
  ASSERT_TRUE(*Start());
  EXPECT_EQ(Eval("ringdist_load:echo(x)."), "x");
  EXPECT_EQ(Eval("dist_load ! {echo, self(), 3, 9, <<1>>}, "
                 "receive {echo, 3, 9, <<1>>} -> ok end."),
            "ok");
  EXPECT_EQ(Eval("dist_load ! {ack, self(), 3, 1, <<>>}, "
                 "receive {ack, 3, 1} -> ok end."),
            "ok");
}

TEST_F(LoadModuleTest, CountsAsOurOwnReceiversDo) {
  ASSERT_TRUE(*Start(Verify::kFull));
  Totals before;
  for (const std::vector<uint64_t>& numbers :
       {std::vector<uint64_t>{1, 2, 3, 4},
        {2, 1, 4, 3},
        {1, 1, 2, 2, 2},
        {1, 5, 3, 3, 9, 4, 8, 7, 6, 2},
        {10, 20, 15, 15, 12},
        {1u << 30}}) {
    SCOPED_TRACE(absl::StrJoin(numbers, ","));
    const uint64_t report = 25;
    const Totals expected = CountHere(numbers, report);
    const Totals now = Count(numbers, report);
    EXPECT_EQ(now.messages - before.messages, expected.messages);
    EXPECT_EQ(now.bytes - before.bytes, expected.bytes);
    EXPECT_EQ(now.faults.lost - before.faults.lost, expected.faults.lost);
    EXPECT_EQ(now.faults.duplicated - before.faults.duplicated,
              expected.faults.duplicated);
    EXPECT_EQ(now.faults.reordered - before.faults.reordered,
              expected.faults.reordered);
    EXPECT_EQ(now.faults.corrupted - before.faults.corrupted,
              expected.faults.corrupted);
    before = now;
  }
}

TEST_F(LoadModuleTest, StreamsHaveTheirOwnNumbers) {
  ASSERT_TRUE(*Start());
  Eval(
      "[dist_load ! {report, self(), S, 0} || S <- [1, 2, 3]], "
      "[receive {report, S, 0, _} -> ok end || S <- [1, 2, 3]].");
  // Message N of each stream in turns, then stream 2 misses one.
  Eval(
      "{P} = {ringdist_load:payloads([16])}, "
      "[dist_load ! {S, N, element(N + 1, P)} "
      " || N <- lists:seq(1, 50), S <- [1, 2, 3]], "
      "dist_load ! {2, 52, element(53, P)}, ok.");
  const Totals totals = Report(2, 52);
  EXPECT_EQ(totals.messages, 151u);
  EXPECT_EQ(totals.faults.lost, 1u);
  EXPECT_EQ(totals.faults.Total(), 1u);
}

TEST_F(LoadModuleTest, ComparesWhatItIsToldTo) {
  struct Case {
    Verify verify;
    size_t wrong_at;
    uint64_t corrupted;
  };
  for (const Case& each :
       {Case{Verify::kNumbers, 0, 0}, Case{Verify::kEnds, 7, 1},
        Case{Verify::kEnds, 500, 0}, Case{Verify::kEnds, kBytes - 8, 1},
        Case{Verify::kFull, 500, 1}}) {
    SCOPED_TRACE(absl::StrCat(ToString(each.verify), " ", each.wrong_at));
    ASSERT_TRUE(*Start(each.verify));
    const Totals totals = Count({1, 2, 3}, 3, /*wrong=*/2, each.wrong_at);
    EXPECT_EQ(totals.messages, 3u);
    EXPECT_EQ(totals.faults.corrupted, each.corrupted);
    EXPECT_EQ(totals.faults.Total(), each.corrupted);
    ASSERT_TRUE(Remove().ok());
  }
}

TEST_F(LoadModuleTest, ItsPayloadsAreOurs) {
  ASSERT_TRUE(*Start());
  const size_t largest = 70'000;
  const Payloads payloads(Verify::kFull, largest);
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{16}, size_t{65535},
                             size_t{65536}, largest}) {
    Eval(absl::StrCat("put(payloads, ringdist_load:payloads([", bytes,
                      "])), ok."));
    for (const uint64_t number : {1, 63, 64}) {
      EXPECT_EQ(*ParseTerm(Eval(absl::StrCat("element(", number,
                                             " rem 64 + 1, get(payloads))."))),
                MakeTerm(payloads.Of(number, bytes)))
          << bytes << " bytes, number " << number;
    }
  }
}

TEST_F(LoadModuleTest, FloodsAndReportsBehindWhatItSent) {
  ASSERT_TRUE(*Start());
  EXPECT_EQ(
      Eval("dist_load ! {report, self(), 0, 0}, "
           "receive {report, 0, 0, _} -> ok end, "
           "dist_load ! {flood, self(), 0, 1000, 16}, "
           "[receive {0, N, P} -> byte_size(P) end || N <- lists:seq(1, 1000)],"
           "dist_load ! {report, self(), 0, 5}, "
           "receive {report, 0, 5, _} -> done end."),
      "done");
  // Without an end until nobody is there any more.
  EXPECT_EQ(Eval("Sink = spawn(fun() -> receive {1, 5000, _} -> ok end end), "
                 "Monitor = monitor(process, Sink), "
                 "dist_load ! {flood, Sink, 1, 0, 16}, "
                 "receive {'DOWN', Monitor, _, _, Reason} -> Reason end."),
            "normal");
}

}  // namespace
}  // namespace ringdist

// Control messages, to bytes and back, without header and payload: each kind
// that connections carry many of.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "ringdist/proto/bytes.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/term_reader.h"
#include "ringdist/proto/term_view.h"
#include "ringdist/proto/term_writer.h"

namespace ringdist {
namespace {

const Pid kFrom("cpp@localhost", 5, 1, 9);
const Pid kTo("srv@localhost", 7, 0, 4);
const Reference kReference("cpp@localhost", 9, {1, 2, 3});
constexpr char kNil[] = {106};

// By the benchmark's argument.
constexpr const char* kNames[] = {"SEND_SENDER", "REG_SEND",      "LINK",
                                  "MONITOR_P",   "SPAWN_REQUEST", "ALIAS_SEND"};

ControlMessage Message(int64_t kind) {
  switch (kind) {
    case 0:
      return control::Send{
          .from = kFrom, .to = kTo, .token = {}, .message = {}};
    case 1:
      return control::RegSend{.from = kFrom,
                              .to = AtomView::Utf8("net_kernel"),
                              .token = {},
                              .message = {}};
    case 2:
      return control::Link{kFrom, kTo};
    case 3:
      return control::MonitorP{
          .from = kFrom, .to = PidView(kTo), .reference = kReference};
    case 4: {
      control::SpawnRequest spawn;
      spawn.id = kReference;
      spawn.from = kFrom;
      spawn.group_leader = kFrom;
      spawn.module = AtomView::Utf8("erpc");
      spawn.function = AtomView::Utf8("execute_call");
      spawn.arity = 4;
      spawn.options = TermView::Trusted({kNil, sizeof(kNil)}, {});
      return spawn;
    }
    default:
      return control::AliasSend{
          .from = kFrom, .to = kReference, .token = {}, .message = {}};
  }
}

void Encode(benchmark::State& state) {
  const ControlMessage message = Message(state.range(0));
  StringWriter bytes;
  TermWriter writer(bytes);
  for (auto _ : state) {
    bytes.Clear();
    EncodeControl(message, writer);
    benchmark::DoNotOptimize(bytes.view().data());
    benchmark::ClobberMemory();
  }
  state.SetLabel(kNames[state.range(0)]);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}

void Decode(benchmark::State& state) {
  StringWriter bytes;
  TermWriter writer(bytes);
  EncodeControl(Message(state.range(0)), writer);
  ControlMessage message;
  for (auto _ : state) {
    TermReader reader(bytes.view());
    RINGDIST_CHECK(DecodeControl(reader, message).ok());
    benchmark::DoNotOptimize(message);
  }
  state.SetLabel(kNames[state.range(0)]);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}

BENCHMARK(Encode)->ArgName("kind")->DenseRange(0, 5);
BENCHMARK(Decode)->ArgName("kind")->DenseRange(0, 5);

}  // namespace
}  // namespace ringdist

// Messages of any kind, with any atoms, some abandoned and some in fragments
// between which others go, arrive as they were sent.
//
// Input: a byte of which bit 0 negotiates DIST_HDR_ATOM_CACHE and bit 1
// FRAGMENTS; then choices, a byte each (see Choices), for as many messages as
// they last.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/distribution_decoder.h"
#include "ringdist/proto/distribution_encoder.h"
#include "ringdist/proto/distribution_flags.h"

namespace ringdist {
namespace {

constexpr uint64_t kOperations =
    kDflagSendSender | kDflagExitPayload | kDflagUnlinkId;

// Decisions, taken from the input; zero when there is none left. A copy takes
// the same ones once more.
class Choices {
 public:
  explicit Choices(absl::string_view input) : bytes_(input) {}

  bool done() const { return bytes_.AtEnd(); }
  size_t Below(size_t limit) { return bytes_.ReadU8() % limit; }

 private:
  ByteReader bytes_;
};

std::string AtomText(Choices& choices) {
  switch (choices.Below(8)) {
    case 0: {
      // Of up to 1020 bytes.
      std::string text;
      for (size_t i = choices.Below(256); i > 0; --i) {
        text += "\xf0\x9f\x98\x80";
      }
      return text;
    }
    case 1:
      return std::string(choices.Below(256), 'x');
    case 2:
      // So many that some share a slot.
      return absl::StrCat(choices.Below(256), "_", choices.Below(256));
    default:
      return absl::StrCat("atom", choices.Below(16));
  }
}

Pid MakePid(Choices& choices) {
  return Pid(AtomText(choices), static_cast<uint32_t>(choices.Below(256)), 1,
             9);
}

Reference MakeReference(Choices& choices) {
  const uint32_t words[] = {1, 2, 3};
  return Reference(AtomText(choices), 9,
                   absl::MakeConstSpan(words, 1 + choices.Below(3)));
}

void WriteTerm(Choices& choices, int depth, TermWriter& writer) {
  const size_t parts = depth == 0 ? 0 : choices.Below(6);
  switch (choices.Below(depth == 0 ? 6 : 9)) {
    case 0:
      return writer.WriteAtom(AtomText(choices));
    case 1:
      return writer.WritePid(MakePid(choices));
    case 2:
      return writer.WriteReference(MakeReference(choices));
    case 3:
      return writer.WritePort(Port(AtomText(choices), choices.Below(256), 9));
    case 4:
      return writer.WriteBinary(std::string(choices.Below(256) * 8, 'b'));
    case 5:
      return writer.WriteInteger(static_cast<int64_t>(choices.Below(256)) - 9);
    case 6:
      writer.WriteTupleHeader(parts);
      for (size_t i = 0; i < parts; ++i) WriteTerm(choices, depth - 1, writer);
      return;
    case 7:
      writer.WriteListHeader(parts);
      for (size_t i = 0; i < parts; ++i) WriteTerm(choices, depth - 1, writer);
      return writer.WriteNil();
    default:
      writer.WriteMapHeader(parts);
      for (size_t i = 0; i < 2 * parts; ++i) {
        WriteTerm(choices, depth - 1, writer);
      }
  }
}

// A message, and what its views point to.
class Sent {
 public:
  explicit Sent(Choices& choices)
      : from_(MakePid(choices)),
        to_(MakePid(choices)),
        reference_(MakeReference(choices)),
        name_(AtomText(choices)),
        payload_(choices) {
    TermWriter writer(term_);
    WriteTerm(choices, /*depth=*/3, writer);
    message_ = Make(choices.Below(8));
  }
  Sent(const Sent&) = delete;

  const ControlMessage& message() const { return message_; }
  void WritePayload(TermWriter& writer) const {
    Choices again = payload_;
    WriteTerm(again, /*depth=*/3, writer);
  }
  std::string Plain() const {
    StringWriter bytes;
    EncodePassThrough(message_, bytes);
    return std::string(bytes.view());
  }

 private:
  ControlMessage Make(size_t kind) const {
    const TermView term = TermView::Trusted(term_.view(), {});
    const AtomView name = AtomView::Utf8(name_);
    switch (kind) {
      case 0:
        return control::Link{from_, to_};
      case 1:
        return control::RegSend{from_, name, {}, term};
      case 2:
        return control::AliasSend{from_, reference_, term, term};
      case 3:
        return control::Exit{from_, to_, {}, term, true};
      case 4:
        return control::MonitorP{from_, name, reference_};
      case 5:
        return control::MonitorPExit{from_, to_, reference_, term, false};
      case 6:
        return control::SpawnRequest{reference_, from_, to_, name, name,
                                     1,          term,  {},  term};
      default:
        return control::Send{from_, to_, {}, term};
    }
  }

  const Pid from_;
  const Pid to_;
  const Reference reference_;
  const std::string name_;
  const Choices payload_;
  StringWriter term_;
  ControlMessage message_;
};

// Both ends of a connection, and what is on its way in fragments.
class Connection {
 public:
  explicit Connection(uint64_t flags) : encoder_(flags), decoder_(flags) {}

  void SendWhole(const Sent& sent, bool abandon) {
    StringWriter packet;
    encoder_.Encode(
        sent.message(), [&](TermWriter& w) { sent.WritePayload(w); }, packet);
    if (abandon) return encoder_.Abandon();
    encoder_.Commit();
    Receive(packet.view(), sent.Plain());
  }

  void SendPlain(const Sent& sent) {
    StringWriter bytes;
    StringWriter packet;
    size_t control_size = 0;
    EncodePlain(sent, bytes, control_size);
    encoder_.WritePlain(bytes.view(), control_size, packet);
    Receive(packet.view(), sent.Plain());
  }

  // Cuts a message; nothing is sent yet.
  void BeginFragments(const Sent& sent, uint64_t sequence, Choices& choices) {
    if (!encoder_.fragments() || on_the_way_.count(sequence) > 0) return;
    StringWriter bytes;
    size_t size = 0;
    EncodePlain(sent, bytes, size);
    OnTheWay& message = on_the_way_[sequence];
    message.plain = sent.Plain();
    const size_t count = 1 + choices.Below(8);
    size_t begin = 0;
    for (size_t id = count; id > 0; --id) {
      StringWriter packet;
      DistributionEncoder::WriteFragmentHeader(sequence, id, id == count,
                                               packet);
      if (id == count) packet.WriteU8(0);  // No atoms.
      const size_t rest = bytes.size() - begin;
      size = id == 1 ? rest
                     : std::min(rest, size + choices.Below(256) *
                                                 (id == count ? 1 : 4));
      packet.WriteBytes(bytes.view().substr(begin, size));
      begin += size;
      size = 0;
      message.packets.emplace_back(packet.view());
    }
  }

  void SendFragment(uint64_t sequence) {
    const auto found = on_the_way_.find(sequence);
    if (found == on_the_way_.end()) return;
    const std::string packet = std::move(found->second.packets.front());
    found->second.packets.pop_front();
    if (found->second.packets.empty()) {
      Receive(packet, found->second.plain);
      on_the_way_.erase(found);
      return;
    }
    const absl::StatusOr<bool> complete = decoder_.Decode(packet);
    RINGDIST_CHECK(complete.ok() && !*complete);
  }

  // Lets all arrive that is on its way.
  void Finish() {
    while (!on_the_way_.empty()) SendFragment(on_the_way_.begin()->first);
    RINGDIST_CHECK_EQ(encoder_.statistics().references,
                      decoder_.statistics().references);
    RINGDIST_CHECK_EQ(encoder_.statistics().hits, decoder_.statistics().hits);
  }

 private:
  struct OnTheWay {
    std::string plain;
    std::deque<std::string> packets;
  };

  void EncodePlain(const Sent& sent, StringWriter& bytes,
                   size_t& control_size) {
    encoder_.EncodePlain(
        sent.message(), [&](TermWriter& w) { sent.WritePayload(w); }, bytes,
        control_size);
  }

  void Receive(absl::string_view packet, absl::string_view plain) {
    const absl::StatusOr<bool> complete = decoder_.Decode(packet);
    RINGDIST_CHECK(complete.ok() && *complete);
    StringWriter bytes;
    EncodePassThrough(decoder_.message(), bytes);
    RINGDIST_CHECK(bytes.view() == plain);
  }

  DistributionEncoder encoder_;
  DistributionDecoder decoder_;
  std::map<uint64_t, OnTheWay> on_the_way_;
};

void Run(absl::string_view input) {
  Choices choices(input);
  const size_t form = choices.Below(4);
  Connection connection(kOperations | (form & 1 ? kDflagDistHdrAtomCache : 0) |
                        (form & 2 ? kDflagFragments : 0));
  while (!choices.done()) {
    const size_t action = choices.Below(8);
    const uint64_t sequence = 1 + choices.Below(3);
    if (action < 2) {
      connection.SendFragment(sequence);
      continue;
    }
    const Sent sent(choices);
    if (action == 2) {
      connection.SendPlain(sent);
    } else if (action == 3) {
      connection.BeginFragments(sent, sequence, choices);
    } else {
      connection.SendWhole(sent, /*abandon=*/action == 4);
    }
  }
  connection.Finish();
}

}  // namespace
}  // namespace ringdist

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ringdist::Run(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}

// EncodeControl and EncodePassThrough of control_message.h.

#include "ringdist/proto/check.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/control_operation.h"

namespace ringdist {
namespace {

constexpr uint8_t kPassThrough = 112;

// Writes what follows the operation in the tuple.
class Encoder {
 public:
  explicit Encoder(TermWriter& writer) : writer_(writer) {}

  void operator()(const control::Unknown&) { RINGDIST_CHECK(false); }
  void operator()(const control::Link& m) { WriteAll(m.from, m.to); }
  void operator()(const control::Unlink& m) { WriteAll(m.from, m.to); }
  void operator()(const control::GroupLeader& m) { WriteAll(m.from, m.to); }
  void operator()(const control::UnlinkId& m) { WriteAll(m.id, m.from, m.to); }
  void operator()(const control::UnlinkIdAck& m) {
    WriteAll(m.id, m.from, m.to);
  }
  void operator()(const control::Send& m) {
    if (m.from.has_value()) {
      WriteAll(*m.from, m.to);
    } else {
      WriteAll(kNoCookie, m.to);
    }
    WriteToken(m.token);
  }
  void operator()(const control::RegSend& m) {
    WriteAll(m.from, kNoCookie, m.to);
    WriteToken(m.token);
  }
  void operator()(const control::AliasSend& m) {
    WriteAll(m.from, m.to);
    WriteToken(m.token);
  }
  void operator()(const control::AltactSend& m) {
    WriteAll(FlagsOf(m), m.from, m.to);
    WriteToken(m.token);
  }
  void operator()(const control::Exit& m) { WriteExit(m); }
  void operator()(const control::Exit2& m) { WriteExit(m); }
  void operator()(const control::MonitorP& m) {
    WriteAll(m.from, m.to, m.reference);
  }
  void operator()(const control::DemonitorP& m) {
    WriteAll(m.from, m.to, m.reference);
  }
  void operator()(const control::MonitorPExit& m) {
    WriteAll(m.from, m.to, m.reference);
    if (!m.reason_is_payload) Write(m.reason);
  }
  void operator()(const control::SpawnRequest& m) {
    WriteAll(m.id, m.from, m.group_leader);
    writer_.WriteTupleHeader(3);
    WriteAll(m.module, m.function);
    writer_.WriteInteger(m.arity);
    Write(m.options);
    WriteToken(m.token);
  }
  void operator()(const control::SpawnReply& m) {
    WriteAll(m.id, m.to, uint64_t{m.flags}, m.result);
    WriteToken(m.token);
  }

 private:
  static constexpr AtomView kNoCookie = AtomView();

  static uint64_t FlagsOf(const control::AltactSend& m) {
    uint64_t flags = 0;
    if (m.priority) flags |= AltactFlags::kPriority;
    if (m.exit) flags |= AltactFlags::kExit;
    if (!m.token.empty()) flags |= AltactFlags::kToken;
    if (std::holds_alternative<ReferenceView>(m.to)) {
      flags |= AltactFlags::kAlias;
    } else if (std::holds_alternative<AtomView>(m.to)) {
      flags |= AltactFlags::kName;
    }
    return flags;
  }

  template <typename Message>
  void WriteExit(const Message& m) {
    WriteAll(m.from, m.to);
    WriteToken(m.token);
    if (!m.reason_is_payload) Write(m.reason);
  }

  template <typename... Fields>
  void WriteAll(const Fields&... fields) {
    (Write(fields), ...);
  }
  void Write(uint64_t value) { writer_.WriteUnsigned(value); }
  void Write(const AtomView& atom) { writer_.WriteAtom(atom); }
  void Write(const PidView& pid) { writer_.WritePid(pid); }
  void Write(const ReferenceView& id) { writer_.WriteReference(id); }
  template <typename... Ts>
  void Write(const std::variant<Ts...>& one) {
    std::visit([this](const auto& value) { this->Write(value); }, one);
  }
  void Write(const TermView& term) { writer_.WriteTerm(term); }
  void WriteToken(const TermView& token) {
    if (!token.empty()) Write(token);
  }

  TermWriter& writer_;
};

}  // namespace

void EncodeControl(const ControlMessage& message, TermWriter& writer) {
  const auto operation = static_cast<int64_t>(OperationOf(message));
  const ControlOperationInfo* info = FindControlOperation(operation);
  RINGDIST_CHECK(info != nullptr);
  const auto* altact = std::get_if<control::AltactSend>(&message);
  const bool longer = altact != nullptr && !altact->token.empty();
  writer.WriteTupleHeader(longer ? info->arity + 1 : info->arity);
  writer.WriteInteger(operation);
  std::visit(Encoder(writer), message);
}

void EncodePassThrough(const ControlMessage& message, ByteWriter& out) {
  TermWriter writer(out);
  out.WriteU8(kPassThrough);
  writer.WriteVersion();
  EncodeControl(message, writer);
  if (const TermView* payload = PayloadOf(message); payload != nullptr) {
    writer.WriteVersion();
    writer.WriteTerm(*payload);
  }
}

}  // namespace ringdist

#include "ringdist/bench/load/node_messages.h"

#include <iterator>

#include "ringdist/proto/big_endian.h"

namespace ringdist {
namespace {

struct NamedType {
  MessageType type;
  absl::string_view name;
};
constexpr NamedType kTypes[] = {
    {MessageType::kEcho, "echo"},   {MessageType::kReport, "report"},
    {MessageType::kFlood, "flood"}, {MessageType::kAck, "ack"},
    {MessageType::kStall, "stall"},
};

AtomView NameOf(MessageType type) {
  for (const NamedType& named : kTypes) {
    if (named.type == type) return AtomView::Utf8(named.name);
  }
  return AtomView();
}

bool ReadName(const TermView& term, MessageType& type) {
  for (const NamedType& named : kTypes) {
    if (!term.IsAtom(named.name)) continue;
    type = named.type;
    return true;
  }
  return false;
}

void WriteReport(TermWriter& writer, absl::string_view payload) {
  const ServerReport report = DecodeReport(payload).value_or(ServerReport());
  writer.WriteMapHeader(ReportFields().size());
  for (const ReportField& field : ReportFields()) {
    writer.WriteAtom(field.name);
    writer.WriteUnsigned(report.*field.value);
  }
}

// Keys that it does not know are for others; those that are not there are 0.
std::string ReadReport(const TermView& map) {
  ServerReport report;
  TermElements parts = map.elements();
  TermView key;
  TermView value;
  while (parts.Next(key) && parts.Next(value)) {
    for (const ReportField& field : ReportFields()) {
      if (key.IsAtom(field.name)) {
        report.*field.value = value.AsUint64().value_or(0);
      }
    }
  }
  return EncodeReport(report);
}

std::string EncodeSize(uint32_t size) {
  std::string bytes(sizeof(size), '\0');
  StoreBigEndian<uint32_t>(bytes.data(), size);
  return bytes;
}

void WriteRequest(TermWriter& writer, const NodeMessage& message) {
  const AtomView name = NameOf(message.type);
  const auto& [type, stream, number, payload, from] = message;
  switch (type) {
    case MessageType::kReport:
      return WriteValue(writer, std::tuple(name, *from, stream, number));
    case MessageType::kFlood:
      return WriteValue(writer,
                        std::tuple(name, *from, stream, number,
                                   LoadBigEndian<uint32_t>(payload.data())));
    case MessageType::kStall:
      return WriteValue(writer, std::tuple(name, number));
    default:
      return WriteValue(writer,
                        std::tuple(name, *from, stream, number, payload));
  }
}

void WriteAnswer(TermWriter& writer, const NodeMessage& message) {
  const AtomView name = NameOf(message.type);
  const auto& [type, stream, number, payload, from] = message;
  switch (type) {
    case MessageType::kReport:
      writer.WriteTupleHeader(4);
      WriteValue(writer, name);
      WriteValue(writer, stream);
      WriteValue(writer, number);
      return WriteReport(writer, payload);
    case MessageType::kAck:
      return WriteValue(writer, std::tuple(name, stream, number));
    default:
      return WriteValue(writer, std::tuple(name, stream, number, payload));
  }
}

bool ReadRequest(const TermView& term, NodeMessage& message,
                 std::string& storage) {
  PidView from;
  uint32_t size = 0;
  auto& number = message.number;
  auto& stream = message.stream;
  bool matches = false;
  switch (message.type) {
    case MessageType::kReport:
      matches = Matches(term, std::tuple(Any(), &from, &stream, &number));
      break;
    case MessageType::kFlood:
      matches =
          Matches(term, std::tuple(Any(), &from, &stream, &number, &size));
      storage = EncodeSize(size);
      message.payload = storage;
      break;
    case MessageType::kStall:
      return Matches(term, std::tuple(Any(), &number));
    default:
      matches = Matches(
          term, std::tuple(Any(), &from, &stream, &number, &message.payload));
  }
  if (matches) message.from = from;
  return matches;
}

bool ReadAnswer(const TermView& term, NodeMessage& message,
                std::string& storage) {
  auto& number = message.number;
  auto& stream = message.stream;
  TermView map;
  switch (message.type) {
    case MessageType::kReport:
      if (!Matches(term, std::tuple(Any(), &stream, &number, &map))) {
        return false;
      }
      storage = ReadReport(map);
      message.payload = storage;
      return true;
    case MessageType::kAck:
      return Matches(term, std::tuple(Any(), &stream, &number));
    default:
      return Matches(term,
                     std::tuple(Any(), &stream, &number, &message.payload));
  }
}

}  // namespace

void WriteOtherMessage(TermWriter& writer, const NodeMessage& message) {
  message.from.has_value() || message.type == MessageType::kStall
      ? WriteRequest(writer, message)
      : WriteAnswer(writer, message);
}

bool ReadOtherMessage(const TermView& term, NodeMessage& message,
                      std::string& storage) {
  TermElements elements = term.elements();
  TermView name;
  message.payload = absl::string_view();
  return term.type() == TermType::kTuple && elements.Next(name) &&
         ReadName(name, message.type) &&
         (ReadRequest(term, message, storage) ||
          ReadAnswer(term, message, storage));
}

}  // namespace ringdist

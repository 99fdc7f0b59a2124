#include "ringdist/bench/peers/ei_messages.h"

#include <cstddef>

#include "ringdist/bench/ei_codec.h"
#include "ringdist/proto/big_endian.h"

namespace ringdist {
namespace {

// What a message takes beside its payload: pids with long names.
constexpr size_t kOverheadBytes = 4096;

struct NamedType {
  MessageType type;
  absl::string_view name;
};
constexpr NamedType kTypes[] = {
    {MessageType::kEcho, "echo"},   {MessageType::kReport, "report"},
    {MessageType::kFlood, "flood"}, {MessageType::kAck, "ack"},
    {MessageType::kStall, "stall"}, {MessageType::kCall, "rex"},
};

absl::string_view NameOf(MessageType type) {
  for (const NamedType& named : kTypes) {
    if (named.type == type) return named.name;
  }
  return "";
}

// Reads a message with ei, part by part.
class Decoder {
 public:
  explicit Decoder(absl::string_view bytes) : bytes_(bytes.data()) {}

  // Of a tuple; 0 if that is none.
  int Arity() {
    int version = 0;
    int arity = 0;
    const bool is_tuple = ei_decode_version(bytes_, &at_, &version) == 0 &&
                          ei_decode_tuple_header(bytes_, &at_, &arity) == 0;
    return is_tuple ? arity : 0;
  }
  bool Type(MessageType& type) {
    char text[MAXATOMLEN_UTF8];
    if (!Atom(text)) return false;
    for (const NamedType& named : kTypes) {
      if (named.name != text) continue;
      type = named.type;
      return true;
    }
    return false;
  }
  bool Number(uint64_t& number) {
    EI_ULONGLONG value = 0;
    const bool is_number = ei_decode_ulonglong(bytes_, &at_, &value) == 0;
    number = value;
    return is_number;
  }
  bool Pid(erlang_pid& pid) { return ei_decode_pid(bytes_, &at_, &pid) == 0; }
  // Without a copy, which ei_decode_binary would make.
  bool Binary(absl::string_view& view) {
    const char* bytes = nullptr;
    unsigned offset = 0;
    size_t bits = 0;
    if (ei_decode_bitstring(bytes_, &at_, &bytes, &offset, &bits) != 0) {
      return false;
    }
    view = absl::string_view(bytes, bits / 8);
    return true;
  }
  bool Report(std::string& payload) {
    ServerReport report;
    int pairs = 0;
    if (ei_decode_map_header(bytes_, &at_, &pairs) != 0) return false;
    for (int i = 0; i < pairs; ++i) {
      char key[MAXATOMLEN_UTF8];
      uint64_t value = 0;
      if (!Atom(key) || !Number(value)) return false;
      for (const ReportField& field : ReportFields()) {
        if (field.name == key) report.*field.value = value;
      }
    }
    payload = EncodeReport(report);
    return true;
  }

 private:
  bool Atom(char* text) {
    return ei_decode_atom_as(bytes_, &at_, text, MAXATOMLEN_UTF8, ERLANG_UTF8,
                             nullptr, nullptr) == 0;
  }

  const char* const bytes_;
  int at_ = 0;
};

// How many elements it has, to the server with a pid among them, and from it.
// ei would read on behind the last one.
int ArityOf(MessageType type, bool is_request) {
  switch (type) {
    case MessageType::kData:
      return 3;
    case MessageType::kEcho:
      return is_request ? 5 : 4;
    case MessageType::kReport:
      return 4;
    case MessageType::kFlood:
      return is_request ? 5 : 0;
    case MessageType::kAck:
      return is_request ? 5 : 3;
    case MessageType::kStall:
    case MessageType::kCall:
      return 2;
  }
  return 0;
}

bool DecodeFlood(Decoder& decoder, EiMessage& message, std::string& storage) {
  uint64_t size = 0;
  if (!decoder.Number(size)) return false;
  storage.resize(sizeof(uint32_t));
  StoreBigEndian<uint32_t>(storage.data(), static_cast<uint32_t>(size));
  message.payload = storage;
  return true;
}

// What stands behind the numbers.
bool DecodeRest(Decoder& decoder, bool is_request, EiMessage& message,
                std::string& storage) {
  switch (message.type) {
    case MessageType::kData:
    case MessageType::kEcho:
    case MessageType::kCall:
      return decoder.Binary(message.payload);
    case MessageType::kAck:
      return !is_request || decoder.Binary(message.payload);
    case MessageType::kFlood:
      return DecodeFlood(decoder, message, storage);
    case MessageType::kReport:
      if (is_request) return true;
      if (!decoder.Report(storage)) return false;
      message.payload = storage;
      return true;
    case MessageType::kStall:
      return true;
  }
  return false;
}

}  // namespace

// EiEncoder.

char* EiEncoder::Begin(absl::string_view payload) {
  if (bytes_.size() < payload.size() + kOverheadBytes) {
    bytes_.resize(payload.size() + kOverheadBytes);
  }
  at_ = 0;
  return bytes_.data();
}

void EiEncoder::Atom(absl::string_view name) {
  ei::EncodeAtom(bytes_.data(), &at_, name);
}

void EiEncoder::Number(uint64_t number) {
  ei_encode_ulonglong(bytes_.data(), &at_, number);
}

void EiEncoder::Binary(absl::string_view bytes) {
  ei::EncodeBinary(bytes_.data(), &at_, bytes);
}

void EiEncoder::Report(absl::string_view payload) {
  const ServerReport report = DecodeReport(payload).value_or(ServerReport());
  ei_encode_map_header(bytes_.data(), &at_,
                       static_cast<int>(ReportFields().size()));
  for (const ReportField& field : ReportFields()) {
    Atom(field.name);
    Number(report.*field.value);
  }
}

absl::string_view EiEncoder::Request(const EiMessage& message,
                                     const erlang_pid& from) {
  const MessageType type = message.type;
  if (type == MessageType::kData) return Answer(message);
  char* const bytes = Begin(message.payload);
  ei_encode_version(bytes, &at_);
  if (type == MessageType::kStall) {
    ei_encode_tuple_header(bytes, &at_, 2);
    Atom(NameOf(type));
    Number(message.number);
    return Done();
  }
  const bool is_report = type == MessageType::kReport;
  ei_encode_tuple_header(bytes, &at_, is_report ? 4 : 5);
  Atom(NameOf(type));
  ei_encode_pid(bytes, &at_, &from);
  Number(message.stream);
  Number(message.number);
  if (type == MessageType::kFlood) {
    Number(LoadBigEndian<uint32_t>(message.payload.data()));
  } else if (!is_report) {
    Binary(message.payload);
  }
  return Done();
}

absl::string_view EiEncoder::Answer(const EiMessage& message) {
  char* const bytes = Begin(message.payload);
  ei_encode_version(bytes, &at_);
  if (message.type == MessageType::kData) {
    ei_encode_tuple_header(bytes, &at_, 3);
  } else {
    const bool is_ack = message.type == MessageType::kAck;
    ei_encode_tuple_header(bytes, &at_, is_ack ? 3 : 4);
    Atom(NameOf(message.type));
  }
  Number(message.stream);
  Number(message.number);
  if (message.type == MessageType::kReport) {
    Report(message.payload);
  } else if (message.type != MessageType::kAck) {
    Binary(message.payload);
  }
  return Done();
}

absl::string_view EiEncoder::CallArguments(absl::string_view payload) {
  char* const bytes = Begin(payload);
  ei_encode_list_header(bytes, &at_, 1);
  Binary(payload);
  ei_encode_empty_list(bytes, &at_);
  return Done();
}

bool DecodeEiMessage(absl::string_view bytes, EiMessage& message,
                     erlang_pid& from, std::string& storage) {
  Decoder decoder(bytes);
  const int arity = decoder.Arity();
  message.payload = absl::string_view();
  if (arity == 3 && decoder.Number(message.stream)) {
    message.type = MessageType::kData;
    return decoder.Number(message.number) && decoder.Binary(message.payload);
  }
  if (arity < 2 || !decoder.Type(message.type)) return false;
  const bool is_request = decoder.Pid(from);
  if (arity != ArityOf(message.type, is_request)) return false;
  const bool has_stream =
      message.type != MessageType::kStall && message.type != MessageType::kCall;
  const bool has_number = message.type != MessageType::kCall;
  return (!has_stream || decoder.Number(message.stream)) &&
         (!has_number || decoder.Number(message.number)) &&
         DecodeRest(decoder, is_request, message, storage);
}

}  // namespace ringdist

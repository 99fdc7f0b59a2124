#include "ringdist/proto/distribution_decoder.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ringdist/proto/big_endian.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/control_operation.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/fragment_assembler.h"
#include "ringdist/proto/term_reader.h"

namespace ringdist {
namespace {

// The second byte of a packet whose first is 131.
enum class HeaderTag : uint8_t {
  kWhole = 68,          // 'D'
  kFirstFragment = 69,  // 'E'
  kNextFragment = 70,   // 'F'
};

constexpr size_t kTagsSize = 2;
constexpr size_t kFragmentHeaderSize = kTagsSize + 8 + 8;

absl::Status Malformed(absl::string_view packet, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(
      "distribution header: packet of ", packet.size(), " bytes ", what));
}

// The longest front that is worth comparing: a trace token may have any size.
constexpr size_t kMaxFront = 256;

}  // namespace

struct DistributionDecoder::State {
  // What is known of `front`.
  enum class Front {
    kNone,     // Nothing: it means nothing.
    kBytes,    // The last packet began with it.
    kDecoded,  // And `message` was decoded from it.
  };

  State(uint64_t negotiated, DistributionLimits limits)
      : flags(negotiated),
        assembler(limits.max_sequences, limits.max_fragmented_bytes) {}

  absl::StatusOr<bool> Decode(absl::string_view packet, TakeMemory take_memory);
  absl::StatusOr<bool> DecodeWhole(absl::string_view packet, size_t at);
  absl::StatusOr<bool> DecodeFirstFragment(absl::string_view packet,
                                           TakeMemory take_memory);
  absl::StatusOr<bool> DecodeNextFragment(absl::string_view packet);
  // A packet that begins with `front`.
  absl::StatusOr<bool> DecodeBehindFront(absl::string_view packet);
  // The same, once `message` was decoded from `front`: false if the payload is
  // missing or broken.
  bool ReadPayloadAgain(absl::string_view packet);
  // Where `reader` stands, if the message has one.
  absl::StatusOr<bool> ReadPayload(TermReader& reader);

  // Reads the atoms of a header, which begin at packet[at], and moves `at`
  // behind them.
  absl::Status ReadAtoms(absl::string_view packet, size_t& at,
                         std::vector<AtomCacheIn::Text>* kept = nullptr);
  AtomTable atoms() const {
    return cache == nullptr ? AtomTable() : cache->atoms();
  }

  const uint64_t flags;
  absl::Status failure;
  std::unique_ptr<AtomCacheIn> cache;  // Null until it is used.
  FragmentAssembler assembler;
  ControlMessage message;
  // The last packet that was a whole message and brought no atom, up to its
  // payload. What begins likewise says the same there: the bytes tell where the
  // header and the control term end, and no slot of the cache has changed.
  std::string front;
  size_t front_header = 0;  // How much of it is the header.
  Front front_is = Front::kNone;
  TermView* front_payload = nullptr;  // Of `message`, if it is decoded.
  bool repeats = false;
  // What the last message's views point to, if it came in fragments.
  std::unique_ptr<FragmentedMessage> assembled;
  std::vector<absl::string_view> assembled_atoms;
};

absl::Status DistributionDecoder::State::ReadAtoms(
    absl::string_view packet, size_t& at,
    std::vector<AtomCacheIn::Text>* kept) {
  const bool cached = (flags & kDflagDistHdrAtomCache) != 0;
  if (cache == nullptr) {
    if (at >= packet.size()) return Malformed(packet, "ends inside it");
    if (packet[at] == 0) {
      ++at;
      return absl::OkStatus();
    }
    if (!cached) {
      return Malformed(packet,
                       "has atoms, for which DIST_HDR_ATOM_CACHE was not "
                       "negotiated");
    }
    cache = std::make_unique<AtomCacheIn>();
  }
  return cache->Read(packet, at, kept);
}

absl::StatusOr<bool> DistributionDecoder::State::Decode(
    absl::string_view packet, TakeMemory take_memory) {
  if (front_is != Front::kNone && absl::StartsWith(packet, front)) {
    return DecodeBehindFront(packet);
  }
  front_is = Front::kNone;
  repeats = false;
  if ((flags & (kDflagDistHdrAtomCache | kDflagFragments)) == 0) {
    const absl::Status decoded = DecodePassThrough(packet, message);
    if (!decoded.ok()) return decoded;
    return true;
  }
  if (packet.size() < kTagsSize ||
      static_cast<uint8_t>(packet[0]) != kTermVersion) {
    return Malformed(packet, "does not begin with 83");
  }
  const auto tag = static_cast<HeaderTag>(packet[1]);
  if (tag == HeaderTag::kWhole) return DecodeWhole(packet, kTagsSize);
  if (tag != HeaderTag::kFirstFragment && tag != HeaderTag::kNextFragment) {
    return Malformed(packet, "does not begin with 83 44, 83 45 or 83 46");
  }
  if ((flags & kDflagFragments) == 0) {
    return Malformed(packet, "is a fragment, but FRAGMENTS was not negotiated");
  }
  if (packet.size() < kFragmentHeaderSize) {
    return Malformed(packet, "ends before the fragment's id does");
  }
  return tag == HeaderTag::kFirstFragment
             ? DecodeFirstFragment(packet, take_memory)
             : DecodeNextFragment(packet);
}

absl::StatusOr<bool> DistributionDecoder::State::DecodeWhole(
    absl::string_view packet, size_t at) {
  const absl::Status read = ReadAtoms(packet, at);
  if (!read.ok()) return read;
  TermReader reader(packet, atoms());
  reader.ReadBytes(at);
  const absl::Status decoded = DecodeControl(reader, message);
  if (!decoded.ok()) return decoded;
  if (PayloadOf(message) == nullptr) return true;
  const size_t front_size = packet.size() - reader.Rest().size();
  const bool is_plain = packet[1] == static_cast<char>(HeaderTag::kWhole);
  const bool brought_atoms = cache != nullptr && cache->changed();
  if (is_plain && !brought_atoms && front_size <= kMaxFront) {
    front.assign(packet.data(), front_size);
    front_header = at;
    front_is = Front::kBytes;
  }
  return ReadPayload(reader);
}

absl::StatusOr<bool> DistributionDecoder::State::DecodeBehindFront(
    absl::string_view packet) {
  if (front_is == Front::kBytes) {
    // 1. The views in `message` point into the packet before, which is gone.
    // 2. From here on they point into `front`, which stays as it is for as long
    //    as packets begin with it.
    TermReader reader(front, atoms());
    reader.ReadBytes(front_header);
    RINGDIST_CHECK(DecodeControl(reader, message).ok());
    front_payload = PayloadOf(message);
    front_is = Front::kDecoded;
  }
  repeats = true;
  if (ReadPayloadAgain(packet)) return true;
  if (cache != nullptr) cache->CountAgain();
  // Once more, for the error.
  TermReader reader(packet, atoms());
  reader.ReadBytes(front.size());
  return ReadPayload(reader);
}

bool DistributionDecoder::State::ReadPayloadAgain(absl::string_view packet) {
  internal_term::TermCursor cursor(packet.substr(front.size()), atoms());
  if (!internal_term::SkipTerm(cursor, TermLimits::kNone)) return false;
  const absl::string_view rest = cursor.bytes().Rest();
  *front_payload = TermView::Trusted(
      packet.substr(front.size(), packet.size() - front.size() - rest.size()),
      atoms());
  if (cache != nullptr) cache->CountAgain();
  return true;
}

absl::StatusOr<bool> DistributionDecoder::State::ReadPayload(
    TermReader& reader) {
  TermView* const payload = PayloadOf(message);
  if (payload == nullptr) return true;
  *payload = reader.ReadTerm();
  if (reader.ok()) return true;
  return absl::DataLossError(
      absl::StrCat("control message ", NameOf(message),
                   ": payload: ", reader.status().message()));
}

absl::StatusOr<bool> DistributionDecoder::State::DecodeFirstFragment(
    absl::string_view packet, TakeMemory take_memory) {
  const auto sequence = LoadBigEndian<uint64_t>(packet.data() + kTagsSize);
  const auto id = LoadBigEndian<uint64_t>(packet.data() + kTagsSize + 8);
  size_t at = kFragmentHeaderSize;
  if (sequence == 0) return DecodeWhole(packet, at);
  if (id == 0) return Malformed(packet, "is a fragment with the id 0");
  if (id == 1 && !assembler.Contains(sequence)) {
    return DecodeWhole(packet, at);
  }
  std::vector<AtomCacheIn::Text> kept;
  const absl::Status read = ReadAtoms(packet, at, &kept);
  if (!read.ok()) return read;
  // All of the control term must be here.
  TermReader reader(packet, atoms());
  reader.ReadBytes(at);
  ControlMessage ignored;
  const absl::Status decoded = DecodeControl(reader, ignored);
  if (!decoded.ok()) return decoded;
  const absl::Status begun = assembler.Begin(sequence, id, std::move(kept),
                                             packet.substr(at), take_memory);
  if (!begun.ok()) return begun;
  return false;
}

absl::StatusOr<bool> DistributionDecoder::State::DecodeNextFragment(
    absl::string_view packet) {
  absl::StatusOr<std::unique_ptr<FragmentedMessage>> continued =
      assembler.Continue(LoadBigEndian<uint64_t>(packet.data() + kTagsSize),
                         LoadBigEndian<uint64_t>(packet.data() + kTagsSize + 8),
                         packet.substr(kFragmentHeaderSize));
  if (!continued.ok()) return continued.status();
  if (*continued == nullptr) return false;
  assembled = *std::move(continued);
  assembled_atoms.clear();
  for (const AtomCacheIn::Text& atom : assembled->atoms) {
    assembled_atoms.push_back(*atom);
  }
  TermReader reader(assembled->bytes, assembled_atoms);
  const absl::Status decoded = DecodeControl(reader, message);
  if (!decoded.ok()) return decoded;
  return ReadPayload(reader);
}

DistributionDecoder::DistributionDecoder(uint64_t negotiated,
                                         DistributionLimits limits)
    : state_(std::make_unique<State>(negotiated, limits)) {}

DistributionDecoder::~DistributionDecoder() = default;

absl::StatusOr<bool> DistributionDecoder::Decode(absl::string_view packet,
                                                 TakeMemory take_memory) {
  if (!state_->failure.ok()) return state_->failure;
  state_->assembled.reset();
  absl::StatusOr<bool> complete = state_->Decode(packet, take_memory);
  if (!complete.ok() && !absl::IsDataLoss(complete.status())) {
    state_->failure = complete.status();
  }
  return complete;
}

bool DistributionDecoder::DecodeAgain(absl::string_view packet) {
  State& state = *state_;
  if (state.front_is != State::Front::kDecoded ||
      !absl::StartsWith(packet, state.front) ||
      !state.ReadPayloadAgain(packet)) {
    return false;
  }
  state.repeats = true;
  return true;
}

const TermView& DistributionDecoder::payload_again() const {
  return *state_->front_payload;
}

const ControlMessage& DistributionDecoder::message() const {
  return state_->message;
}

bool DistributionDecoder::repeats() const { return state_->repeats; }

AtomCacheStatistics DistributionDecoder::statistics() const {
  return state_->cache == nullptr ? AtomCacheStatistics()
                                  : state_->cache->statistics();
}

}  // namespace ringdist

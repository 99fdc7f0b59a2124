#include "ringdist/proto/distribution_decoder.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/big_endian.h"
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

// Reads the terms, which begin at bytes[at].
absl::StatusOr<bool> DecodeTerms(absl::string_view bytes, size_t at,
                                 AtomTable atoms, ControlMessage& message) {
  TermReader reader(bytes, atoms);
  reader.ReadBytes(at);
  const absl::Status decoded = DecodeControl(reader, message);
  if (!decoded.ok()) return decoded;
  TermView* payload = PayloadOf(message);
  if (payload == nullptr) return true;
  *payload = reader.ReadTerm();
  if (reader.ok()) return true;
  return absl::DataLossError(
      absl::StrCat("control message ", NameOf(message),
                   ": payload: ", reader.status().message()));
}

}  // namespace

struct DistributionDecoder::State {
  State(uint64_t negotiated, DistributionLimits limits)
      : flags(negotiated),
        assembler(limits.max_sequences, limits.max_fragmented_bytes) {}

  absl::StatusOr<bool> Decode(absl::string_view packet,
                              ControlMessage& message);
  absl::StatusOr<bool> DecodeWhole(absl::string_view packet, size_t at,
                                   ControlMessage& message);
  absl::StatusOr<bool> DecodeFirstFragment(absl::string_view packet,
                                           ControlMessage& message);
  absl::StatusOr<bool> DecodeNextFragment(absl::string_view packet,
                                          ControlMessage& message);

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
    absl::string_view packet, ControlMessage& message) {
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
  if (tag == HeaderTag::kWhole) return DecodeWhole(packet, kTagsSize, message);
  if (tag != HeaderTag::kFirstFragment && tag != HeaderTag::kNextFragment) {
    return Malformed(packet, "does not begin with 83 44, 83 45 or 83 46");
  }
  if ((flags & kDflagFragments) == 0) {
    return Malformed(packet, "is a fragment, but FRAGMENTS was not negotiated");
  }
  if (packet.size() < kFragmentHeaderSize) {
    return Malformed(packet, "ends before the fragment's id does");
  }
  return tag == HeaderTag::kFirstFragment ? DecodeFirstFragment(packet, message)
                                          : DecodeNextFragment(packet, message);
}

absl::StatusOr<bool> DistributionDecoder::State::DecodeWhole(
    absl::string_view packet, size_t at, ControlMessage& message) {
  const absl::Status read = ReadAtoms(packet, at);
  if (!read.ok()) return read;
  return DecodeTerms(packet, at, atoms(), message);
}

absl::StatusOr<bool> DistributionDecoder::State::DecodeFirstFragment(
    absl::string_view packet, ControlMessage& message) {
  const auto sequence = LoadBigEndian<uint64_t>(packet.data() + kTagsSize);
  const auto id = LoadBigEndian<uint64_t>(packet.data() + kTagsSize + 8);
  size_t at = kFragmentHeaderSize;
  if (sequence == 0) return DecodeWhole(packet, at, message);
  if (id == 0) return Malformed(packet, "is a fragment with the id 0");
  if (id == 1 && !assembler.Contains(sequence)) {
    return DecodeWhole(packet, at, message);
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
  const absl::Status begun =
      assembler.Begin(sequence, id, std::move(kept), packet.substr(at));
  if (!begun.ok()) return begun;
  return false;
}

absl::StatusOr<bool> DistributionDecoder::State::DecodeNextFragment(
    absl::string_view packet, ControlMessage& message) {
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
  return DecodeTerms(assembled->bytes.view(), 0, assembled_atoms, message);
}

DistributionDecoder::DistributionDecoder(uint64_t negotiated,
                                         DistributionLimits limits)
    : state_(std::make_unique<State>(negotiated, limits)) {}

DistributionDecoder::~DistributionDecoder() = default;

absl::StatusOr<bool> DistributionDecoder::Decode(absl::string_view packet,
                                                 ControlMessage& message) {
  if (!state_->failure.ok()) return state_->failure;
  state_->assembled.reset();
  absl::StatusOr<bool> complete = state_->Decode(packet, message);
  if (!complete.ok() && !absl::IsDataLoss(complete.status())) {
    state_->failure = complete.status();
  }
  return complete;
}

AtomCacheStatistics DistributionDecoder::statistics() const {
  return state_->cache == nullptr ? AtomCacheStatistics()
                                  : state_->cache->statistics();
}

}  // namespace ringdist

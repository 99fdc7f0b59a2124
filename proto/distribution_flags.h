// The distribution flags: what a node says it can do, in the handshake.
//
//   const uint64_t peer_flags = NormalizeFlags(challenge.flags);
//   const uint64_t missing = MissingMandatory(kMandatoryOtp26, peer_flags);
//   if (missing != 0) return Refuse(DescribeMissing(missing));
//   const uint64_t negotiated = Negotiate(our_flags, peer_flags);
//
// Names and values are OTP's: lib/kernel/include/dist.hrl and
// erts/emulator/beam/dist.h; their meaning is in the chapter "Distribution
// Protocol" of the ERTS user's guide. That chapter gives MANDATORY_25_DIGEST as
// 1 << 36; a running node, as its sources, has it at 1 << 26.

#ifndef RINGDIST_PROTO_DISTRIBUTION_FLAGS_H_
#define RINGDIST_PROTO_DISTRIBUTION_FLAGS_H_

#include <cstdint>
#include <string>

namespace ringdist {

// To be shown in nodes(), and part of what `global` manages. Not hidden.
inline constexpr uint64_t kDflagPublished = 0x1;
inline constexpr uint64_t kDflagAtomCache = 0x2;  // Obsolete.
inline constexpr uint64_t kDflagExtendedReferences = 0x4;
inline constexpr uint64_t kDflagDistMonitor = 0x8;
inline constexpr uint64_t kDflagFunTags = 0x10;
inline constexpr uint64_t kDflagDistMonitorName = 0x20;
inline constexpr uint64_t kDflagHiddenAtomCache = 0x40;  // Obsolete.
inline constexpr uint64_t kDflagNewFunTags = 0x80;
inline constexpr uint64_t kDflagExtendedPidsPorts = 0x100;
inline constexpr uint64_t kDflagExportPtrTag = 0x200;
inline constexpr uint64_t kDflagBitBinaries = 0x400;
inline constexpr uint64_t kDflagNewFloats = 0x800;
inline constexpr uint64_t kDflagUnicodeIo = 0x1000;
inline constexpr uint64_t kDflagDistHdrAtomCache = 0x2000;
inline constexpr uint64_t kDflagSmallAtomTags = 0x4000;
inline constexpr uint64_t kDflagUtf8Atoms = 0x10000;
inline constexpr uint64_t kDflagMapTag = 0x20000;
inline constexpr uint64_t kDflagBigCreation = 0x40000;
inline constexpr uint64_t kDflagSendSender = 0x80000;
inline constexpr uint64_t kDflagBigSeqtraceLabels = 0x100000;
inline constexpr uint64_t kDflagExitPayload = 0x400000;
inline constexpr uint64_t kDflagFragments = 0x800000;
// Speaks version 6 of the handshake.
inline constexpr uint64_t kDflagHandshake23 = 0x1000000;
inline constexpr uint64_t kDflagUnlinkId = 0x2000000;
// Stands for all of kMandatoryOtp25.
inline constexpr uint64_t kDflagMandatory25Digest = 0x4000000;
inline constexpr uint64_t kDflagSpawn = uint64_t{1} << 32;
// From an initiator: has no name, asks for one. From the acceptor: gave one.
inline constexpr uint64_t kDflagNameMe = uint64_t{1} << 33;
inline constexpr uint64_t kDflagV4Nc = uint64_t{1} << 34;
inline constexpr uint64_t kDflagAlias = uint64_t{1} << 35;
inline constexpr uint64_t kDflagAltactSig = uint64_t{1} << 37;

// All of the above. Bits 0x8000, 0x200000 and 1 << 36 are an Erlang node's own
// business and mean nothing on the wire.
inline constexpr uint64_t kKnownFlags = 0x2F07DF7FFF;

// What an OTP 25 node requires of its peers.
inline constexpr uint64_t kMandatoryOtp25 =
    kDflagExtendedReferences | kDflagFunTags | kDflagNewFunTags |
    kDflagExtendedPidsPorts | kDflagExportPtrTag | kDflagBitBinaries |
    kDflagNewFloats | kDflagUtf8Atoms | kDflagMapTag | kDflagBigCreation |
    kDflagHandshake23;
static_assert(kMandatoryOtp25 == 0x1070F94);

// What OTP 26 and later require.
inline constexpr uint64_t kMandatoryOtp26 =
    kMandatoryOtp25 | kDflagV4Nc | kDflagUnlinkId;
static_assert(kMandatoryOtp26 == 0x403070F94);

// What a hidden node of this project announces, whatever it does with packets:
// what OTP 26 and later require. A flag is added when its feature is, never
// before.
inline constexpr uint64_t kHiddenNodeFlags =
    kMandatoryOtp26 | kDflagMandatory25Digest | kDflagSmallAtomTags |
    kDflagDistMonitor | kDflagDistMonitorName;
static_assert(kHiddenNodeFlags == 0x407074FBC);
inline constexpr uint64_t kVisibleNodeFlags =
    kHiddenNodeFlags | kDflagPublished;

// What a node at message level announces beyond that, and can do without.
inline constexpr uint64_t kOptionalNodeFlags =
    kDflagSendSender | kDflagExitPayload | kDflagFragments | kDflagAlias |
    kDflagUnicodeIo | kDflagDistHdrAtomCache | kDflagSpawn | kDflagAltactSig;

// What a peer sent, as this node reads it: MANDATORY_25_DIGEST expanded, and
// unknown bits masked away.
constexpr uint64_t NormalizeFlags(uint64_t received) {
  if (received & kDflagMandatory25Digest) received |= kMandatoryOtp25;
  return received & kKnownFlags;
}

// The part of `flags` that a node of handshake version 5 can have: the messages
// of version 5 carry 32 bits, and HANDSHAKE_23 means version 6.
constexpr uint64_t VersionFiveFlags(uint64_t flags) {
  return flags & 0xFFFFFFFF & ~(kDflagHandshake23 | kDflagMandatory25Digest);
}

// What a connection may use: what both announced. Both sides compute the same.
constexpr uint64_t Negotiate(uint64_t ours, uint64_t theirs) {
  return NormalizeFlags(ours) & NormalizeFlags(theirs);
}

// The flags of `mandatory` that a peer with these flags lacks; 0 is good.
constexpr uint64_t MissingMandatory(uint64_t mandatory, uint64_t theirs) {
  return mandatory & ~NormalizeFlags(theirs);
}

// "V4_NC, UNLINK_ID": OTP's names, the highest bit first. A bit without a name
// is given as "0x8000".
std::string FlagNames(uint64_t flags);

// "lacks V4_NC, UNLINK_ID: mandatory since OTP 26", for an error that begins
// with the peer's name. Flags of more than one release are told apart: "lacks
// V4_NC: mandatory since OTP 26; MAP_TAG: mandatory since OTP 25; SPAWN:
// required by this node".
std::string DescribeMissing(uint64_t missing);

}  // namespace ringdist

#endif  // RINGDIST_PROTO_DISTRIBUTION_FLAGS_H_

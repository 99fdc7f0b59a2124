#include "ringdist/proto/distribution_flags.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace ringdist {
namespace {

struct NamedFlag {
  uint64_t flag;
  absl::string_view name;
};

constexpr NamedFlag kNames[] = {
    {kDflagPublished, "PUBLISHED"},
    {kDflagAtomCache, "ATOM_CACHE"},
    {kDflagExtendedReferences, "EXTENDED_REFERENCES"},
    {kDflagDistMonitor, "DIST_MONITOR"},
    {kDflagFunTags, "FUN_TAGS"},
    {kDflagDistMonitorName, "DIST_MONITOR_NAME"},
    {kDflagHiddenAtomCache, "HIDDEN_ATOM_CACHE"},
    {kDflagNewFunTags, "NEW_FUN_TAGS"},
    {kDflagExtendedPidsPorts, "EXTENDED_PIDS_PORTS"},
    {kDflagExportPtrTag, "EXPORT_PTR_TAG"},
    {kDflagBitBinaries, "BIT_BINARIES"},
    {kDflagNewFloats, "NEW_FLOATS"},
    {kDflagUnicodeIo, "UNICODE_IO"},
    {kDflagDistHdrAtomCache, "DIST_HDR_ATOM_CACHE"},
    {kDflagSmallAtomTags, "SMALL_ATOM_TAGS"},
    {kDflagUtf8Atoms, "UTF8_ATOMS"},
    {kDflagMapTag, "MAP_TAG"},
    {kDflagBigCreation, "BIG_CREATION"},
    {kDflagSendSender, "SEND_SENDER"},
    {kDflagBigSeqtraceLabels, "BIG_SEQTRACE_LABELS"},
    {kDflagExitPayload, "EXIT_PAYLOAD"},
    {kDflagFragments, "FRAGMENTS"},
    {kDflagHandshake23, "HANDSHAKE_23"},
    {kDflagUnlinkId, "UNLINK_ID"},
    {kDflagMandatory25Digest, "MANDATORY_25_DIGEST"},
    {kDflagSpawn, "SPAWN"},
    {kDflagNameMe, "NAME_ME"},
    {kDflagV4Nc, "V4_NC"},
    {kDflagAlias, "ALIAS"},
    {kDflagAltactSig, "ALTACT_SIG"},
};

absl::string_view NameOf(uint64_t flag) {
  for (const NamedFlag& named : kNames) {
    if (named.flag == flag) return named.name;
  }
  return "";
}

}  // namespace

std::string FlagNames(uint64_t flags) {
  std::string names;
  for (int bit = 63; bit >= 0; --bit) {
    const uint64_t flag = flags & (uint64_t{1} << bit);
    if (flag == 0) continue;
    const absl::string_view name = NameOf(flag);
    absl::StrAppend(&names, names.empty() ? "" : ", ", name);
    if (name.empty()) absl::StrAppend(&names, "0x", absl::Hex(flag));
  }
  return names;
}

std::string DescribeMissing(uint64_t missing) {
  const struct {
    uint64_t flags;
    absl::string_view reason;
  } kGroups[] = {
      {kMandatoryOtp26 & ~kMandatoryOtp25, "mandatory since OTP 26"},
      {kMandatoryOtp25, "mandatory since OTP 25"},
      {~kMandatoryOtp26, "required by this node"},
  };
  std::string text;
  for (const auto& group : kGroups) {
    const uint64_t flags = missing & group.flags;
    if (flags == 0) continue;
    absl::StrAppend(&text, text.empty() ? "lacks " : "; ", FlagNames(flags),
                    ": ", group.reason);
  }
  return text;
}

}  // namespace ringdist

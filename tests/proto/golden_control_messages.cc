#include "ringdist/tests/proto/golden_control_messages.h"

#include "absl/strings/str_cat.h"
#include "ringdist/tests/testing/hex.h"

namespace ringdist {
namespace {

constexpr absl::string_view kFrom = "587703704068000000050000000100000009";
constexpr absl::string_view kTo = "5877036f4068000000070000000000000004";
constexpr absl::string_view kRef =
    "5a0003770370406800000009000000010000000200000003";
constexpr absl::string_view kAlias =
    "5a000377036f406800000004000000040000000500000006";
constexpr absl::string_view kToken =
    "68056101610261035877037040680000000500000001000000096104";
constexpr absl::string_view kEmpty = "7700";
constexpr absl::string_view kNetKernel = "770a6e65745f6b65726e656c";
constexpr absl::string_view kNormal = "77066e6f726d616c";
constexpr absl::string_view kKill = "77046b696c6c";
constexpr absl::string_view kNoproc = "77066e6f70726f63";
constexpr absl::string_view kMfa =  // {erpc, execute_call, 4}
    "6803770465727063770c657865637574655f63616c6c6104";
constexpr absl::string_view kOptions = "6c0000000177076d6f6e69746f726a";
constexpr absl::string_view kBadopt = "77066261646f7074";
constexpr absl::string_view kHi = "77026869";

constexpr absl::string_view kFromTo =
    " from #Pid<p@h.5.1.9> to #Pid<o@h.7.0.4>";
constexpr absl::string_view kTokenText = " token tuple of 28 bytes";
constexpr absl::string_view kSpawnText =
    " #Ref<p@h.1.2.3.9> from #Pid<p@h.5.1.9> of erpc:execute_call/4 group "
    "leader #Pid<p@h.5.1.9> options list of 15 bytes";
constexpr absl::string_view kSpawnReplyText =
    " #Ref<o@h.4.5.6.4> to #Pid<o@h.7.0.4> flags ";

// Appends one row; `fields` is what follows the operation.
class Rows {
 public:
  void Add(absl::string_view erlang, absl::string_view head,
           std::initializer_list<absl::string_view> fields,
           absl::string_view text, absl::string_view payload = "") {
    GoldenControlMessage row;
    row.erlang = std::string(erlang);
    row.control = std::string(head);
    for (absl::string_view field : fields) absl::StrAppend(&row.control, field);
    row.payload = std::string(payload);
    row.text = std::string(text);
    rows_.push_back(row);
  }
  std::vector<GoldenControlMessage> Take() { return std::move(rows_); }

 private:
  std::vector<GoldenControlMessage> rows_;
};

void AddSends(Rows& rows) {
  rows.Add("{2, '', To}", "68036102", {kEmpty, kTo},
           "SEND to #Pid<o@h.7.0.4>: hi", kHi);
  rows.Add("{12, '', To, Token}", "6804610c", {kEmpty, kTo, kToken},
           absl::StrCat("SEND_TT to #Pid<o@h.7.0.4>", kTokenText, ": hi"), kHi);
  rows.Add("{22, From, To}", "68036116", {kFrom, kTo},
           absl::StrCat("SEND_SENDER", kFromTo, ": hi"), kHi);
  rows.Add("{23, From, To, Token}", "68046117", {kFrom, kTo, kToken},
           absl::StrCat("SEND_SENDER_TT", kFromTo, kTokenText, ": hi"), kHi);
  rows.Add("{6, From, '', net_kernel}", "68046106", {kFrom, kEmpty, kNetKernel},
           "REG_SEND from #Pid<p@h.5.1.9> to net_kernel: hi", kHi);
  rows.Add("{16, From, '', net_kernel, Token}", "68056110",
           {kFrom, kEmpty, kNetKernel, kToken},
           absl::StrCat("REG_SEND_TT from #Pid<p@h.5.1.9> to net_kernel",
                        kTokenText, ": hi"),
           kHi);
  rows.Add("{33, From, Alias}", "68036121", {kFrom, kAlias},
           "ALIAS_SEND from #Pid<p@h.5.1.9> to #Ref<o@h.4.5.6.4>: hi", kHi);
  rows.Add("{34, From, Alias, Token}", "68046122", {kFrom, kAlias, kToken},
           absl::StrCat("ALIAS_SEND_TT from #Pid<p@h.5.1.9> to "
                        "#Ref<o@h.4.5.6.4>",
                        kTokenText, ": hi"),
           kHi);
  rows.Add("{37, 0, From, To}", "680461256100", {kFrom, kTo},
           absl::StrCat("ALTACT_SIG_SEND", kFromTo, ": hi"), kHi);
  rows.Add("{37, 5, From, Alias}", "680461256105", {kFrom, kAlias},
           "ALTACT_SIG_SEND from #Pid<p@h.5.1.9> to #Ref<o@h.4.5.6.4> with "
           "priority: hi",
           kHi);
  rows.Add("{37, 8, From, net_kernel}", "680461256108", {kFrom, kNetKernel},
           "ALTACT_SIG_SEND from #Pid<p@h.5.1.9> to net_kernel: hi", kHi);
  rows.Add("{37, 19, From, To, Token}", "680561256113", {kFrom, kTo, kToken},
           absl::StrCat("ALTACT_SIG_SEND", kFromTo,
                        " with priority as exit signal", kTokenText, ": hi"),
           kHi);
}

void AddExits(Rows& rows) {
  rows.Add("{3, From, To, normal}", "68046103", {kFrom, kTo, kNormal},
           absl::StrCat("EXIT", kFromTo, " reason normal"));
  rows.Add("{13, From, To, Token, normal}", "6805610d",
           {kFrom, kTo, kToken, kNormal},
           absl::StrCat("EXIT_TT", kFromTo, kTokenText, " reason normal"));
  rows.Add("{24, From, To}", "68036118", {kFrom, kTo},
           absl::StrCat("PAYLOAD_EXIT", kFromTo, " reason normal"), kNormal);
  rows.Add(
      "{25, From, To, Token}", "68046119", {kFrom, kTo, kToken},
      absl::StrCat("PAYLOAD_EXIT_TT", kFromTo, kTokenText, " reason normal"),
      kNormal);
  rows.Add("{8, From, To, kill}", "68046108", {kFrom, kTo, kKill},
           absl::StrCat("EXIT2", kFromTo, " reason kill"));
  rows.Add("{18, From, To, Token, kill}", "68056112",
           {kFrom, kTo, kToken, kKill},
           absl::StrCat("EXIT2_TT", kFromTo, kTokenText, " reason kill"));
  rows.Add("{26, From, To}", "6803611a", {kFrom, kTo},
           absl::StrCat("PAYLOAD_EXIT2", kFromTo, " reason kill"), kKill);
  rows.Add(
      "{27, From, To, Token}", "6804611b", {kFrom, kTo, kToken},
      absl::StrCat("PAYLOAD_EXIT2_TT", kFromTo, kTokenText, " reason kill"),
      kKill);
}

void AddLinksAndMonitors(Rows& rows) {
  rows.Add("{1, From, To}", "68036101", {kFrom, kTo},
           absl::StrCat("LINK", kFromTo));
  rows.Add("{4, From, To}", "68036104", {kFrom, kTo},
           absl::StrCat("UNLINK", kFromTo));
  rows.Add("{35, 1, From, To}", "680461236101", {kFrom, kTo},
           absl::StrCat("UNLINK_ID 1", kFromTo));
  rows.Add("{35, 18446744073709551615, From, To}",
           "680461236e0800ffffffffffffffff", {kFrom, kTo},
           absl::StrCat("UNLINK_ID 18446744073709551615", kFromTo));
  rows.Add("{36, 1, From, To}", "680461246101", {kFrom, kTo},
           absl::StrCat("UNLINK_ID_ACK 1", kFromTo));
  rows.Add("{7, From, To}", "68036107", {kFrom, kTo},
           absl::StrCat("GROUP_LEADER", kFromTo));
  rows.Add("{19, From, To, Ref}", "68046113", {kFrom, kTo, kRef},
           absl::StrCat("MONITOR_P", kFromTo, " ref #Ref<p@h.1.2.3.9>"));
  rows.Add("{19, From, net_kernel, Ref}", "68046113", {kFrom, kNetKernel, kRef},
           "MONITOR_P from #Pid<p@h.5.1.9> to net_kernel ref "
           "#Ref<p@h.1.2.3.9>");
  rows.Add("{20, From, To, Ref}", "68046114", {kFrom, kTo, kRef},
           absl::StrCat("DEMONITOR_P", kFromTo, " ref #Ref<p@h.1.2.3.9>"));
  rows.Add("{20, From, net_kernel, Ref}", "68046114", {kFrom, kNetKernel, kRef},
           "DEMONITOR_P from #Pid<p@h.5.1.9> to net_kernel ref "
           "#Ref<p@h.1.2.3.9>");
  rows.Add("{21, From, To, Ref, noproc}", "68056115",
           {kFrom, kTo, kRef, kNoproc},
           absl::StrCat("MONITOR_P_EXIT", kFromTo,
                        " ref #Ref<p@h.1.2.3.9> reason noproc"));
  rows.Add("{21, net_kernel, To, Ref, noproc}", "68056115",
           {kNetKernel, kTo, kRef, kNoproc},
           "MONITOR_P_EXIT from net_kernel to #Pid<o@h.7.0.4> ref "
           "#Ref<p@h.1.2.3.9> reason noproc");
  rows.Add("{28, From, To, Ref}", "6804611c", {kFrom, kTo, kRef},
           absl::StrCat("PAYLOAD_MONITOR_P_EXIT", kFromTo,
                        " ref #Ref<p@h.1.2.3.9> reason normal"),
           kNormal);
}

void AddSpawns(Rows& rows) {
  rows.Add("{29, Ref, From, From, {erpc, execute_call, 4}, [monitor]}",
           "6806611d", {kRef, kFrom, kFrom, kMfa, kOptions},
           absl::StrCat("SPAWN_REQUEST", kSpawnText, ": hi"), kHi);
  rows.Add("{30, Ref, From, From, {erpc, execute_call, 4}, [monitor], Token}",
           "6807611e", {kRef, kFrom, kFrom, kMfa, kOptions, kToken},
           absl::StrCat("SPAWN_REQUEST_TT", kSpawnText, kTokenText, ": hi"),
           kHi);
  rows.Add(
      "{31, Alias, To, 3, From}", "6805611f", {kAlias, kTo, "6103", kFrom},
      absl::StrCat("SPAWN_REPLY", kSpawnReplyText, "3 result #Pid<p@h.5.1.9>"));
  rows.Add("{31, Alias, To, 0, badopt}", "6805611f",
           {kAlias, kTo, "6100", kBadopt},
           absl::StrCat("SPAWN_REPLY", kSpawnReplyText, "0 result badopt"));
  rows.Add("{32, Alias, To, 1, From, Token}", "68066120",
           {kAlias, kTo, "6101", kFrom, kToken},
           absl::StrCat("SPAWN_REPLY_TT", kSpawnReplyText,
                        "1 result #Pid<p@h.5.1.9>", kTokenText));
}

}  // namespace

std::string GoldenControlMessage::Body() const {
  return FromHex(
      absl::StrCat("7083", control, payload.empty() ? "" : "83", payload));
}

std::vector<GoldenControlMessage> GoldenControlMessages() {
  Rows rows;
  AddSends(rows);
  AddExits(rows);
  AddLinksAndMonitors(rows);
  AddSpawns(rows);
  return rows.Take();
}

}  // namespace ringdist

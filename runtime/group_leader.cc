#include "ringdist/runtime/group_leader.h"

#include <deque>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "ringdist/proto/iolist.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_convert.h"

namespace ringdist {
namespace {

// So much may wait for its text to be made, and each for so long.
constexpr size_t kMaxWaitingBytes = 16 * 1024 * 1024;
constexpr absl::Duration kFormatTime = absl::Seconds(10);
// Of several requests in one message, one of which has to wait.
constexpr size_t kMaxRequestsBytes = 64 * 1024;

// One {io_request, From, ReplyAs, Request} whose text is being made, and what
// of it is still to be done then.
struct IoRequest {
  size_t bytes() const {
    size_t bytes = sizeof(IoRequest) + reply_as.bytes().size();
    for (const Term& one : left) bytes += sizeof(Term) + one.bytes().size();
    return bytes;
  }

  Pid from;
  Term reply_as;
  std::deque<Term> left;
};

// {put_chars, Encoding, Module, Function, Arguments}.
struct MadeText {
  AtomView encoding, module, function;
  TermView arguments;
};

class IoServer : public std::enable_shared_from_this<IoServer> {
 public:
  IoServer(Calls& calls, OutputCallback output, IsSender is_sender)
      : calls_(calls),
        output_(std::move(output)),
        is_sender_(std::move(is_sender)) {}

  void Take(Process& self, const TermView& message) {
    PidView from;
    TermView reply_as, what, many;
    if (!Matches(message,
                 std::tuple(Atom("io_request"), &from, &reply_as, &what)) ||
        !MayKeepTag(reply_as)) {
      return;
    }
    if (!Matches(what, std::tuple(Atom("requests"), &many))) {
      return TakeOne(self, from, reply_as, what, TermView().elements());
    }
    TermElements each = many.elements();
    for (TermView one; each.Next(one);) {
      if (Put(one, from) == Outcome::kDone) continue;
      return TakeOne(self, from, reply_as, one, each);
    }
    Reply(self, from, reply_as, Atom("ok"));
  }

 private:
  enum class Outcome {
    kDone,
    kFailed,
    kOther,  // It is no text that is there already.
  };

  // Does one request, or begins to, and then those that are left.
  void TakeOne(Process& self, const PidView& from, const TermView& reply_as,
               const TermView& one, TermElements left) {
    MadeText made;
    switch (Put(one, from)) {
      case Outcome::kDone:
        return Reply(self, from, reply_as, Atom("ok"));
      case Outcome::kFailed:
        return Fail(self, from, reply_as, "put_chars");
      case Outcome::kOther:
        break;
    }
    if (!IsMadeText(one, made) || !is_sender_(from.node.ToString())) {
      return Fail(self, from, reply_as, "enotsup");
    }
    auto request = std::make_unique<IoRequest>(
        IoRequest{.from = Pid(from), .reply_as = Term(reply_as), .left = {}});
    size_t bytes = 0;
    for (TermView next; left.Next(next);) {
      bytes += next.bytes().size();
      if (bytes > kMaxRequestsBytes) {
        return Fail(self, from, reply_as, "enotsup");
      }
      request->left.emplace_back(next);
    }
    Make(self, std::move(request), made);
  }

  // The rest of one, when its text was made.
  void GoOn(Process& self, std::unique_ptr<IoRequest> request) {
    while (!request->left.empty()) {
      const Term one = std::move(request->left.front());
      request->left.pop_front();
      const Outcome outcome = Put(one, request->from);
      if (outcome == Outcome::kDone) continue;
      MadeText made;
      if (outcome == Outcome::kOther && IsMadeText(one, made)) {
        return Make(self, std::move(request), made);
      }
      const bool failed = outcome == Outcome::kFailed;
      return Fail(self, request->from, request->reply_as,
                  failed ? "put_chars" : "enotsup");
    }
    Reply(self, request->from, request->reply_as, Atom("ok"));
  }

  Outcome Put(const TermView& request, const PidView& from) {
    AtomView encoding;
    TermView text;
    if (Matches(request, std::tuple(Atom("put_chars"), &encoding, &text)) ||
        // Of nodes that take this one for one without unicode.
        Matches(request, std::tuple(Atom("put_chars"), &text))) {
      return PutText(encoding, text, from) ? Outcome::kDone : Outcome::kFailed;
    }
    return Outcome::kOther;
  }

  bool PutText(const AtomView& encoding, const TermView& text,
               const PidView& from) {
    std::string utf8;
    if (encoding == AtomView::Utf8("unicode")) {
      if (!AppendChardata(text, utf8)) return false;
    } else {
      std::string latin1;
      if (!AppendIolist(text, latin1)) return false;
      utf8 = AtomView::Latin1(latin1).ToString();
    }
    if (output_ && !utf8.empty()) output_(utf8, from);
    return true;
  }

  static bool IsMadeText(const TermView& request, MadeText& made) {
    return Matches(request,
                   std::tuple(Atom("put_chars"), &made.encoding, &made.module,
                              &made.function, &made.arguments)) ||
           Matches(request, std::tuple(Atom("put_chars"), &made.module,
                                       &made.function, &made.arguments));
  }

  // Has the text made by the function that the node of the request names.
  void Make(Process& self, std::unique_ptr<IoRequest> request,
            const MadeText& made) {
    const size_t bytes = request->bytes();
    if (waiting_bytes_ + bytes > kMaxWaitingBytes) {
      return Fail(self, request->from, request->reply_as, "terminated");
    }
    waiting_bytes_ += bytes;
    const std::string node = request->from.node;
    calls_.Call(
        node, made.module.ToString(), made.function.ToString(),
        [&](TermWriter& writer) { writer.WriteTerm(made.arguments); },
        kFormatTime,
        [server = shared_from_this(), self, request = std::move(request),
         encoding = made.encoding.ToString(),
         bytes](const CallResult& text) mutable {
          server->waiting_bytes_ -= bytes;
          if (!text.ok() || !server->PutText(AtomView::Utf8(encoding),
                                             text.value(), request->from)) {
            return Fail(self, request->from, request->reply_as, "format");
          }
          server->GoOn(self, std::move(request));
        });
  }

  template <typename Value>
  static void Reply(Process& self, const PidView& to, const TermView& reply_as,
                    const Value& value) {
    self.SendOwed(to,
                  [&](TermWriter& writer) {
                    WriteValue(writer,
                               std::tuple(Atom("io_reply"), reply_as, value));
                  })
        .IgnoreError();
  }
  static void Fail(Process& self, const PidView& to, const TermView& reply_as,
                   absl::string_view reason) {
    Reply(self, to, reply_as, std::tuple(Atom("error"), Atom(reason)));
  }

  Calls& calls_;
  OutputCallback output_;
  IsSender is_sender_;
  size_t waiting_bytes_ = 0;
};

}  // namespace

MessageHandler GroupLeader(Calls& calls, OutputCallback output,
                           IsSender is_sender) {
  return [server = std::make_shared<IoServer>(calls, std::move(output),
                                              std::move(is_sender))](
             Process& self, const TermView& message) {
    server->Take(self, message);
  };
}

}  // namespace ringdist

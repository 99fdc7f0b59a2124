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

// So many processes may have their text made at one time, and each so long.
constexpr int kMaxFormatting = 10'000;
constexpr absl::Duration kFormatTime = absl::Seconds(10);

// One {io_request, From, ReplyAs, Request}, and what of it is still to be done.
struct IoRequest {
  Pid from;
  Term reply_as;
  std::deque<Term> left;
};

class IoServer : public std::enable_shared_from_this<IoServer> {
 public:
  IoServer(Calls& calls, OutputCallback output)
      : calls_(calls), output_(std::move(output)) {}

  void Take(Process self, const TermView& message) {
    auto request = std::make_unique<IoRequest>();
    TermView what, many;
    if (!Matches(message, std::tuple(Atom("io_request"), &request->from,
                                     &request->reply_as, &what))) {
      return;
    }
    if (Matches(what, std::tuple(Atom("requests"), &many))) {
      TermElements each = many.elements();
      for (TermView one; each.Next(one);) request->left.emplace_back(one);
    } else {
      request->left.emplace_back(what);
    }
    Go(std::move(self), std::move(request));
  }

 private:
  // Does what is left, one after the other, and replies.
  void Go(Process self, std::unique_ptr<IoRequest> request) {
    while (!request->left.empty()) {
      const Term one = std::move(request->left.front());
      request->left.pop_front();
      AtomView encoding, module, function;
      TermView text;
      if (Matches(one, std::tuple(Atom("put_chars"), &encoding, &text)) ||
          // Of nodes that take this one for one without unicode.
          Matches(one, std::tuple(Atom("put_chars"), &text))) {
        if (!Put(encoding, text, request->from)) {
          return Fail(self, *request, "put_chars");
        }
      } else if (Matches(one, std::tuple(Atom("put_chars"), &encoding, &module,
                                         &function, &text))) {
        return Format(std::move(self), std::move(request), encoding, module,
                      function, text);
      } else if (Matches(one, std::tuple(Atom("put_chars"), &module, &function,
                                         &text))) {
        return Format(std::move(self), std::move(request), AtomView(), module,
                      function, text);
      } else {
        return Fail(self, *request, "enotsup");
      }
    }
    Reply(self, *request, Atom("ok"));
  }

  bool Put(const AtomView& encoding, const TermView& text,
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

  // Has the text made by the function that the node of the request names.
  void Format(Process self, std::unique_ptr<IoRequest> request,
              const AtomView& encoding, const AtomView& module,
              const AtomView& function, const TermView& arguments) {
    if (formatting_ == kMaxFormatting)
      return Fail(self, *request, "terminated");
    ++formatting_;
    const std::string node = request->from.node;
    calls_.Call(
        node, module.ToString(), function.ToString(),
        [&](TermWriter& writer) { writer.WriteTerm(arguments); }, kFormatTime,
        [server = shared_from_this(), self, request = std::move(request),
         encoding = encoding.ToString()](const CallResult& text) mutable {
          --server->formatting_;
          if (!text.ok() || !server->Put(AtomView::Utf8(encoding), text.value(),
                                         request->from)) {
            return Fail(self, *request, "format");
          }
          server->Go(std::move(self), std::move(request));
        });
  }

  template <typename Value>
  static void Reply(Process& self, const IoRequest& request,
                    const Value& value) {
    const auto reply = std::tuple(Atom("io_reply"), request.reply_as, value);
    self.Send(request.from, reply).IgnoreError();
  }
  static void Fail(Process& self, const IoRequest& request,
                   absl::string_view reason) {
    Reply(self, request, std::tuple(Atom("error"), Atom(reason)));
  }

  Calls& calls_;
  OutputCallback output_;
  int formatting_ = 0;
};

}  // namespace

MessageHandler GroupLeader(Calls& calls, OutputCallback output) {
  return [server = std::make_shared<IoServer>(calls, std::move(output))](
             Process& self, const TermView& message) {
    server->Take(self, message);
  };
}

}  // namespace ringdist

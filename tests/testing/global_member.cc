#include "ringdist/tests/testing/global_member.h"

#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/runtime/gen_server.h"
#include "ringdist/tests/testing/run_until.h"
#include "ringdist/tests/testing/test_node.h"

namespace ringdist {

GlobalMember::GlobalMember(Reactor& reactor,
                           const TemporaryDirectory& directory,
                           absl::string_view name)
    : reactor_(reactor) {
  NodeOptions options;
  options.distribution = NodeOptionsAt(directory, name);
  // And not NodeOptions::visible, which would have it play its own part.
  options.distribution.flags |= kDflagPublished;
  node_ = *Node::Create(reactor, std::move(options));
  RINGDIST_CHECK(node_->Listen().ok());
  pid_ = node_->Spawn([this](Process& self, const TermView& message) {
    OnMessage(self, message);
  });
  process_ = node_->Find(pid_);
  RINGDIST_CHECK(node_->Register("global_name_server", pid_).ok());
}

void GlobalMember::OnMessage(Process& self, const TermView& message) {
  TermView from, request;
  if (Matches(message, std::tuple(Atom("$gen_call"), &from, &request))) {
    TermView what;
    const bool is_lock =
        Matches(request, std::tuple(&what, std::tuple(Any(), Any())));
    RINGDIST_CHECK(is_lock);
    lock_calls_.push_back(ToText(what));
    const bool answer = grants || what.IsAtom("del_lock");
    RINGDIST_CHECK(ReplyTo::Read(from)->Reply(self, answer).ok());
  } else if (Matches(message, std::tuple(Atom("$gen_cast"), &request))) {
    received_.emplace_back(request);
  } else {
    received_.emplace_back(message);
  }
}

bool GlobalMember::Connect(Node& ours) {
  ours_ = ours.name().full();
  const NodeName& own = node_->name();
  return node_->Connect(ours.name()).ok() && RunUntil(reactor_, [&] {
           return node_->distribution().Find(ours.name()).IsUp() &&
                  ours.distribution().Find(own).IsUp();
         });
}

Term GlobalMember::NextTerm() {
  if (!RunUntil(reactor_, [&] { return !received_.empty(); })) return Term();
  Term next = std::move(received_.front());
  received_.pop_front();
  return next;
}

std::string GlobalMember::Next() {
  const Term next = NextTerm();
  return next.empty() ? "none" : ToText(next);
}

bool GlobalMember::IsQuiet() {
  bool has_ponged = false;
  node_->Ping(
      NameOf(ours_), absl::Seconds(20),
      [&](absl::StatusOr<absl::Duration> pong) { has_ponged = pong.ok(); });
  return RunUntil(reactor_, [&] { return has_ponged; }) && received_.empty();
}

int64_t GlobalMember::BeginsSession(int64_t my_tag, int64_t version) {
  int64_t their_tag = 0;
  const auto locker = [](const auto& pid) {
    return std::tuple(Atom("locker"), Any(), Any(), pid);
  };
  if (!Matches(NextTerm(),
               std::tuple(Atom("init_connect"), std::tuple(8, &their_tag),
                          Atom(ours_), locker(Any())))) {
    return 0;
  }
  Cast(std::tuple(Atom("init_connect"), std::tuple(version, my_tag), name(),
                  std::tuple(Atom("locker"), Nil(), Nil(), pid())));
  return their_tag;
}

::testing::AssertionResult GlobalMember::Joins(Session& session) {
  const auto fail = [](absl::string_view what) {
    return ::testing::AssertionFailure() << "no " << what;
  };
  constexpr int64_t kMyTag = 77;
  const int64_t tag = BeginsSession(kMyTag, session.version);
  if (tag == 0) return fail("init_connect");
  if (session.version >= 8 &&
      !Matches(NextTerm(), std::tuple(Atom("init_connect_ack"), Atom(ours_),
                                      kMyTag, tag))) {
    return fail("init_connect_ack");
  }
  const Atom lock_set("lock_set");
  if (session.version >= 8) {
    Cast(std::tuple(lock_set, pid(), true, Nil(), tag));
  } else {
    Cast(std::tuple(lock_set, pid(), true, Nil()));
  }
  const Term locked = NextTerm();
  if (session.version >= 8
          ? !Matches(locked, std::tuple(lock_set, Any(), true, Any(), kMyTag))
          : !Matches(locked, std::tuple(lock_set, Any(), true, Any()))) {
    return fail("lock_set");
  }
  Cast(std::tuple(Atom("exchange"), name(), session.names, Nil(), tag));
  if (!Matches(NextTerm(), std::tuple(Atom("exchange"), Atom(ours_),
                                      &session.their_names, Any(), kMyTag))) {
    return fail("exchange");
  }
  if (!Matches(
          NextTerm(),
          std::tuple(Atom("resolved"), Atom(ours_), &session.their_operations,
                     &session.their_known, Any(), Any(), kMyTag))) {
    return fail("resolved");
  }
  Cast(std::tuple(Atom("resolved"), name(), session.operations, session.known,
                  Atom("unused"), Nil(), tag));
  return ::testing::AssertionSuccess();
}

void GlobalMembersTest::Start(NodeOptions options) {
  options.distribution = NodeOptionsAt(directory_, kOurNode);
  options.distribution.log = [this](LogLevel, absl::string_view line) {
    absl::StrAppend(&log_, line, "\n");
  };
  options.visible = true;
  ours_ = *Node::Create(*reactor_, std::move(options));
  ASSERT_TRUE(ours_->Listen().ok());
}

std::unique_ptr<GlobalMember> GlobalMembersTest::Member(
    absl::string_view name) {
  auto member = std::make_unique<GlobalMember>(*reactor_, directory_, name);
  EXPECT_TRUE(member->Connect(*ours_));
  return member;
}

std::unique_ptr<GlobalMember> GlobalMembersTest::JoinedMember(
    absl::string_view name) {
  auto member = Member(name);
  EXPECT_TRUE(member->Joins());
  return member;
}

bool GlobalMembersTest::Wait(absl::FunctionRef<bool()> done) {
  return RunUntil(*reactor_, done);
}

bool GlobalMembersTest::IsUp(absl::string_view name) {
  return ours_->distribution().Find(NameOf(name)).IsUp();
}

}  // namespace ringdist

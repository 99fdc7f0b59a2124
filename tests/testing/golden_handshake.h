// Bodies of handshake messages that a real node (OTP 25.2.3) sent, for the
// tests of proto/.
//
// The accepting node was started as
//
//   erl -proto_dist erl_uds -no_epmd -sname srv@localhost
//       -setcookie testcookie -pa . -noshell -noinput
//
// and a script dialled it by its socket. In the other direction
//
//   erl -proto_dist erl_uds -no_epmd -sname srv2@localhost
//       -setcookie testcookie -pa . -noshell -noinput
//       -eval "net_kernel:connect_node('cpp@localhost')."
//
// dialled a script that listened as cpp@localhost; with -sname
// undefined@localhost it asked for a name. The script's half of each exchange
// is in the comments: the real nodes accepted it, so that what they answered to
// tells what a right answer is.

#ifndef RINGDIST_TESTS_TESTING_GOLDEN_HANDSHAKE_H_
#define RINGDIST_TESTS_TESTING_GOLDEN_HANDSHAKE_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace ringdist::golden {

inline constexpr absl::string_view kCookie = "testcookie";
// The script's: its challenge, its creation, and the flags it announced.
inline constexpr uint32_t kScriptChallenge = 0xDEADBEEF;
inline constexpr uint32_t kInitiatorCreation = 0x00001234;
inline constexpr uint32_t kAcceptorCreation = 0x77777777;
inline constexpr uint64_t kScriptFlags = 0x407074FBC;

// srv@localhost accepts cpp@localhost.
std::string StatusOk();
std::string Challenge();
std::string ReplyToChallenge();  // The script's, which the node accepted.
std::string Ack();

// srv@localhost accepts a node that asks for a name at localhost.
std::string StatusNamed();
std::string ChallengeToNamed();
std::string ReplyToChallengeToNamed();  // The script's.

// Other statuses of srv@localhost.
std::string StatusAlive();       // To the second connection of a name.
std::string StatusNok();         // To a node that calls itself like it.
std::string StatusNotAllowed();  // To one without MAP_TAG.
std::string
StatusOkSimultaneous();  // To the second handshake of zzz@localhost.

// srv2@localhost dials cpp@localhost.
std::string SendName();
std::string Reply();       // To kScriptChallenge.
std::string AckOfReply();  // The script's, which the node accepted.
std::string AliveTrue();   // Its answer to "alive".

// A node at localhost that has no name dials cpp@localhost.
std::string SendNameDynamic();
std::string NamedForDynamic();  // The script's: DYN1@localhost.
std::string ReplyOfDynamic();
std::string AckOfReplyOfDynamic();  // The script's.

}  // namespace ringdist::golden

#endif  // RINGDIST_TESTS_TESTING_GOLDEN_HANDSHAKE_H_

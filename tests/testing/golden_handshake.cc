#include "ringdist/tests/testing/golden_handshake.h"

#include <string>

#include "ringdist/tests/testing/hex.h"

namespace ringdist::golden {

std::string StatusOk() {
  return FromHex(
      "73"      // 's'
      "6f6b");  // "ok"
}

std::string Challenge() {
  return FromHex(
      "4e"                            // 'N'
      "0000000d07df7fbd"              // flags
      "48cb3b6d"                      // challenge
      "b1f77e13"                      // creation
      "000d"                          // length of the name
      "737276406c6f63616c686f7374");  // "srv@localhost"
}

std::string ReplyToChallenge() {
  return FromHex(
      "72"                                  // 'r'
      "deadbeef"                            // challenge
      "51264094e27287b38db30fddfd234131");  // digest of 48cb3b6d
}

std::string Ack() {
  return FromHex(
      "61"                                  // 'a'
      "9d90f2eaace990501922665fe8380c3d");  // digest of deadbeef
}

std::string StatusNamed() {
  return FromHex(
      "73"                                              // 's'
      "6e616d65643a"                                    // "named:"
      "0017"                                            // length of the name
      "334f5457384832453635385732406c6f63616c686f7374"  // the name
      "552f4ad8");                                      // creation
}

std::string ChallengeToNamed() {
  return FromHex(
      "4e"                            // 'N'
      "0000000f07df7fbc"              // flags: NAME_ME, not PUBLISHED
      "ea7ff948"                      // challenge
      "b1f77e13"                      // creation
      "000d"                          // length of the name
      "737276406c6f63616c686f7374");  // "srv@localhost"
}

std::string ReplyToChallengeToNamed() {
  return FromHex(
      "72"                                  // 'r'
      "deadbeef"                            // challenge
      "ef69aed2255d71cbf8f5a7e0cada3736");  // digest of ea7ff948
}

std::string StatusAlive() {
  return FromHex(
      "73"            // 's'
      "616c697665");  // "alive"
}

std::string StatusNok() {
  return FromHex(
      "73"        // 's'
      "6e6f6b");  // "nok"
}

std::string StatusNotAllowed() {
  return FromHex(
      "73"                        // 's'
      "6e6f745f616c6c6f776564");  // "not_allowed"
}

std::string StatusOkSimultaneous() {
  return FromHex(
      "73"                                // 's'
      "6f6b5f73696d756c74616e656f7573");  // "ok_simultaneous"
}

std::string SendName() {
  return FromHex(
      "4e"                              // 'N'
      "0000000d07df7fbd"                // flags
      "92d0b078"                        // creation
      "000e"                            // length of the name
      "73727632406c6f63616c686f7374");  // "srv2@localhost"
}

std::string Reply() {
  return FromHex(
      "72"                                  // 'r'
      "0c5b3577"                            // challenge
      "9d90f2eaace990501922665fe8380c3d");  // digest of deadbeef
}

std::string AckOfReply() {
  return FromHex(
      "61"                                  // 'a'
      "03be1a1db315c52f12b0f96ca8e45952");  // digest of 0c5b3577
}

std::string AliveTrue() {
  return FromHex(
      "73"          // 's'
      "74727565");  // "true"
}

std::string SendNameDynamic() {
  return FromHex(
      "4e"                    // 'N'
      "0000000f07df7fbc"      // flags: NAME_ME, not PUBLISHED
      "00000000"              // creation
      "0009"                  // length of the host
      "6c6f63616c686f7374");  // "localhost"
}

std::string NamedForDynamic() {
  return FromHex(
      "73"                            // 's'
      "6e616d65643a"                  // "named:"
      "000e"                          // length of the name
      "44594e31406c6f63616c686f7374"  // "DYN1@localhost"
      "abcdef01");                    // creation
}

std::string ReplyOfDynamic() {
  return FromHex(
      "72"                                  // 'r'
      "817ad21f"                            // challenge
      "9d90f2eaace990501922665fe8380c3d");  // digest of deadbeef
}

std::string AckOfReplyOfDynamic() {
  return FromHex(
      "61"                                  // 'a'
      "d98f82c33ed2dc4675afa59e43ebec48");  // digest of 817ad21f
}

}  // namespace ringdist::golden

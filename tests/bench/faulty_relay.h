// FaultyRelay: stands between a client and a server of a load, and does to one
// of the client's packets what nothing may do to it.
//
//   FaultyRelay relay(client_directory, server_directory,
//                     {.fault = FaultyRelay::Fault::kLose, .packet = 1000});
//
// It listens where the client looks for the server, takes one connection, and
// ends when the client does. It has threads: make it after all that forks.

#ifndef RINGDIST_TESTS_BENCH_FAULTY_RELAY_H_
#define RINGDIST_TESTS_BENCH_FAULTY_RELAY_H_

#include <cstdint>
#include <string>
#include <thread>

#include "absl/strings/string_view.h"
#include "ringdist/runtime/file_descriptor.h"

namespace ringdist {

class FaultyRelay {
 public:
  enum class Fault { kLose, kRepeat, kSwapWithNext, kSpoilLastByte };

  struct Options {
    Fault fault = Fault::kLose;
    uint64_t packet = 1;  // Of those after the handshake.
    // Packets of the handshake that come from the client.
    int handshake_packets = 0;
  };

  FaultyRelay(const std::string& client_directory, std::string server_directory,
              const Options& options);
  FaultyRelay(const FaultyRelay&) = delete;
  FaultyRelay& operator=(const FaultyRelay&) = delete;
  // Waits until the client has gone.
  ~FaultyRelay() { thread_.join(); }

 private:
  void Run();
  void PassToServer(int client, int server);
  // What the server gets for a packet.
  void Take(absl::string_view packet, std::string& out);

  const std::string server_directory_;
  const Options options_;
  FileDescriptor listening_;
  uint64_t packets_ = 0;
  std::string kept_;  // To go behind the next one.
  std::thread thread_;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_BENCH_FAULTY_RELAY_H_

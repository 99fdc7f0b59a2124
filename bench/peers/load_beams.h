// The compiled Erlang modules of the load generator, as code:load_binary/3
// takes them. They are compiled when we are, and are part of our program.

#ifndef RINGDIST_BENCH_PEERS_LOAD_BEAMS_H_
#define RINGDIST_BENCH_PEERS_LOAD_BEAMS_H_

#include "absl/strings/string_view.h"

namespace ringdist {

// ringdist_load: what takes a load.
absl::string_view RingdistLoadBeam();
// ringdist_load_client: what generates one. It needs the others.
absl::string_view RingdistLoadClientBeam();
// ringdist_load_trips: what that counts.
absl::string_view RingdistLoadTripsBeam();

}  // namespace ringdist

#endif  // RINGDIST_BENCH_PEERS_LOAD_BEAMS_H_

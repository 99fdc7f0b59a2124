// dist_load with a FakeLoad: all of the command but what runs the load.

#include "ringdist/bench/load/dist_load_command.h"
#include "ringdist/tests/bench/fake_load.h"

int main(int argc, char** argv) {
  return ringdist::DistLoad(argc, argv, ringdist::FakeLoad);
}

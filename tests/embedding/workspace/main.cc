#include <iostream>

#include "ringdist/proto/node_name.h"

int main() {
  const absl::StatusOr<ringdist::NodeName> name =
      ringdist::NodeName::Parse("cpp@localhost");
  if (!name.ok()) {
    std::cerr << name.status() << "\n";
    return 1;
  }
  std::cout << "embedded: " << name->full() << "\n";
  return 0;
}

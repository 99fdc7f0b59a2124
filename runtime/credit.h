// Credit: active-N accounting, how many packets of a connection may be with its
// consumer at a time.
//
//   while (!credit.exhausted()) {
//     credit.Take();                      // one packet is delivered
//     if (!Deliver(packet)) continue;     // the consumer keeps it for now
//     credit.Return();                    // the consumer is done with it
//   }
//
// It is what dist_controller_input_loop in OTP's erl_uds_dist.erl does with
// {active, N}: N counts the packets that were granted and are not consumed yet,
// delivered or not. Whenever N <= 5, 10 - N more are granted and N is 10 again.
// So a consumer that keeps every packet gets ten, and the next ones when five
// of them are left: between 5 and 10 packets may be outstanding.
//
// Pure; a few instructions per packet.

#ifndef RINGDIST_RUNTIME_CREDIT_H_
#define RINGDIST_RUNTIME_CREDIT_H_

#include "ringdist/proto/check.h"

namespace ringdist {

class Credit {
 public:
  static constexpr int kActive = 10;

  // One packet is delivered. Not if exhausted.
  void Take() {
    RINGDIST_CHECK(!exhausted());
    --granted_;
    ++outstanding_;
  }

  // The consumer is done with one packet.
  void Return() {
    RINGDIST_CHECK(outstanding_ > 0);
    --outstanding_;
    if (granted_ + outstanding_ <= kActive / 2) {
      granted_ = kActive - outstanding_;
    }
  }

  // No packet may be delivered before enough are returned.
  bool exhausted() const { return granted_ == 0; }
  // Delivered and not returned.
  int outstanding() const { return outstanding_; }

 private:
  int granted_ = kActive;  // Packets that may still be delivered.
  int outstanding_ = 0;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_CREDIT_H_

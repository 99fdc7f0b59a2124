// Small messages go out and come in without an allocation, once their atoms are
// known. This program counts all allocations, and so is one of its own.

#include <string>

#include "gtest/gtest.h"
#include "ringdist/proto/distribution_decoder.h"
#include "ringdist/proto/distribution_encoder.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/tests/testing/allocation_counter.h"

namespace ringdist {
namespace {

constexpr uint64_t kForms[] = {0, kDflagDistHdrAtomCache, kDflagFragments,
                               kDflagDistHdrAtomCache | kDflagFragments};

// Names that do not fit into a std::string itself.
const Pid kFrom("a_rather_long_name@localhost", 5, 1, 9);
const Pid kTo("another_rather_long_name@localhost", 7, 0, 4);

// Sends messages of several kinds over one direction of a connection.
class Traffic {
 public:
  explicit Traffic(uint64_t flags) : encoder_(flags), decoder_(flags) {}

  void Run() {
    control::Send send;
    send.from = kFrom;
    send.to = kTo;
    Transfer(send);
    control::RegSend reg_send;
    reg_send.from = kFrom;
    reg_send.to = AtomView::Utf8("a_process_with_a_long_name");
    Transfer(reg_send);
    Transfer(control::UnlinkId{7, kFrom, kTo});
  }

 private:
  void Transfer(const ControlMessage& message) {
    packet_.Clear();
    encoder_.Encode(
        message,
        [](TermWriter& payload) {
          payload.WriteTupleHeader(3);
          payload.WriteAtom("an_atom_of_some_length");
          payload.WriteInteger(1);
          payload.WriteBinary("xyz");
        },
        packet_);
    encoder_.Commit();
    const absl::StatusOr<bool> complete = decoder_.Decode(packet_.view());
    ASSERT_TRUE(complete.ok() && *complete);
    if (const TermView* payload = PayloadOf(decoder_.message());
        payload != nullptr) {
      ASSERT_TRUE(payload->IsTuple(3));
    }
  }

  DistributionEncoder encoder_;
  DistributionDecoder decoder_;
  StringWriter packet_;
};

TEST(DistributionAllocation, ThisTestSeesAllocations) {
  const size_t before = allocations;
  const std::string large(1000, 'x');
  EXPECT_GT(allocations, before) << large;
}

TEST(DistributionAllocation, SmallMessagesAllocateNothing) {
  for (const uint64_t form : kForms) {
    for (const uint64_t operations : {uint64_t{0}, kDflagSendSender}) {
      Traffic traffic(form | operations);
      // The second time all atoms are known, and more is remembered.
      for (int i = 0; i < 2; ++i) traffic.Run();
      const size_t before = allocations;
      for (int i = 0; i < 10; ++i) traffic.Run();
      EXPECT_EQ(allocations, before) << form;
    }
  }
}

TEST(DistributionAllocation, AClaimOfManyFragmentsAllocatesWhatHasCome) {
  DistributionEncoder encoder(kDflagFragments);
  StringWriter packet;
  DistributionEncoder::WriteFragmentHeader(1, uint64_t{1} << 60, true, packet);
  packet.WriteU8(0);  // No atoms.
  size_t control_size;
  encoder.EncodePlain(
      control::Link{kFrom, kTo}, [](TermWriter&) {}, packet, control_size);
  DistributionDecoder decoder(kDflagFragments);
  ASSERT_TRUE(decoder.Decode(packet.view()).ok());
  // Of those that follow, those without bytes cost nothing.
  const size_t before = allocations;
  for (uint64_t i = 1; i <= 1000; ++i) {
    packet.Clear();
    DistributionEncoder::WriteFragmentHeader(1, (uint64_t{1} << 60) - i, false,
                                             packet);
    ASSERT_TRUE(decoder.Decode(packet.view()).ok());
  }
  EXPECT_EQ(allocations, before);
}

}  // namespace
}  // namespace ringdist

#include "ringdist/proto/identifiers.h"

#include "absl/hash/hash_testing.h"
#include "gtest/gtest.h"

namespace ringdist {
namespace {

Reference MakeReference() { return Reference("a@h", 9, {1, 2, 3}); }
Port MakePort() { return Port("a@h", uint64_t{1} << 40, 9); }

TEST(Identifiers, TextTellsNodeNumbersAndCreation) {
  EXPECT_EQ(Pid("a@h", 5, 1, 9).ToString(), "#Pid<a@h.5.1.9>");
  EXPECT_EQ(MakeReference().ToString(), "#Ref<a@h.1.2.3.9>");
  EXPECT_EQ(MakePort().ToString(), "#Port<a@h.1099511627776.9>");
}

TEST(Identifiers, TextOfAHostileNameIsOneLine) {
  EXPECT_EQ(Pid("a\n@h", 5, 1, 9).ToString(), "#Pid<a\\n@h.5.1.9>");
}

TEST(Identifiers, DifferInEveryField) {
  const Pid pid("a@h", 5, 1, 9);
  EXPECT_EQ(pid, Pid("a@h", 5, 1, 9));
  EXPECT_NE(pid, Pid("b@h", 5, 1, 9));
  EXPECT_NE(pid, Pid("a@h", 6, 1, 9));
  EXPECT_NE(pid, Pid("a@h", 5, 2, 9));
  EXPECT_NE(pid, Pid("a@h", 5, 1, 10));
  Reference other = MakeReference();
  EXPECT_EQ(other, MakeReference());
  other.words[2] = 4;
  EXPECT_NE(other, MakeReference());
  other = MakeReference();
  other.word_count = 4;
  EXPECT_NE(other, MakeReference());
  Port port = MakePort();
  EXPECT_EQ(port, MakePort());
  port.id += uint64_t{1} << 32;
  EXPECT_NE(port, MakePort());
}

TEST(Identifiers, ViewAndValueConvertBothWays) {
  const Pid pid("h\xc3\xa9@h", 5, 1, 9);
  PidView view = pid;
  EXPECT_EQ(Pid(view), pid);
  view.node = AtomView::Latin1("h\xe9@h");
  EXPECT_EQ(view, PidView(pid));
  EXPECT_EQ(Pid(view), pid);
  EXPECT_EQ(Reference(ReferenceView(MakeReference())), MakeReference());
  EXPECT_EQ(Port(PortView(MakePort())), MakePort());
}

TEST(Identifiers, CanBeKeys) {
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly(
      {Pid(), Pid("a@h", 5, 1, 9), Pid("a@h", 5, 1, 10), Pid("a@h", 1, 5, 9)}));
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly(
      {Reference(), MakeReference()}));
  EXPECT_TRUE(
      absl::VerifyTypeImplementsAbslHashCorrectly({Port(), MakePort()}));
}

}  // namespace
}  // namespace ringdist

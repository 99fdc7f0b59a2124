#include "ringdist/runtime/mailbox.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/term_convert.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;

int64_t NumberOf(const TermView& term) {
  return ReadValue<int64_t>(term).value_or(-1);
}

// Takes the first that is wanted, and lets it go.
std::optional<int64_t> TakeNumber(Mailbox& mailbox,
                                  Mailbox::Wanted wanted = Mailbox::Any) {
  TermView message;
  if (!mailbox.Take(wanted, message)) return std::nullopt;
  const int64_t number = NumberOf(message);
  mailbox.Release();
  return number;
}

auto Equals(int64_t number) {
  return [number](const TermView& term) { return NumberOf(term) == number; };
}

TEST(MailboxTest, GivesMessagesInOrder) {
  Mailbox mailbox;
  EXPECT_TRUE(mailbox.empty());
  EXPECT_EQ(TakeNumber(mailbox), std::nullopt);
  for (int i = 0; i < 1000; ++i) mailbox.Append(MakeTerm(i));
  EXPECT_EQ(mailbox.count(), 1000u);
  EXPECT_GT(mailbox.bytes(), 1000u);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(TakeNumber(mailbox), i);
  EXPECT_TRUE(mailbox.empty());
  EXPECT_EQ(mailbox.bytes(), 0u);
}

TEST(MailboxTest, TakesAWantedOneFromTheMiddle) {
  Mailbox mailbox;
  for (int i = 0; i < 5; ++i) mailbox.Append(MakeTerm(i));
  EXPECT_EQ(TakeNumber(mailbox, Equals(9)), std::nullopt);
  EXPECT_EQ(TakeNumber(mailbox, Equals(2)), 2);
  EXPECT_EQ(TakeNumber(mailbox, Equals(2)), std::nullopt);
  EXPECT_EQ(TakeNumber(mailbox, Equals(0)), 0);
  std::vector<int64_t> rest;
  while (!mailbox.empty()) rest.push_back(*TakeNumber(mailbox));
  EXPECT_THAT(rest, ElementsAre(1, 3, 4));
}

TEST(MailboxTest, WhatWasTakenIsNotCountedAndStaysValidUntilReleased) {
  Mailbox mailbox;
  const std::string large(100'000, 'x');
  mailbox.Append(MakeTerm(large));
  mailbox.Append(MakeTerm(1));
  mailbox.Append(MakeTerm(2));
  TermView message;
  ASSERT_TRUE(mailbox.Take(Mailbox::Any, message));
  EXPECT_EQ(mailbox.count(), 2u);
  EXPECT_LT(mailbox.bytes(), 100u);
  EXPECT_TRUE(mailbox.Remove(Equals(1)));
  EXPECT_TRUE(mailbox.Remove(Equals(2)));
  EXPECT_FALSE(mailbox.Remove(Equals(2)));
  EXPECT_EQ(*message.AsBinary(), large);
  mailbox.Release();
  EXPECT_TRUE(mailbox.empty());
}

TEST(MailboxTest, KeepsTheAtomsOfCacheReferences) {
  Mailbox mailbox;
  {
    const std::vector<std::string> texts = {"hello", std::string(255, 'w')};
    const std::vector<absl::string_view> atoms(texts.begin(), texts.end());
    const std::string bytes = {104, 2, 82, 0, 82, 1};
    mailbox.Append(TermView::Trusted(bytes, atoms));
    mailbox.Append(MakeTerm(Atom("plain")));
  }
  TermView message;
  ASSERT_TRUE(mailbox.Take(Mailbox::Any, message));
  EXPECT_FALSE(mailbox.Remove(
      [](const TermView& term) { return term.IsAtom("hello"); }));
  EXPECT_TRUE(
      Matches(message, std::tuple(Atom("hello"), Atom(std::string(255, 'w')))));
  mailbox.Release();
  ASSERT_TRUE(mailbox.Take(Mailbox::Any, message));
  EXPECT_TRUE(message.IsAtom("plain"));
}

TEST(MailboxTest, MemoryFollowsWhatWaitsBehindAnOldMessage) {
  // Nobody ever wants the first one; a hundred thousand others come and go.
  Mailbox mailbox;
  mailbox.Append(MakeTerm(0));
  const Term other = MakeTerm(std::tuple(1, std::string(1000, 'x')));
  size_t most = 0;
  for (int i = 0; i < 100'000; ++i) {
    mailbox.Append(other);
    TermView message;
    ASSERT_TRUE(mailbox.Take(
        [](const TermView& term) { return term.IsTuple(2); }, message));
    mailbox.Release();
    most = std::max(most, mailbox.stored_bytes());
  }
  EXPECT_LT(most, 16u * 1024);
  EXPECT_EQ(TakeNumber(mailbox), 0);
}

TEST(MailboxTest, DoesWhatAListDoes) {
  std::mt19937 random(17);
  Mailbox mailbox;
  std::deque<int64_t> model;
  for (int step = 0; step < 100'000; ++step) {
    const int64_t number = random() % 50;
    const auto found = std::find(model.begin(), model.end(), number);
    switch (random() % 5) {
      case 0:
      case 1:
        mailbox.Append(MakeTerm(number));
        model.push_back(number);
        break;
      case 2:
        ASSERT_EQ(mailbox.Remove(Equals(number)), found != model.end());
        if (found != model.end()) model.erase(found);
        break;
      case 3:
        ASSERT_EQ(TakeNumber(mailbox, Equals(number)).has_value(),
                  found != model.end());
        if (found != model.end()) model.erase(found);
        break;
      default:
        if (model.empty()) break;
        ASSERT_EQ(TakeNumber(mailbox), model.front());
        model.pop_front();
    }
    ASSERT_EQ(mailbox.count(), model.size());
  }
}

}  // namespace
}  // namespace ringdist

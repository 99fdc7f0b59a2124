// Terms through a real node's codec and ours, both ways, and through that of
// ei, Erlang's own library for C.
//
//   RINGDIST_ROUND_TRIP_TERMS=1000000   how many each way; the default is few
//   RINGDIST_ROUND_TRIP_SEED=7          another seed
//
// Under Bazel they are set with --test_env=NAME=VALUE; a million terms need
// --test_timeout=3600, and --test_output=all shows what was counted.

#include <stdlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_reader.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/proto/term_view.h"
#include "ringdist/proto/term_writer.h"
#include "ringdist/tests/interop/ei_comparison.h"
#include "ringdist/tests/testing/erlang_node.h"
#include "ringdist/tests/testing/random_term.h"

namespace ringdist {
namespace {

constexpr size_t kDefaultTerms = 50000;
constexpr size_t kBatch = 5000;
constexpr absl::Duration kBatchTimeout = absl::Minutes(5);

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = getenv(name);
  uint64_t value = otherwise;
  RINGDIST_CHECK(text == nullptr || absl::SimpleAtoi(text, &value));
  return value;
}

// Reads what the next tag says, a value or the header of a container, and
// writes it again. Returns how many parts follow, each to be rewritten.
uint64_t RewriteOne(TermReader& reader, TermWriter& writer) {
  size_t parts;
  switch (reader.PeekType()) {
    case TermType::kInteger: {
      const TermView view = reader.ReadTerm();
      if (const auto value = view.AsInt64(); value.has_value()) {
        writer.WriteInteger(*value);
      } else if (const auto large = view.AsUint64(); large.has_value()) {
        writer.WriteUnsigned(*large);
      } else {
        writer.WriteBigInteger(*view.AsBigInteger());
      }
      return 0;
    }
    case TermType::kFloat:
      writer.WriteFloat(reader.ReadFloat());
      return 0;
    case TermType::kAtom:
      writer.WriteAtom(reader.ReadAtom());
      return 0;
    case TermType::kReference:
      writer.WriteReference(reader.ReadReference());
      return 0;
    case TermType::kPort:
      writer.WritePort(reader.ReadPort());
      return 0;
    case TermType::kPid:
      writer.WritePid(reader.ReadPid());
      return 0;
    case TermType::kTuple:
      parts = reader.ReadTupleHeader();
      writer.WriteTupleHeader(parts);
      return parts;
    case TermType::kMap:
      parts = reader.ReadMapHeader();
      writer.WriteMapHeader(parts);
      return 2 * parts;
    case TermType::kNil:
      reader.ReadNil();
      writer.WriteNil();
      return 0;
    case TermType::kList:
      if (reader.NextIsString()) {
        writer.WriteString(reader.ReadString());
        return 0;
      }
      parts = reader.ReadListHeader();
      writer.WriteListHeader(parts);
      return parts + 1;
    case TermType::kBinary:
      writer.WriteBinary(reader.ReadBinary());
      return 0;
    case TermType::kFun:  // Opaque: what we do not take apart is copied.
    case TermType::kBitstring:
      writer.WriteTerm(reader.ReadTerm());
      return 0;
    case TermType::kNone:
      reader.Fail("a term");
      return 0;
  }
  return 0;
}

// The same term, element by element.
std::string Rewritten(const Term& term) {
  StringWriter bytes;
  TermWriter writer(bytes);
  TermReader reader(term.bytes());
  writer.WriteVersion();
  for (uint64_t pending = 1; pending > 0 && reader.ok();) {
    pending += RewriteOne(reader, writer) - 1;
  }
  EXPECT_TRUE(reader.ok() && reader.AtEnd()) << reader.status();
  return std::string(bytes.view());
}

class TermRoundTripTest : public ErlangTest {
 protected:
  void SetUp() override {
    ErlangTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    std::cout << "RINGDIST_ROUND_TRIP_SEED=" << seed_ << std::endl;
    auto node = ErlangNode::Start({});
    ASSERT_TRUE(node.ok()) << node.status();
    erlang_ = *std::move(node);
    const std::string source =
        std::filesystem::absolute("tests/interop/term_generator.erl");
    ASSERT_EQ(Eval(absl::StrCat("{ok, Name, Code} = compile:file(\"", source,
                                "\", [binary]), {module, _} = "
                                "code:load_binary(Name, \"\", Code), "
                                "term_generator:start(",
                                seed_, ").")),
              "ok");
  }

  std::string Eval(absl::string_view expressions) {
    const auto value = erlang_->Eval(expressions, kBatchTimeout);
    return value.ok() ? *value : value.status().ToString();
  }

  std::string Path(absl::string_view file) const {
    return absl::StrCat(erlang_->directory(), "/", file);
  }

  std::vector<Term> ReadTerms(absl::string_view file) const {
    std::ifstream input(Path(file), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(input), {});
    ByteReader reader(bytes);
    std::vector<Term> terms;
    while (!reader.AtEnd()) {
      const absl::string_view external = reader.ReadBytes(reader.ReadU32());
      absl::StatusOr<Term> term = Term::FromExternal(external);
      EXPECT_TRUE(term.ok())
          << term.status() << " in " << absl::BytesToHexString(external);
      terms.push_back(*std::move(term));
    }
    EXPECT_TRUE(reader.ok());
    return terms;
  }

  void WriteFile(absl::string_view file,
                 const std::vector<std::string>& externals) const {
    StringWriter bytes;
    for (const std::string& external : externals) {
      bytes.WriteU32(static_cast<uint32_t>(external.size()));
      bytes.WriteBytes(external);
    }
    std::ofstream output(Path(file), std::ios::binary);
    output << bytes.view();
  }

  const size_t terms_ =
      FromEnvironment("RINGDIST_ROUND_TRIP_TERMS", kDefaultTerms);
  const uint64_t seed_ = FromEnvironment("RINGDIST_ROUND_TRIP_SEED", 1);
  std::unique_ptr<ErlangNode> erlang_;
};

TEST_F(TermRoundTripTest, WhatTheNodeMakesComesBackTheSame) {
  size_t bytes = 0;
  EiCounts ei;
  for (size_t done = 0; done < terms_; done += kBatch) {
    const size_t count = std::min(kBatch, terms_ - done);
    ASSERT_EQ(
        Eval(absl::StrCat("term_generator:write(\"terms\", ", count, ").")),
        "ok");
    const std::vector<Term> terms = ReadTerms("terms");
    ASSERT_EQ(terms.size(), count);
    std::vector<std::string> rewritten;
    for (const Term& term : terms) {
      bytes += term.bytes().size();
      ASSERT_EQ(DifferenceToEi(term, ei), "") << ToText(term);
      rewritten.push_back(Rewritten(term));
    }
    WriteFile("rewritten", rewritten);
    ASSERT_EQ(Eval("term_generator:compare(\"rewritten\")."),
              absl::StrCat("{same,", count, "}"));
  }
  std::cout << terms_ << " terms of the node, " << bytes << " bytes; "
            << ei.compared << " values compared with ei's, " << ei.skipped
            << " of types that it does not know" << std::endl;
}

TEST_F(TermRoundTripTest, WhatWeMakeComesBackTheSame) {
  size_t bytes = 0;
  EiCounts ei;
  RandomTerms random(seed_);
  for (size_t done = 0; done < terms_; done += kBatch) {
    const size_t count = std::min(kBatch, terms_ - done);
    std::vector<Term> terms;
    std::vector<std::string> externals;
    for (size_t i = 0; i < count; ++i) {
      terms.push_back(random.Next(random.Below(1000) == 0 ? 1000000 : 2000));
      externals.push_back(
          terms.back().ToExternal(/*compress=*/random.Below(4) == 0));
      bytes += terms.back().bytes().size();
      ASSERT_EQ(DifferenceToEi(terms.back(), ei), "") << ToText(terms.back());
    }
    WriteFile("terms", externals);
    ASSERT_EQ(Eval("term_generator:echo(\"terms\", \"echoed\")."), "ok");
    const std::vector<Term> echoed = ReadTerms("echoed");
    ASSERT_EQ(echoed.size(), count);
    for (size_t i = 0; i < count; ++i) {
      ASSERT_TRUE(echoed[i] == terms[i])
          << ToText(terms[i]) << "\ncame back as\n"
          << ToText(echoed[i]);
    }
  }
  std::cout << terms_ << " terms of ours, " << bytes << " bytes; "
            << ei.compared << " values compared with ei's, " << ei.skipped
            << " of types that it does not know" << std::endl;
}

}  // namespace
}  // namespace ringdist

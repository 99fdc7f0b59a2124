#include "ringdist/tools/capture_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstddef>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ringdist/tests/testing/hex.h"
#include "ringdist/tests/testing/pattern.h"
#include "ringdist/tests/testing/temporary_directory.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;

const absl::Time kTime = absl::FromUnixMicros(1'700'000'000'123'456);

class CaptureFileTest : public ::testing::Test {
 protected:
  std::unique_ptr<CaptureWriter> Create() {
    absl::StatusOr<std::unique_ptr<CaptureWriter>> writer =
        CaptureWriter::Create(path_);
    EXPECT_TRUE(writer.ok()) << writer.status();
    return *std::move(writer);
  }
  std::string Contents() const {
    std::ostringstream contents;
    contents << std::ifstream(path_, std::ios::binary).rdbuf();
    return contents.str();
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_.Join("capture");
};

// The records that can be read, and why no more can be, or OK.
struct ReadResult {
  std::vector<CaptureRecord> records;
  absl::Status status;
};
ReadResult ReadAll(const std::string& file) {
  std::istringstream input(file);
  CaptureReader reader(input);
  ReadResult result;
  CaptureRecord record;
  absl::StatusOr<bool> read = reader.Next(record);
  for (; read.ok() && *read; read = reader.Next(record)) {
    result.records.push_back(record);
  }
  result.status = read.status();
  return result;
}

TEST_F(CaptureFileTest, HasTheFormatThatIsDocumented) {
  const auto writer = Create();
  writer->Write(kTime, 3, CaptureDirection::kSent, "abc");
  ASSERT_TRUE(writer->Flush().ok());
  EXPECT_EQ(Contents(), "ringdist capture 1\n" + FromHex("00060a2418202240"
                                                         "0000000000000003"
                                                         "01"
                                                         "00000003"
                                                         "616263"));
}

TEST_F(CaptureFileTest, IsReadAsItWasWritten) {
  const std::string large = Pattern(kMaxCaptureRecordBytes + 5, 1);
  const auto writer = Create();
  writer->Write(kTime, 1, CaptureDirection::kReceived, "a");
  writer->Write(kTime + absl::Microseconds(1), 2, CaptureDirection::kSent,
                large);
  ASSERT_TRUE(writer->Flush().ok());

  const ReadResult read = ReadAll(Contents());
  EXPECT_TRUE(read.status.ok()) << read.status;
  ASSERT_EQ(read.records.size(), 3u);
  EXPECT_EQ(read.records[0].time, kTime);
  EXPECT_EQ(read.records[0].connection, 1u);
  EXPECT_EQ(read.records[0].direction, CaptureDirection::kReceived);
  EXPECT_EQ(read.records[0].bytes, "a");
  EXPECT_EQ(read.records[2].time, kTime + absl::Microseconds(1));
  EXPECT_EQ(read.records[2].connection, 2u);
  EXPECT_EQ(read.records[2].direction, CaptureDirection::kSent);
  EXPECT_TRUE(read.records[1].bytes + read.records[2].bytes == large);
}

TEST_F(CaptureFileTest, IsForItsOwnerOnlyAndEmptiedWhenItIsMadeAgain) {
  Create()->Write(kTime, 1, CaptureDirection::kSent, "of an earlier one");
  ASSERT_TRUE(Create()->Flush().ok());
  EXPECT_EQ(Contents(), kCaptureMagic);
  struct stat file;
  ASSERT_EQ(stat(path_.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u);
}

TEST_F(CaptureFileTest, CutAnywhereItIsReadUpToThere) {
  const auto writer = Create();
  writer->Write(kTime, 1, CaptureDirection::kSent, "abc");
  ASSERT_TRUE(writer->Flush().ok());
  const std::string file = Contents();
  for (size_t size = kCaptureMagic.size() + 1; size < file.size(); ++size) {
    const ReadResult read = ReadAll(file.substr(0, size));
    EXPECT_TRUE(read.records.empty());
    EXPECT_TRUE(absl::IsDataLoss(read.status)) << size << read.status;
    EXPECT_THAT(std::string(read.status.message()),
                HasSubstr("begins at byte 19"));
  }
  const ReadResult whole_and_part = ReadAll(file + file.substr(19, 10));
  EXPECT_EQ(whole_and_part.records.size(), 1u);
  EXPECT_TRUE(absl::IsDataLoss(whole_and_part.status));
}

TEST_F(CaptureFileTest, AnotherFileIsRefused) {
  for (const std::string other : {"", "ringdist capture 2\n", "GIF89a"}) {
    const ReadResult read = ReadAll(other);
    EXPECT_TRUE(absl::IsInvalidArgument(read.status)) << read.status;
    EXPECT_THAT(std::string(read.status.message()), HasSubstr("no capture"));
  }
}

TEST_F(CaptureFileTest, ABrokenRecordIsRefused) {
  const std::string head = std::string(kCaptureMagic) + std::string(16, '\0');
  for (const char* broken : {"02 00000001", "00 00000000", "00 00100001"}) {
    std::string hex(broken);
    hex.erase(2, 1);
    const ReadResult read = ReadAll(head + FromHex(hex));
    EXPECT_TRUE(absl::IsInvalidArgument(read.status)) << read.status;
    EXPECT_THAT(std::string(read.status.message()),
                HasSubstr("the record at byte 19"));
  }
}

TEST_F(CaptureFileTest, WritingErrorsAreTold) {
  const auto none = CaptureWriter::Create(directory_.Join("none/capture"));
  EXPECT_THAT(std::string(none.status().message()), HasSubstr("none/capture"));

  const auto full = CaptureWriter::Create("/dev/full");
  ASSERT_TRUE(full.ok()) << full.status();
  EXPECT_THAT(std::string((*full)->Flush().message()),
              HasSubstr("write /dev/full: No space left"));
  // The error stays.
  EXPECT_FALSE((*full)->Flush().ok());
}

}  // namespace
}  // namespace ringdist

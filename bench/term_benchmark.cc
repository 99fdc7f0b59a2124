// The term codec against ei, Erlang's own library for C, on the same terms:
// every value is written, and every value is read.
//
// ei is used in its fastest form: it encodes into a buffer that is known to be
// large enough, and takes binaries as a pointer into the bytes. It does not
// check where the bytes end; we do. "Views" is what a handler does: the term is
// validated as a whole before its parts are looked at.

#include <benchmark/benchmark.h>
#include <ei.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ringdist/bench/ei_codec.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term_reader.h"
#include "ringdist/proto/term_view.h"
#include "ringdist/proto/term_writer.h"

namespace ringdist {
namespace {

// What was read comes down to one number, the same for both sides.
uint64_t Digest(absl::string_view bytes) {
  return bytes.size() + static_cast<uint8_t>(bytes[0]);
}
uint64_t Digest(double value) { return std::bit_cast<uint64_t>(value); }

// {ok, 42, <<"hello">>, Pid}
struct SmallTuple {
  static void Write(TermWriter& writer) {
    writer.WriteTupleHeader(4);
    writer.WriteAtom("ok");
    writer.WriteInteger(42);
    writer.WriteBinary("hello");
    writer.WritePid({AtomView::Utf8("srv@localhost"), 5, 1, 0x6b1edf6e});
  }

  static void Encode(char* to, int* at) {
    static const erlang_pid kPid = {"srv@localhost", 5, 1, 0x6b1edf6e};
    ei_encode_tuple_header(to, at, 4);
    ei::EncodeAtom(to, at, "ok");
    ei_encode_long(to, at, 42);
    ei::EncodeBinary(to, at, "hello");
    ei_encode_pid(to, at, &kPid);
  }

  static uint64_t Read(TermReader& reader) {
    uint64_t digest = reader.ReadTupleHeader();
    digest += reader.ReadAtom() == "ok";
    digest += reader.ReadUint64();
    digest += Digest(reader.ReadBinary());
    const PidView pid = reader.ReadPid();
    return digest + Digest(pid.node.bytes()) + pid.id + pid.creation;
  }

  static uint64_t View(const TermView& term) {
    uint64_t digest = term.size();
    TermElements elements = term.elements();
    TermView element;
    elements.Next(element);
    digest += element.IsAtom("ok");
    elements.Next(element);
    digest += *element.AsUint64();
    elements.Next(element);
    digest += Digest(*element.AsBinary());
    elements.Next(element);
    const PidView pid = *element.AsPid();
    return digest + Digest(pid.node.bytes()) + pid.id + pid.creation;
  }

  static uint64_t Decode(const char* from, int* at) {
    uint64_t digest = ei::DecodeTupleHeader(from, at);
    digest += ei::DecodeAtom(from, at, "ok");
    digest += ei::DecodeLong(from, at);
    digest += Digest(ei::DecodeBinary(from, at));
    erlang_pid pid;
    RINGDIST_CHECK_EQ(ei_decode_pid(from, at, &pid), 0);
    return digest + Digest(pid.node) + pid.num + pid.creation;
  }
};

// [1000, [999, ... [1, []]]]
struct DeepList {
  static constexpr int kDepth = 1000;

  static void Write(TermWriter& writer) {
    for (int i = kDepth; i > 0; --i) {
      writer.WriteListHeader(2);
      writer.WriteInteger(i);
    }
    for (int i = 0; i <= kDepth; ++i) writer.WriteNil();
  }

  static void Encode(char* to, int* at) {
    for (int i = kDepth; i > 0; --i) {
      ei_encode_list_header(to, at, 2);
      ei_encode_long(to, at, i);
    }
    for (int i = 0; i <= kDepth; ++i) ei_encode_empty_list(to, at);
  }

  static uint64_t Read(TermReader& reader) {
    uint64_t digest = 0;
    size_t depth = 0;
    for (; reader.ReadListHeader() == 2; ++depth) digest += reader.ReadUint64();
    for (size_t i = 0; i < depth; ++i) reader.ReadNil();
    return digest;
  }

  static uint64_t Decode(const char* from, int* at) {
    uint64_t digest = 0;
    size_t depth = 0;
    for (; ei::DecodeListHeader(from, at) == 2; ++depth) {
      digest += ei::DecodeLong(from, at);
    }
    for (size_t i = 0; i < depth; ++i) {
      RINGDIST_CHECK_EQ(ei::DecodeListHeader(from, at), 0);
    }
    return digest;
  }
};

// 1,000 integers, as many of 1 byte as of 2, 4, and 8, half of them negative.
struct Integers {
  static constexpr size_t kCount = 1000;

  static const std::array<int64_t, kCount>& Values() {
    static const auto kValues = [] {
      std::array<int64_t, kCount> values;
      uint64_t bits = 1;
      for (size_t i = 0; i < kCount; ++i) {
        bits = bits * 6364136223846793005 + 1442695040888963407;
        const int unused[] = {57, 49, 33, 1};
        const auto value = static_cast<int64_t>(bits >> unused[bits >> 62]);
        values[i] = (bits >> 32 & 1) == 0 ? value : -value;
      }
      return values;
    }();
    return kValues;
  }

  static void Write(TermWriter& writer) {
    writer.WriteListHeader(kCount);
    for (const int64_t value : Values()) writer.WriteInteger(value);
    writer.WriteNil();
  }

  static void Encode(char* to, int* at) {
    ei_encode_list_header(to, at, kCount);
    for (const int64_t value : Values()) ei_encode_long(to, at, value);
    ei_encode_empty_list(to, at);
  }

  static uint64_t Read(TermReader& reader) {
    uint64_t digest = 0;
    for (size_t i = reader.ReadListHeader(); i > 0; --i) {
      digest += static_cast<uint64_t>(reader.ReadInt64());
    }
    reader.ReadNil();
    return digest;
  }

  static uint64_t View(const TermView& term) {
    uint64_t digest = 0;
    TermElements elements = term.elements();
    for (TermView element; elements.Next(element);) {
      digest += static_cast<uint64_t>(*element.AsInt64());
    }
    return digest;
  }

  static uint64_t Decode(const char* from, int* at) {
    uint64_t digest = 0;
    for (int i = ei::DecodeListHeader(from, at); i > 0; --i) {
      digest += ei::DecodeLong(from, at);
    }
    RINGDIST_CHECK_EQ(ei::DecodeListHeader(from, at), 0);
    return digest;
  }
};

// #{key_0 => 0, key_1 => 1.5, key_2 => <<"sixteen bytes...">>,
//   key_3 => value, key_4 => {4, 5}, ... key_19 => ...}
struct Map {
  static constexpr int kPairs = 20;
  static constexpr absl::string_view kBytes = "sixteen bytes...";

  static const std::array<std::string, kPairs>& Keys() {
    static const auto kKeys = [] {
      std::array<std::string, kPairs> keys;
      for (size_t i = 0; i < kPairs; ++i) keys[i] = absl::StrCat("key_", i);
      return keys;
    }();
    return kKeys;
  }

  static void Write(TermWriter& writer) {
    writer.WriteMapHeader(kPairs);
    for (int i = 0; i < kPairs; ++i) {
      writer.WriteAtom(Keys()[i]);
      switch (i % 5) {
        case 0:
          writer.WriteInteger(i * 1000);
          break;
        case 1:
          writer.WriteFloat(i + 0.5);
          break;
        case 2:
          writer.WriteBinary(kBytes);
          break;
        case 3:
          writer.WriteAtom("value");
          break;
        case 4:
          writer.WriteTupleHeader(2);
          writer.WriteInteger(i);
          writer.WriteInteger(i + 1);
          break;
      }
    }
  }

  static void Encode(char* to, int* at) {
    ei_encode_map_header(to, at, kPairs);
    for (int i = 0; i < kPairs; ++i) {
      ei::EncodeAtom(to, at, Keys()[i]);
      switch (i % 5) {
        case 0:
          ei_encode_long(to, at, i * 1000);
          break;
        case 1:
          ei_encode_double(to, at, i + 0.5);
          break;
        case 2:
          ei::EncodeBinary(to, at, kBytes);
          break;
        case 3:
          ei::EncodeAtom(to, at, "value");
          break;
        case 4:
          ei_encode_tuple_header(to, at, 2);
          ei_encode_long(to, at, i);
          ei_encode_long(to, at, i + 1);
          break;
      }
    }
  }

  static uint64_t Read(TermReader& reader) {
    const size_t pairs = reader.ReadMapHeader();
    uint64_t digest = pairs;
    for (size_t i = 0; i < pairs; ++i) {
      digest += reader.ReadAtom() == Keys()[i];
      switch (i % 5) {
        case 0:
          digest += reader.ReadUint64();
          break;
        case 1:
          digest += Digest(reader.ReadFloat());
          break;
        case 2:
          digest += Digest(reader.ReadBinary());
          break;
        case 3:
          digest += reader.ReadAtom() == "value";
          break;
        case 4:
          digest += reader.ReadTupleHeader();
          digest += reader.ReadUint64();
          digest += reader.ReadUint64();
          break;
      }
    }
    return digest;
  }

  static uint64_t View(const TermView& term) {
    uint64_t digest = term.size();
    TermElements parts = term.elements();
    TermView part;
    for (size_t i = 0; parts.Next(part); ++i) {
      digest += part.IsAtom(Keys()[i]);
      parts.Next(part);
      switch (i % 5) {
        case 0:
          digest += *part.AsUint64();
          break;
        case 1:
          digest += Digest(*part.AsFloat());
          break;
        case 2:
          digest += Digest(*part.AsBinary());
          break;
        case 3:
          digest += part.IsAtom("value");
          break;
        case 4:
          digest += part.size();
          TermElements elements = part.elements();
          for (TermView element; elements.Next(element);) {
            digest += *element.AsUint64();
          }
          break;
      }
    }
    return digest;
  }

  static uint64_t Decode(const char* from, int* at) {
    int pairs;
    RINGDIST_CHECK_EQ(ei_decode_map_header(from, at, &pairs), 0);
    uint64_t digest = static_cast<uint64_t>(pairs);
    for (int i = 0; i < pairs; ++i) {
      digest += ei::DecodeAtom(from, at, Keys()[i].c_str());
      switch (i % 5) {
        case 0:
          digest += ei::DecodeLong(from, at);
          break;
        case 1: {
          double value;
          RINGDIST_CHECK_EQ(ei_decode_double(from, at, &value), 0);
          digest += Digest(value);
          break;
        }
        case 2:
          digest += Digest(ei::DecodeBinary(from, at));
          break;
        case 3:
          digest += ei::DecodeAtom(from, at, "value");
          break;
        case 4:
          digest += ei::DecodeTupleHeader(from, at);
          digest += ei::DecodeLong(from, at);
          digest += ei::DecodeLong(from, at);
          break;
      }
    }
    return digest;
  }
};

struct Binary64KiB {
  static const std::string& Bytes() {
    static const std::string kBytes(64 * 1024, 'x');
    return kBytes;
  }

  static void Write(TermWriter& writer) { writer.WriteBinary(Bytes()); }
  static void Encode(char* to, int* at) { ei::EncodeBinary(to, at, Bytes()); }
  static uint64_t Read(TermReader& reader) {
    return Digest(reader.ReadBinary());
  }
  static uint64_t View(const TermView& term) {
    return Digest(*term.AsBinary());
  }
  static uint64_t Decode(const char* from, int* at) {
    return Digest(ei::DecodeBinary(from, at));
  }
};

template <typename Shape>
std::string Bytes() {
  StringWriter bytes;
  TermWriter writer(bytes);
  Shape::Write(writer);
  return std::string(bytes.view());
}

template <typename Shape>
void EncodeRingdist(benchmark::State& state) {
  StringWriter bytes;
  for (auto _ : state) {
    bytes.Clear();
    TermWriter writer(bytes);
    Shape::Write(writer);
    benchmark::DoNotOptimize(bytes.view().data());
    benchmark::ClobberMemory();
  }
}

template <typename Shape>
void EncodeEi(benchmark::State& state) {
  const std::string ours = Bytes<Shape>();
  std::string buffer(2 * ours.size(), '\0');
  int size = 0;
  for (auto _ : state) {
    size = 0;
    Shape::Encode(buffer.data(), &size);
    benchmark::DoNotOptimize(buffer.data());
    benchmark::ClobberMemory();
  }
  // The same term, if not the same bytes: ei takes larger tags here and there.
  TermReader reader(ours);
  TermReader ei_reader({buffer.data(), static_cast<size_t>(size)});
  RINGDIST_CHECK_EQ(Shape::Read(reader), Shape::Read(ei_reader));
  RINGDIST_CHECK(ei_reader.ok() && ei_reader.AtEnd());
}

template <typename Shape>
void DecodeRingdist(benchmark::State& state) {
  const std::string bytes = Bytes<Shape>();
  for (auto _ : state) {
    TermReader reader(bytes);
    benchmark::DoNotOptimize(Shape::Read(reader));
    RINGDIST_CHECK(reader.ok() && reader.AtEnd());
  }
}

template <typename Shape>
void DecodeViews(benchmark::State& state) {
  const std::string bytes = Bytes<Shape>();
  for (auto _ : state) {
    TermReader reader(bytes);
    benchmark::DoNotOptimize(Shape::View(reader.ReadTerm()));
    RINGDIST_CHECK(reader.ok() && reader.AtEnd());
  }
}

template <typename Shape>
void DecodeEi(benchmark::State& state) {
  const std::string bytes = Bytes<Shape>();
  uint64_t digest = 0;
  for (auto _ : state) {
    int at = 0;
    digest = Shape::Decode(bytes.data(), &at);
    benchmark::DoNotOptimize(digest);
    RINGDIST_CHECK_EQ(static_cast<size_t>(at), bytes.size());
  }
  TermReader reader(bytes);
  RINGDIST_CHECK_EQ(digest, Shape::Read(reader));
}

BENCHMARK_TEMPLATE(EncodeRingdist, SmallTuple);
BENCHMARK_TEMPLATE(EncodeEi, SmallTuple);
BENCHMARK_TEMPLATE(DecodeRingdist, SmallTuple);
BENCHMARK_TEMPLATE(DecodeViews, SmallTuple);
BENCHMARK_TEMPLATE(DecodeEi, SmallTuple);
// No views: they are for a few levels (term_view.h).
BENCHMARK_TEMPLATE(EncodeRingdist, DeepList);
BENCHMARK_TEMPLATE(EncodeEi, DeepList);
BENCHMARK_TEMPLATE(DecodeRingdist, DeepList);
BENCHMARK_TEMPLATE(DecodeEi, DeepList);
BENCHMARK_TEMPLATE(EncodeRingdist, Integers);
BENCHMARK_TEMPLATE(EncodeEi, Integers);
BENCHMARK_TEMPLATE(DecodeRingdist, Integers);
BENCHMARK_TEMPLATE(DecodeViews, Integers);
BENCHMARK_TEMPLATE(DecodeEi, Integers);
BENCHMARK_TEMPLATE(EncodeRingdist, Map);
BENCHMARK_TEMPLATE(EncodeEi, Map);
BENCHMARK_TEMPLATE(DecodeRingdist, Map);
BENCHMARK_TEMPLATE(DecodeViews, Map);
BENCHMARK_TEMPLATE(DecodeEi, Map);
BENCHMARK_TEMPLATE(EncodeRingdist, Binary64KiB);
BENCHMARK_TEMPLATE(EncodeEi, Binary64KiB);
BENCHMARK_TEMPLATE(DecodeRingdist, Binary64KiB);
BENCHMARK_TEMPLATE(DecodeViews, Binary64KiB);
BENCHMARK_TEMPLATE(DecodeEi, Binary64KiB);

}  // namespace
}  // namespace ringdist

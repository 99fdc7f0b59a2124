#include "ringdist/bench/load/result_json.h"

// Errors tell where in the text they are.
#define JSON_DIAGNOSTICS 1
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ringdist/bench/load/result_fields.h"
#include "ringdist/bench/load/spread.h"

namespace ringdist {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kSchema[] = "dist_load";
constexpr int kVersion = 1;
constexpr absl::string_view kSummary[] = {"rate",   "bandwidth", "p50",
                                          "p90",    "p99",       "p99.9",
                                          "p99.99", "max",       "memory"};

// Writes the fields of one struct into one object.
class Writer {
 public:
  explicit Writer(Json& json) : json_(json) {}

  template <typename T>
  void operator()(const char* name, const T& value) {
    json_[name] = Encode(value);
  }
  template <typename T>
  void operator()(const char* name, const std::optional<T>& value) {
    if (value.has_value()) json_[name] = Encode(*value);
  }

  template <typename T>
  static Json Encode(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      return std::string(ToString(value));
    } else if constexpr (std::is_constructible_v<Json, T>) {
      return value;
    } else {
      Json json = Json::object();
      Writer writer(json);
      Fields(writer, value);
      return json;
    }
  }
  template <typename T>
  static Json Encode(const std::vector<T>& values) {
    Json json = Json::array();
    for (const T& value : values) json.push_back(Encode(value));
    return json;
  }
  static Json Encode(absl::Duration value) {
    return absl::ToInt64Nanoseconds(value);
  }
  static Json Encode(absl::Time value) {
    return absl::FormatTime("%Y-%m-%d%ET%H:%M:%SZ", value, absl::UTCTimeZone());
  }
  static Json Encode(const Condition& value) { return value.ToString(); }
  static Json Encode(const Histogram& histogram) {
    Json json = {{"count", histogram.count()},
                 {"min", histogram.min()},
                 {"max", histogram.max()},
                 {"mean", histogram.Mean()},
                 {"standard_deviation", histogram.StandardDeviation()},
                 {"buckets", Json::array()}};
    for (const Histogram::Bucket& bucket : histogram.Buckets()) {
      json["buckets"].push_back(Json::array({bucket.value, bucket.count}));
    }
    return json;
  }

 private:
  Json& json_;
};

// Reads the fields of one struct from one object. What is not as it should be
// throws, as the library does for a wrong type; ResultsFromJson catches it.
class Reader {
 public:
  explicit Reader(const Json& json) : json_(json) {
    // An array would seem to be an object without fields.
    if (!json.is_object()) Throw("is no object", json);
  }

  template <typename T>
  void operator()(const char* name, T& value) {
    const auto found = json_.find(name);
    if (found != json_.end()) Decode(*found, value);
  }

  [[noreturn]] static void Throw(absl::string_view what, const Json& json) {
    throw Json::other_error::create(501, std::string(what), &json);
  }
  static void Check(const absl::Status& status, const Json& json) {
    if (!status.ok()) Throw(status.message(), json);
  }

 private:
  template <typename T>
  static void Decode(const Json& json, T& value) {
    if constexpr (std::is_enum_v<T>) {
      Check(ParseName(json.get<std::string>(), value), json);
    } else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      DecodeInteger(json, value);
    } else if constexpr (std::is_constructible_v<Json, T>) {
      value = json.get<T>();
    } else {
      Reader reader(json);
      Fields(reader, value);
    }
  }
  // The library would cut and wrap.
  template <typename T>
  static void DecodeInteger(const Json& json, T& value) {
    if (json.is_number_unsigned() && std::in_range<T>(json.get<uint64_t>())) {
      value = static_cast<T>(json.get<uint64_t>());
    } else if (json.is_number_integer() && !json.is_number_unsigned() &&
               std::in_range<T>(json.get<int64_t>())) {
      value = static_cast<T>(json.get<int64_t>());
    } else {
      Throw("is no whole number, or too large", json);
    }
  }
  template <typename T>
  static void Decode(const Json& json, std::vector<T>& values) {
    values.clear();
    for (const Json& element : json.get_ref<const Json::array_t&>()) {
      Decode(element, values.emplace_back());
    }
  }
  template <typename T>
  static void Decode(const Json& json, std::optional<T>& value) {
    Decode(json, value.emplace());
  }
  static void Decode(const Json& json, absl::Duration& value) {
    int64_t nanoseconds = 0;
    DecodeInteger(json, nanoseconds);
    value = absl::Nanoseconds(nanoseconds);
  }
  static void Decode(const Json& json, absl::Time& value) {
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_full, json.get<std::string>(), &value,
                         &error)) {
      Throw(error, json);
    }
  }
  static void Decode(const Json& json, Condition& value) {
    Check(Condition::Parse(json.get<std::string>(), value), json);
  }
  static void Decode(const Json& json, Histogram& histogram) {
    int64_t min = 0, max = 0;
    std::vector<std::vector<int64_t>> buckets;
    Reader reader(json);
    reader("min", min);
    reader("max", max);
    reader("buckets", buckets);
    histogram.Clear();
    for (const std::vector<int64_t>& bucket : buckets) {
      if (bucket.size() != 2 || bucket[0] < 0 || bucket[1] <= 0) {
        Throw("has a bucket that is no [value, count]", json);
      }
      histogram.Record(bucket[0], bucket[1]);
    }
    if (!histogram.SetExtremes(min, max)) {
      Throw("has a min or a max that is in no bucket", json);
    }
  }

  const Json& json_;
};

Json SummaryOf(const std::vector<Measurement>& measurements) {
  Json json = Json::object();
  for (const absl::string_view name : kSummary) {
    Metric metric;
    Metric::Parse(name, metric).IgnoreError();
    const std::vector<double> values = metric.OfAll(measurements);
    if (values.empty()) continue;
    const Spread spread = Spread::Of(values);
    json[std::string(name)] = {{"median", spread.median},
                               {"lowest", spread.lowest},
                               {"highest", spread.highest}};
  }
  return json;
}

void CheckSchema(const Json& json) {
  if (!json.is_object() || json.value("schema", "") != kSchema) {
    Reader::Throw("no result of dist_load: \"schema\" is not \"dist_load\"",
                  json);
  }
  const int version = json.at("version").get<int>();
  if (version == kVersion) return;
  Reader::Throw(absl::StrCat("version ", version,
                             " of the schema; this program "
                             "knows version ",
                             kVersion),
                json);
}

void CheckRuns(const std::vector<LoadRun>& runs, const Json& json) {
  for (size_t i = 0; i < runs.size(); ++i) {
    const Json& run = json.at(i);
    if (runs[i].name.empty()) Reader::Throw("has no name", run);
    Reader::Check(runs[i].spec.Validate(), run.at("spec"));
    for (const Measurement& measurement : runs[i].measurements) {
      if (measurement.duration > absl::ZeroDuration()) continue;
      Reader::Throw("has a measurement without a duration_ns", run);
    }
  }
}

}  // namespace

std::string ResultsToJson(const LoadResults& results) {
  Json json = {{"schema", kSchema}, {"version", kVersion}};
  Writer writer(json);
  Fields(writer, results);
  for (size_t i = 0; i < results.runs.size(); ++i) {
    json["runs"][i]["summary"] = SummaryOf(results.runs[i].measurements);
  }
  // Arguments and paths need not be UTF-8.
  return absl::StrCat(json.dump(-1, ' ', false, Json::error_handler_t::replace),
                      "\n");
}

absl::StatusOr<LoadResults> ResultsFromJson(absl::string_view text) {
  try {
    const Json json = Json::parse(text.begin(), text.end());
    CheckSchema(json);
    LoadResults results;
    Reader reader(json);
    Fields(reader, results);
    CheckRuns(results.runs, json.at("runs"));
    return results;
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat("not as a result of dist_load is: ", error.what()));
  }
}

}  // namespace ringdist

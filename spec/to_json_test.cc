#include "spec/to_json.h"

#include <map>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "spec/fields.h"
#include "spec/parse.h"
#include "spec/testing_files.h"

namespace hull::spec {
namespace {

TEST(ToJsonTest, EveryKeyIsReadAndWritten) {
  const std::string text = ReadTestFile("every_key.json");
  const auto parsed = Parse(text, "every_key.json");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(ToJson(parsed->spec) + "\n", text);
}

TEST(ToJsonTest, EngineFilesComeBackEqual) {
  for (const absl::string_view name : kEngineFiles) {
    const auto parsed = Parse(ReadTestFile(name), name);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    for (const auto layout : {JsonWriter::kOneLine, JsonWriter::kIndented}) {
      const auto again = Parse(ToJson(parsed->spec, layout), "again");
      ASSERT_TRUE(again.ok()) << again.status();
      EXPECT_EQ(again->spec, parsed->spec) << name;
    }
  }
}

TEST(ToJsonTest, EmptyPartsThatMeanSomethingAreWritten) {
  Spec spec;
  spec.linux_.seccomp.emplace().flags.emplace();
  spec.linux_.net_devices["eth0"] = {};
  spec.linux_.resources.memory.emplace();
  spec.linux_.resources.pids.emplace().limit = 0;
  EXPECT_EQ(ToJson(spec, JsonWriter::kOneLine),
            "{\"ociVersion\":\"\",\"root\":{\"path\":\"\"},\"linux\":{\"resources\":{\"memory\":{},"
            "\"pids\":{\"limit\":0}},\"netDevices\":{\"eth0\":{}},"
            "\"seccomp\":{\"defaultAction\":\"\",\"flags\":[]}}}");
}

// Fills a Spec with anything its types allow, by the tables.
class Filler {
 public:
  explicit Filler(uint64_t seed) : random_(seed) {}

  void Fill(bool* value) { *value = Below(2) == 1; }
  void Fill(std::string* value) {
    constexpr absl::string_view kPieces[] = {"a",    "\"", "\\", "\n", "\x01",
                                             "\x7f", "/",  "~",  "é",  "\U0001F600"};
    for (uint64_t i = Below(5); i > 0; --i) *value += kPieces[Below(std::size(kPieces))];
  }
  template <typename T>
  requires std::is_integral_v<T>
  void Fill(T* value) { *value = static_cast<T>(random_() >> Below(64)); }
  template <typename T>
  void Fill(std::optional<T>* value) {
    if (Below(2) == 1) Fill(&value->emplace());
  }
  template <typename T>
  void Fill(std::vector<T>* values) {
    for (uint64_t i = Below(3); i > 0; --i) Fill(&values->emplace_back());
  }
  template <typename T>
  void Fill(std::map<std::string, T>* values) {
    for (uint64_t i = Below(3); i > 0; --i) {
      std::string key;
      Fill(&key);
      Fill(&(*values)[key]);
    }
  }
  template <typename T>
  requires std::is_class_v<T>
  void Fill(T* object) {
    std::apply([&](const auto&... fields) { (Fill(&(object->*fields.member)), ...); },
               Fields<T>::kAll);
  }

 private:
  uint64_t Below(uint64_t end) { return random_() % end; }

  std::mt19937_64 random_;
};

TEST(ToJsonTest, AnySpecComesBackEqual) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Spec spec;
    Filler(seed).Fill(&spec);
    const std::string text =
        ToJson(spec, seed % 2 == 0 ? JsonWriter::kOneLine : JsonWriter::kIndented);
    const auto parsed = Parse(text, "f");
    ASSERT_TRUE(parsed.ok()) << parsed.status() << "\n" << text;
    ASSERT_EQ(parsed->spec, spec) << text;
    ASSERT_TRUE(parsed->warnings.empty());
  }
}

TEST(ToJsonTest, PartsComeBackEqual) {
  Process process;
  Filler(1).Fill(&process);
  EXPECT_EQ(ParseProcess(ToJson(process), "f")->process, process);
  Resources resources;
  Filler(2).Fill(&resources);
  EXPECT_EQ(ParseResources(ToJson(resources), "f")->resources, resources);
}

}  // namespace
}  // namespace hull::spec

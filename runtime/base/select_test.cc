#include "runtime/base/select.h"

#include "gtest/gtest.h"

namespace hull::base {
namespace {

struct Host {
  bool v2 = false;
};
struct Backend {
  absl::string_view name;
  absl::Status (*probe)(const Host&);
};

absl::Status ProbeV2(const Host& host) {
  return host.v2 ? absl::OkStatus() : absl::UnavailableError("no cgroup2 mount");
}
absl::Status ProbeNever(const Host&) { return absl::UnavailableError("never here"); }
constexpr Backend kTable[] = {{"systemd", &ProbeNever}, {"v2", &ProbeV2}};

absl::StatusOr<const Backend*> Pick(absl::string_view name, Host host) {
  return Select<Backend>(kTable, "cgroup manager", name, host);
}

TEST(SelectTest, AutoTakesTheFirstThatPassesItsProbe) {
  ASSERT_TRUE(Pick("auto", {.v2 = true}).ok());
  EXPECT_EQ((*Pick("auto", {.v2 = true}))->name, "v2");
}

TEST(SelectTest, ANamedBackendThatFailsItsProbeSaysWhy) {
  EXPECT_EQ(Pick("systemd", {.v2 = true}).status(),
            absl::UnavailableError("no usable cgroup manager: systemd: never here"));
}

TEST(SelectTest, AutoWithoutAnyListsEveryReason) {
  EXPECT_EQ(Pick("auto", {}).status(),
            absl::UnavailableError(
                "no usable cgroup manager: systemd: never here; v2: no cgroup2 mount"));
}

TEST(SelectTest, AnUnknownNameListsTheKnownOnes) {
  EXPECT_EQ(Pick("v3", {}).status(),
            absl::NotFoundError("unknown cgroup manager 'v3' (known: auto, systemd, v2)"));
}

}  // namespace
}  // namespace hull::base

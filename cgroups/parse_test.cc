#include "cgroups/parse.h"

#include <cstdint>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::cgroups {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(ParseTest, MaxIsTheLargestNumber) {
  EXPECT_EQ(ParseNumber("max\n"), UINT64_MAX);
  EXPECT_EQ(ParseNumber("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(ParseNumber(" 42\n"), 42u);
  EXPECT_EQ(ParseNumber("-1"), 0u);
  EXPECT_EQ(ParseNumber(""), 0u);
}

TEST(ParseTest, LinesOfAnotherShapeArePassedOver) {
  EXPECT_THAT(ParseFlatKeyed("anon 10\nfile 20\nodd\na b c\n\n"),
              UnorderedElementsAre(Pair("anon", 10), Pair("file", 20)));
}

TEST(ParseTest, IdListsAreExpandedAndBounded) {
  EXPECT_THAT(ParseIdList("0-2,7\n"), ElementsAre(0, 1, 2, 7));
  EXPECT_THAT(ParseIdList("\n"), IsEmpty());
  EXPECT_THAT(ParseIdList("3-1"), IsEmpty());
  EXPECT_THAT(ParseIdList("1,0-4294967295"), ElementsAre(1));
  EXPECT_THAT(ParseIdList("1-2-3"), IsEmpty());
  EXPECT_EQ(ParseIdList("0-65535").size(), 65536u);
}

TEST(ParseTest, PressureHasBothLines) {
  const Pressure pressure = ParsePressure(
      "some avg10=1.50 avg60=0.25 avg300=0.00 total=1234\nfull avg10=0.50 avg60=0.00 avg300=0.00 "
      "total=99\n");
  EXPECT_DOUBLE_EQ(pressure.some.avg10, 1.5);
  EXPECT_DOUBLE_EQ(pressure.some.avg60, 0.25);
  EXPECT_EQ(pressure.some.total_us, 1234u);
  EXPECT_DOUBLE_EQ(pressure.full.avg10, 0.5);
  EXPECT_EQ(pressure.full.total_us, 99u);
}

TEST(ParseTest, IoStatKeepsEachDevice) {
  const std::vector<IoStat> devices =
      ParseIoStat("8:0 rbytes=1 wbytes=2 rios=3\n254:1 \nbad rbytes=1\n");
  ASSERT_EQ(devices.size(), 2u);
  EXPECT_EQ(devices[0].major, 8u);
  EXPECT_THAT(devices[0].values,
              UnorderedElementsAre(Pair("rbytes", 1), Pair("wbytes", 2), Pair("rios", 3)));
  EXPECT_EQ(devices[1].minor, 1u);
}

TEST(ParseTest, BlkioHasTwoFormsAndATotalThatIsNoDevice) {
  const std::vector<BlkioEntry> entries =
      ParseBlkio("8:0 Read 10\n8:0 Total 30\n8:16 7\nTotal 30\n");
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].op, "Read");
  EXPECT_EQ(entries[0].value, 10u);
  EXPECT_EQ(entries[2].minor, 16u);
  EXPECT_EQ(entries[2].op, "");
  EXPECT_EQ(entries[2].value, 7u);
}

}  // namespace
}  // namespace hull::cgroups

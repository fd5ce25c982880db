#include "tools/cli/table.h"

#include "gtest/gtest.h"

namespace hull::tools {
namespace {

TEST(TableTest, AlignsColumnsAndLeavesNoBlanksAtTheEnd) {
  const std::vector<std::string> rows[] = {{"ID", "PID", "STATUS"},
                                           {"a-rather-long-id", "7", "running"}};
  EXPECT_EQ(FormatTable(rows),
            "ID                 PID         STATUS\n"
            "a-rather-long-id   7           running\n");
}

TEST(TableTest, NoRowsNoText) { EXPECT_EQ(FormatTable({}), ""); }

}  // namespace
}  // namespace hull::tools

#include "spec/sysctl.h"

#include "gtest/gtest.h"

namespace hull::spec {
namespace {

TEST(SysctlFileTest, FirstSeparatorIsTheSeparator) {
  EXPECT_EQ(SysctlFile("net.ipv4.ip_forward"), "net/ipv4/ip_forward");
  EXPECT_EQ(SysctlFile("net/ipv4/ip_forward"), "net/ipv4/ip_forward");
  EXPECT_EQ(SysctlFile("net.ipv4.conf.eth0/100.forwarding"), "net/ipv4/conf/eth0.100/forwarding");
  EXPECT_EQ(SysctlFile("net/ipv4/conf/eth0.100/forwarding"), "net/ipv4/conf/eth0.100/forwarding");
}

TEST(SysctlFileTest, WhatIsNoPlainPathIsRefused) {
  for (const char* key : {"", "net/../kernel/panic", "net.ipv4/../../kernel/panic", "/etc/passwd",
                          ".kernel.panic", "net..x", "net/", "net.a b", "net.a\nb", "net/./x"}) {
    EXPECT_EQ(SysctlFile(key), "") << key;
  }
}

TEST(SysctlNamespaceTest, OwnerIsFoundByFile) {
  EXPECT_EQ(SysctlNamespace("net/ipv4/ip_forward"), "network");
  EXPECT_EQ(SysctlNamespace("kernel/shmmax"), "ipc");
  EXPECT_EQ(SysctlNamespace("kernel/domainname"), "uts");
  EXPECT_EQ(SysctlNamespace("user/max_user_namespaces"), "user");
  EXPECT_EQ(SysctlNamespace("fs/mqueue/msg_max"), "ipc");
}

TEST(SysctlNamespaceTest, HostFilesHaveNone) {
  for (const char* file : {"kernel/panic", "kernel/shmmaxx", "kernel/core_pattern", "vm/swappiness",
                           "network/x", "net", ""}) {
    EXPECT_EQ(SysctlNamespace(file), "") << file;
  }
}

}  // namespace
}  // namespace hull::spec

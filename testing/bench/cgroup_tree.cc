#include "testing/bench/cgroup_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

namespace hull::bench {
namespace {

constexpr char kMount[] = "/sys/fs/cgroup";

std::string ReadFile(const std::string& path) {
  std::string text(64 * 1024, '\0');
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const ssize_t size = fd < 0 ? -1 : read(fd, text.data(), text.size());
  if (fd >= 0) close(fd);
  text.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return text;
}

bool WriteFile(const std::string& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  return written;
}

std::vector<std::string> Fields(const std::string& text) {
  std::vector<std::string> fields;
  for (size_t begin = 0; (begin = text.find_first_not_of(" \n", begin)) != std::string::npos;) {
    const size_t end = std::min(text.find_first_of(" \n", begin), text.size());
    fields.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return fields;
}

std::vector<std::string> SubDirectories(const std::string& path) {
  std::vector<std::string> names;
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) return names;
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.') names.push_back(entry->d_name);
  }
  closedir(directory);
  return names;
}

// Calls `visit` with each directory of the tree, the deepest first.
void VisitUp(const std::string& path, const std::function<void(const std::string&)>& visit) {
  for (const std::string& name : SubDirectories(path)) VisitUp(path + "/" + name, visit);
  visit(path);
}

// A controller that is on already is not ours to switch off again.
std::string EnableControllers(const std::string& root) {
  std::string undo;
  const std::vector<std::string> already = Fields(ReadFile(root + "/cgroup.subtree_control"));
  for (const std::string& name : Fields(ReadFile(root + "/cgroup.controllers"))) {
    bool known = false;
    for (const std::string& other : already) known = known || other == name;
    if (!known && WriteFile(root + "/cgroup.subtree_control", "+" + name)) undo += " -" + name;
  }
  return undo;
}

bool HasMagic(const std::string& path, long magic) {
  struct statfs info;
  return statfs(path.c_str(), &info) == 0 && info.f_type == magic;
}

bool CopyFromParent(const std::string& path, const char* file) {
  return WriteFile(path + "/" + file, ReadFile(path + "/../" + file));
}

}  // namespace

bool IsPureV2() { return HasMagic(kMount, CGROUP2_SUPER_MAGIC); }

std::vector<std::string> V1Hierarchies() {
  std::vector<std::string> names;
  if (IsPureV2()) return names;
  for (const std::string& name : SubDirectories(kMount)) {
    if (HasMagic(std::string(kMount) + "/" + name, CGROUP_SUPER_MAGIC)) names.push_back(name);
  }
  return names;
}

// With the unified hierarchy of a hybrid machine: a runtime may use it, too.
std::vector<std::string> CgroupTree::Roots() const {
  if (IsPureV2()) return {kMount};
  std::vector<std::string> roots;
  for (const std::string& name : SubDirectories(kMount)) {
    const std::string path = std::string(kMount) + "/" + name;
    if (HasMagic(path, CGROUP_SUPER_MAGIC) || HasMagic(path, CGROUP2_SUPER_MAGIC)) {
      roots.push_back(path);
    }
  }
  return roots;
}

bool CgroupTree::Make() {
  for (const std::string& root : Roots()) {
    const std::string path = root + "/" + name_;
    if (IsPureV2()) enabled_ = EnableControllers(root);
    if (mkdir(path.c_str(), 0755) < 0) return false;
    if (IsPureV2()) EnableControllers(path);
    if (access((path + "/cpuset.mems").c_str(), F_OK) < 0 || IsPureV2()) continue;
    if (!CopyFromParent(path, "cpuset.cpus") || !CopyFromParent(path, "cpuset.mems")) return false;
  }
  return true;
}

void CgroupTree::KillAll() {
  for (const std::string& root : Roots()) {
    VisitUp(root + "/" + name_, [](const std::string& path) {
      for (const std::string& pid : Fields(ReadFile(path + "/cgroup.procs"))) {
        if (atoi(pid.c_str()) > 0) kill(atoi(pid.c_str()), SIGKILL);
      }
    });
  }
}

void CgroupTree::Remove() {
  for (const std::string& root : Roots()) {
    VisitUp(root + "/" + name_, [](const std::string& path) {
      for (int i = 0; i < 1000 && rmdir(path.c_str()) < 0 && errno == EBUSY; i++) usleep(1000);
    });
  }
  for (const std::string& word : Fields(enabled_)) {
    WriteFile(std::string(kMount) + "/cgroup.subtree_control", word);
  }
}

}  // namespace hull::bench

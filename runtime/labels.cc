#include "runtime/labels.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"
#include "runtime/sys/raw.h"

namespace hull::runtime {
namespace {

constexpr absl::string_view kUnconfined = "unconfined";
constexpr absl::string_view kNoPolicy = "kernel";  // SELinux's name for everybody without one
constexpr ino_t kProcRoot = 1;                     // the inode of every proc's root

// What is written to a file of /proc must not go to another file (CVE-2025-52881).
absl::StatusOr<sys::UniqueFd> OpenProc(const std::string& path) {
  ASSIGN_OR_RETURN(sys::UniqueFd proc, sys::OpenAt(AT_FDCWD, path, O_PATH | O_DIRECTORY),
                   "opening '", path, "'");
  struct statfs kind;
  struct stat root;
  if (fstatfs(proc.get(), &kind) != 0 || fstat(proc.get(), &root) != 0) {
    return sys::ErrnoStatus(errno, absl::StrCat("looking at '", path, "'"));
  }
  if (kind.f_type != PROC_SUPER_MAGIC || root.st_ino != kProcRoot) {
    return absl::FailedPreconditionError(absl::StrCat(
        "'", path, "' is not the root of a proc file system, through which labels are given"));
  }
  return proc;
}

// A file of ours, with nothing mounted over it.
sys::UniqueFd OpenOwn(const sys::UniqueFd& proc, const char* path, int flags) {
  struct open_how how = {};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;
  return sys::UniqueFd(sys::RawOpenAt2(proc.get(), path, how));
}

bool HasAppArmor(const LabelRoots& roots) {
  const absl::StatusOr<std::string> enabled =
      sys::ReadFileAt(AT_FDCWD, absl::StrCat(roots.sys, "/module/apparmor/parameters/enabled"), 16);
  return enabled.ok() && absl::StartsWith(*enabled, "Y");
}

// Asks the kernel whether we could change to the profile. Only that there is none is an answer: what
// else it minds may be fine when the change comes with an execve.
absl::Status AskForProfile(const sys::UniqueFd& proc, absl::string_view profile,
                           absl::string_view where) {
  sys::UniqueFd file = OpenOwn(proc, "thread-self/attr/apparmor/current", O_WRONLY);
  if (!file.valid()) file = OpenOwn(proc, "thread-self/attr/current", O_WRONLY);  // before 5.8
  if (!file.valid()) return absl::OkStatus();
  const absl::Status asked = sys::WriteAll(file.get(), absl::StrCat("permprofile ", profile));
  if (sys::StatusErrno(asked) != ENOENT) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat(
      where, ": '", profile, "': no AppArmor profile of that name is loaded: ",
      "`/proc/thread-self/attr/apparmor/exec` takes none but those: no such file or directory; ",
      "load it with apparmor_parser"));
}

// "" = SELinux decides here, else why it does not.
std::string WhyNoSelinux(const sys::UniqueFd& proc, const std::string& directory) {
  struct statfs kind;
  if (statfs(directory.c_str(), &kind) != 0 || kind.f_type != SELINUX_MAGIC) {
    return absl::StrCat("no selinuxfs is mounted at '", directory, "'");
  }
  if ((static_cast<unsigned long>(kind.f_flags) & ST_RDONLY) != 0) {
    return absl::StrCat("'", directory, "' is read-only");  // how it is hidden from containers
  }
  const sys::UniqueFd current = OpenOwn(proc, "thread-self/attr/current", O_RDONLY);
  if (!current.valid()) return "";
  const absl::StatusOr<std::string> label = sys::ReadAll(current.get(), 4096);
  // Until a policy is loaded every process has the same name, and every label is taken for it.
  return label.ok() && label->c_str() == kNoPolicy ? "no policy is loaded" : "";
}

absl::Status AskForLabel(const std::string& directory, absl::string_view label,
                         absl::string_view where) {
  const absl::StatusOr<sys::UniqueFd> file =
      sys::OpenAt(AT_FDCWD, absl::StrCat(directory, "/context"), O_RDWR);
  if (!file.ok()) return absl::OkStatus();
  const absl::Status asked = sys::WriteAll(file->get(), label);
  if (sys::StatusErrno(asked) != EINVAL) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(where, ": '", label, "': the SELinux policy that is loaded has no such label: ",
                   "`/proc/thread-self/attr/exec` takes none but those: invalid argument"));
}

absl::Status Lacks(absl::string_view where, absl::string_view label, absl::string_view module,
                   absl::string_view why) {
  return absl::UnavailableError(
      absl::StrCat(where, ": '", label, "': this host has no ", module, " (", why, "); remove it"));
}

}  // namespace

absl::StatusOr<sys::UniqueFd> PrepareLabels(spec::Process& process, absl::string_view mount_label,
                                            const LabelNames& names, const LabelRoots& roots) {
  std::string& profile = process.apparmor_profile;
  if (!profile.empty() && !HasAppArmor(roots)) {
    if (profile != kUnconfined) {
      return Lacks(names.apparmor, profile, "AppArmor",
                   absl::StrCat("'", roots.sys, "/module/apparmor/parameters/enabled' says no Y"));
    }
    profile.clear();
  }
  const std::string& label = process.selinux_label;
  if (profile.empty() && label.empty() && mount_label.empty()) return sys::UniqueFd();
  ASSIGN_OR_RETURN(sys::UniqueFd proc, OpenProc(roots.proc));
  if (!profile.empty()) RETURN_IF_ERROR(AskForProfile(proc, profile, names.apparmor));
  const std::string selinux = absl::StrCat(roots.sys, "/fs/selinux");
  for (const auto& [where, wanted] :
       {std::pair(names.selinux, absl::string_view(label)),
        std::pair(absl::string_view("/linux/mountLabel"), mount_label)}) {
    if (wanted.empty()) continue;
    const std::string why = WhyNoSelinux(proc, selinux);
    if (!why.empty()) return Lacks(where, wanted, "SELinux", why);
    RETURN_IF_ERROR(AskForLabel(selinux, wanted, where));
  }
  return profile.empty() && label.empty() ? sys::UniqueFd() : std::move(proc);
}

}  // namespace hull::runtime

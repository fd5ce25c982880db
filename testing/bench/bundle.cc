#include "testing/bench/bundle.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "runtime/base/status_macros.h"
#include "testing/bench/files.h"

namespace hull::bench {
namespace {

constexpr char kPodmanSeccomp[] =
#include "testing/bench/podman_seccomp.inc"
    ;

constexpr char kConfig[] = R"json({
  "ociVersion": "1.0.2",
  "process": {
    "terminal": false,
    "user": {"uid": 0, "gid": 0},
    "args": @ARGS@,
    "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
    "cwd": "/",
    "capabilities": {
      "bounding": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
      "effective": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
      "permitted": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
    },
    "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
    "noNewPrivileges": true
  },
  "root": {"path": "@ROOTFS@", "readonly": true},
  "hostname": "bench",
  "mounts": [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
     "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
    {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
     "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
    {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
     "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
    {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
     "options": ["nosuid", "noexec", "nodev"]},
    {"destination": "/sys", "type": "sysfs", "source": "sysfs",
     "options": ["nosuid", "noexec", "nodev", "ro"]},
    {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
     "options": ["nosuid", "noexec", "nodev", "relatime", "ro"]}
  ],
  "linux": {
    "cgroupsPath": "@CGROUP@",
    "resources": {"devices": [{"allow": false, "access": "rwm"}]},
    "namespaces": [{"type": "pid"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"},
                   {"type": "mount"}, {"type": "cgroup"}],
    @SECCOMP@"maskedPaths": ["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys",
                    "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
                    "/proc/sched_debug", "/sys/firmware", "/proc/scsi"],
    "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
  }
}
)json";

}  // namespace

absl::Status MakeRootfs(const std::string& rootfs) {
  const std::string busybox = FindProgram("busybox");
  if (busybox.empty()) return absl::NotFoundError("no busybox here: install busybox-static");
  for (const char* directory : {"bin", "dev", "etc", "proc", "sys", "tmp"}) {
    RETURN_IF_ERROR(MakeDirectory(absl::StrCat(rootfs, "/", directory)));
  }
  std::error_code error;
  std::filesystem::copy_file(busybox, rootfs + "/bin/busybox", error);
  for (const char* applet : {"sh", "sleep", "true"}) {
    if (!error)
      std::filesystem::create_symlink("busybox", absl::StrCat(rootfs, "/bin/", applet), error);
  }
  if (error) return absl::InternalError(absl::StrCat("filling '", rootfs, "': ", error.message()));
  return absl::OkStatus();
}

std::string ConfigJson(const BundleOptions& options) {
  return absl::StrReplaceAll(
      kConfig,
      {{"@ARGS@", options.args},
       {"@ROOTFS@", options.rootfs},
       {"@CGROUP@", options.cgroups_path},
       {"@SECCOMP@",
        options.podman_seccomp ? absl::StrCat("\"seccomp\": ", kPodmanSeccomp, ", ") : ""}});
}

absl::Status MakeBundle(const std::string& bundle, const BundleOptions& options) {
  RETURN_IF_ERROR(MakeDirectory(bundle));
  return WriteFile(bundle + "/config.json", ConfigJson(options));
}

}  // namespace hull::bench

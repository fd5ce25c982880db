#include "seccomp/engine_profile.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"

namespace hull::seccomp {
namespace {

// What an engine lets a container without extra capabilities call, over all its architectures.
constexpr absl::string_view kAllowed =
    "_llseek _newselect accept accept4 access adjtimex alarm bind brk cachestat capget capset "
    "chdir chmod chown chown32 clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 "
    "clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 clone clone3 close "
    "close_range connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 "
    "epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 execve execveat exit "
    "exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate fanotify_mark fchdir "
    "fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr "
    "flistxattr flock fork fremovexattr fsconfig fsetxattr fsmount fsopen fspick fstat fstat64 "
    "fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futex futex_requeue futex_time64 "
    "futex_wait futex_waitv futex_wake futimesat get_robust_list get_thread_area getcpu getcwd "
    "getdents getdents64 getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups "
    "getgroups32 getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom "
    "getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid getsockname "
    "getsockopt gettid gettimeofday getuid getuid32 getxattr inotify_add_watch inotify_init "
    "inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents_time64 "
    "io_setup io_submit io_uring_enter io_uring_register io_uring_setup ioctl ioprio_get "
    "ioprio_set ipc kill landlock_add_rule landlock_create_ruleset landlock_restrict_self "
    "lchown lchown32 lgetxattr link linkat listen listxattr llistxattr lremovexattr lseek "
    "lsetxattr lstat lstat64 madvise map_shadow_stack membarrier memfd_create memfd_secret "
    "mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap mmap2 mount move_mount "
    "mprotect mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 "
    "mq_timedsend mq_timedsend_time64 mq_unlink mremap msgctl msgget msgrcv msgsnd msync "
    "munlock munlockall munmap name_to_handle_at nanosleep newfstatat open open_tree openat "
    "openat2 pause pidfd_getfd pidfd_open pidfd_send_signal pipe pipe2 pivot_root pkey_alloc "
    "pkey_free pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 "
    "process_mrelease process_vm_readv process_vm_writev pselect6 pselect6_time64 ptrace "
    "pwrite64 pwritev pwritev2 quotactl_fd read readahead readdir readlink readlinkat readv "
    "reboot recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages removexattr rename "
    "renameat renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask "
    "rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 "
    "rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity "
    "sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval "
    "sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam "
    "sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop "
    "semtimedop_time64 sendfile sendfile64 sendmmsg sendmsg sendto set_mempolicy_home_node "
    "set_robust_list set_thread_area set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 "
    "setgid setgid32 setgroups setgroups32 setitimer setpgid setpriority setregid setregid32 "
    "setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit setsid "
    "setsockopt setuid setuid32 setxattr shmat shmctl shmdt shmget shutdown sigaction "
    "sigaltstack signal signalfd signalfd4 sigpending sigprocmask sigreturn sigsuspend "
    "socketcall socketpair splice stat stat64 statfs statfs64 statx symlink symlinkat sync "
    "sync_file_range syncfs sysinfo tee tgkill time timer_create timer_delete timer_getoverrun "
    "timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime "
    "timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill truncate truncate64 "
    "ugetrlimit umask umount umount2 uname unlink unlinkat unshare utime utimensat "
    "utimensat_time64 utimes vfork wait4 waitid waitpid write writev "
    "hull_test_no_such_call";

// Known and refused, so that programs see EPERM and not the default's ENOSYS.
constexpr absl::string_view kRefused =
    "bdflush io_pgetevents kexec_file_load kexec_load migrate_pages move_pages nfsservctl nice "
    "oldfstat oldlstat oldolduname oldstat olduname pciconfig_iobase pciconfig_read "
    "pciconfig_write sgetmask ssetmask swapcontext swapoff swapon sysfs uselib userfaultfd "
    "ustat vm86 vm86old vmsplice "
    "bpf fanotify_init lookup_dcookie perf_event_open quotactl setdomainname sethostname setns";

spec::SeccompRule Rule(absl::string_view names, absl::string_view action,
                       std::vector<spec::SeccompArg> args = {}) {
  spec::SeccompRule rule;
  rule.names = absl::StrSplit(names, ' ', absl::SkipEmpty());
  rule.action = std::string(action);
  if (rule.action == "SCMP_ACT_ERRNO") rule.errno_ret = 1;
  rule.args = std::move(args);
  return rule;
}

spec::SeccompArg Arg(uint32_t index, absl::string_view op, uint64_t value) {
  spec::SeccompArg arg;
  arg.index = index;
  arg.value = value;
  arg.op = std::string(op);
  return arg;
}

}  // namespace

spec::Seccomp EngineProfile() {
  constexpr uint64_t kNetlink = 16;
  constexpr uint64_t kAudit = 9;
  spec::Seccomp seccomp;
  seccomp.default_action = "SCMP_ACT_ERRNO";
  seccomp.default_errno_ret = 38;  // ENOSYS
  seccomp.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
  seccomp.syscalls = {Rule(kRefused, "SCMP_ACT_ERRNO"), Rule(kAllowed, "SCMP_ACT_ALLOW")};
  for (const uint64_t persona : {0x0ULL, 0x8ULL, 0x20000ULL, 0x20008ULL, 0xffffffffULL}) {
    seccomp.syscalls.push_back(
        Rule("personality", "SCMP_ACT_ALLOW", {Arg(0, "SCMP_CMP_EQ", persona)}));
  }
  seccomp.syscalls.push_back(Rule("arch_prctl modify_ldt", "SCMP_ACT_ALLOW"));
  spec::SeccompRule audit = Rule("socket", "SCMP_ACT_ERRNO",
                                 {Arg(0, "SCMP_CMP_EQ", kNetlink), Arg(2, "SCMP_CMP_EQ", kAudit)});
  audit.errno_ret = 22;  // EINVAL
  seccomp.syscalls.push_back(audit);
  seccomp.syscalls.push_back(Rule("socket", "SCMP_ACT_ALLOW", {Arg(2, "SCMP_CMP_NE", kAudit)}));
  seccomp.syscalls.push_back(Rule("socket", "SCMP_ACT_ALLOW", {Arg(0, "SCMP_CMP_NE", kNetlink)}));
  return seccomp;
}

}  // namespace hull::seccomp

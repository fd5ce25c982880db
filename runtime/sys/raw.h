// Raw system calls: >= 0 or -errno, no errno variable, no hidden calls, no libc.
//
// Safe in a cloned child and in the freestanding init program. Directory fd first. Where a call is
// younger than Linux 4.4 its comment names the kernel that brought it; before, it gives -ENOSYS.
#ifndef HULL_RUNTIME_SYS_RAW_H_
#define HULL_RUNTIME_SYS_RAW_H_

#include <asm/unistd.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/types.h>

#include <cstddef>
#include <cstdint>

namespace hull::sys {

#if defined(__x86_64__)
inline long RawCall(long n, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0,
                    long f = 0) noexcept {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
inline long RawCall(long n, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0,
                    long f = 0) noexcept {
  register long x8 __asm__("x8") = n;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc 0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory", "cc");
  return x0;
}
#else
#error "hull knows the system call convention of x86_64 and aarch64 only"
#endif

inline long AsArg(const void* pointer) noexcept { return reinterpret_cast<long>(pointer); }

inline int RawClose(int fd) noexcept { return static_cast<int>(RawCall(__NR_close, fd)); }

inline int RawOpenAt(int dir_fd, const char* path, int flags, unsigned mode = 0) noexcept {
  return static_cast<int>(RawCall(__NR_openat, dir_fd, AsArg(path), flags, mode));
}

// Linux 5.6.
inline int RawOpenAt2(int dir_fd, const char* path, const struct open_how& how) noexcept {
  return static_cast<int>(RawCall(__NR_openat2, dir_fd, AsArg(path), AsArg(&how), sizeof(how)));
}

inline long RawRead(int fd, void* buffer, size_t size) noexcept {
  return RawCall(__NR_read, fd, AsArg(buffer), static_cast<long>(size));
}

inline long RawWrite(int fd, const void* buffer, size_t size) noexcept {
  return RawCall(__NR_write, fd, AsArg(buffer), static_cast<long>(size));
}

[[noreturn]] inline void RawExit(int status) noexcept {
  for (;;) RawCall(__NR_exit_group, status);
}

}  // namespace hull::sys

#endif  // HULL_RUNTIME_SYS_RAW_H_

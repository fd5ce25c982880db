// What hull tells the user: errors and warnings, on stderr and in the file of --log.
//
// Engines read that file: Podman takes all of it as one JSON object, containerd as a stream of
// which the last error counts. So a command that fails leaves exactly one line in it, and warnings
// go to stderr alone unless --log-level asks for them.
#ifndef HULL_TOOLS_CLI_LOG_H_
#define HULL_TOOLS_CLI_LOG_H_

#include <ctime>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "runtime/sys/unique_fd.h"

namespace hull::tools {

enum class LogLevel { kDebug, kWarning, kError };
enum class LogFormat { kText, kJson };

struct LogOptions {
  std::string path = {};  // empty = stderr
  LogFormat format = LogFormat::kText;
  LogLevel level = LogLevel::kError;
};

// One record, newline included: {"level":"error","msg":"…","time":"…"}, or the same as
// `time="…" level=error msg="…"`. Bytes that are not UTF-8 become U+FFFD.
std::string LogRecord(LogFormat format, LogLevel level, const std::tm& utc,
                      std::string_view message);

class Log {
 public:
  // Opens the file for appending (mode 0644). On failure messages go to stderr.
  absl::Status Open(const LogOptions& options);

  void Error(std::string_view message) { Write(LogLevel::kError, message); }
  void Warning(std::string_view message) { Write(LogLevel::kWarning, message); }
  void Debug(std::string_view message) { Write(LogLevel::kDebug, message); }

 private:
  void Write(LogLevel level, std::string_view message);
  void WriteRecord(LogLevel level, std::string_view message);

  LogOptions options_;
  sys::UniqueFd file_;
};

}  // namespace hull::tools

#endif  // HULL_TOOLS_CLI_LOG_H_

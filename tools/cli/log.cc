#include "tools/cli/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "glog/logging.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"
#include "spec/json_writer.h"

namespace hull::tools {
namespace {

constexpr std::string_view kLevelNames[] = {"debug", "warning", "error"};

// glog's way out to the file (or stderr) in the format that --log-format asked for.
class RecordSink : public google::LogSink {
 public:
  RecordSink(int fd, LogFormat format) : fd_(fd), format_(format) {}

  void send(google::LogSeverity severity, const char*, const char*, int,
            const google::LogMessageTime& time, const char* message, size_t length) override {
    const LogLevel level = severity >= google::GLOG_ERROR     ? LogLevel::kError
                           : severity == google::GLOG_WARNING ? LogLevel::kWarning
                                                              : LogLevel::kDebug;
    const std::time_t seconds = time.timestamp();
    std::tm utc;
    gmtime_r(&seconds, &utc);
    // There is nobody left to tell when this fails.
    (void)sys::WriteAll(fd_, LogRecord(format_, level, utc, {message, length}));
  }

 private:
  const int fd_;
  const LogFormat format_;
};

google::LogSeverity SeverityOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return google::GLOG_INFO;
    case LogLevel::kWarning: return google::GLOG_WARNING;
    case LogLevel::kError: return google::GLOG_ERROR;
  }
  return google::GLOG_ERROR;
}

}  // namespace

std::string LogRecord(LogFormat format, LogLevel level, const std::tm& utc,
                      std::string_view message) {
  const std::string time =
      absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02dZ", utc.tm_year + 1900, utc.tm_mon + 1,
                      utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
  const std::string_view name = kLevelNames[static_cast<int>(level)];
  std::string quoted;
  spec::AppendJsonString(&quoted, message);  // the readers of both formats know its escapes
  if (format == LogFormat::kText) {
    return absl::StrCat("time=\"", time, "\" level=", name, " msg=", quoted, "\n");
  }
  return absl::StrCat("{\"level\":\"", name, "\",\"msg\":", quoted, ",\"time\":\"", time, "\"}\n");
}

absl::Status Log::Open(const LogOptions& options) {
  options_ = options;
  if (options.path.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(
      file_, sys::OpenAt(AT_FDCWD, options.path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY, 0644),
      "opening the log '", options.path, "'");
  return absl::OkStatus();
}

void Log::Write(LogLevel level, std::string_view message) {
  const bool wanted = level >= options_.level;
  if (file_.valid() && wanted) WriteRecord(level, message);
  if (level == LogLevel::kDebug && (file_.valid() || !wanted)) return;
  if (!file_.valid() && options_.format == LogFormat::kJson) return WriteRecord(level, message);
  const std::string_view word = level == LogLevel::kWarning ? "warning: "
                                : level == LogLevel::kDebug ? "debug: "
                                                            : "";
  (void)sys::WriteAll(STDERR_FILENO, absl::StrCat("hull: ", word, message, "\n"));
}

// glog is woken here, not at the start of the program: a command that has nothing to say pays
// nothing for it. Its own files and its environment variables play no part.
void Log::WriteRecord(LogLevel level, std::string_view message) {
  FLAGS_minloglevel = 0;
  RecordSink sink(file_.valid() ? file_.get() : STDERR_FILENO, options_.format);
  google::LogMessage(__FILE__, __LINE__, SeverityOf(level), &sink, /*also_send_to_log=*/false)
          .stream()
      << message;
}

}  // namespace hull::tools

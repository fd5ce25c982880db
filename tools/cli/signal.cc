#include "tools/cli/signal.h"

#include <signal.h>

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tools/cli/nearest.h"

namespace hull::tools {
namespace {

struct SignalName {
  std::string_view name;
  int number;
};

constexpr SignalName kSignals[] = {
    {"ABRT", SIGABRT}, {"ALRM", SIGALRM}, {"BUS", SIGBUS},       {"CHLD", SIGCHLD},
    {"CLD", SIGCHLD},  {"CONT", SIGCONT}, {"FPE", SIGFPE},       {"HUP", SIGHUP},
    {"ILL", SIGILL},   {"INT", SIGINT},   {"IO", SIGIO},         {"IOT", SIGIOT},
    {"KILL", SIGKILL}, {"PIPE", SIGPIPE}, {"POLL", SIGPOLL},     {"PROF", SIGPROF},
    {"PWR", SIGPWR},   {"QUIT", SIGQUIT}, {"SEGV", SIGSEGV},     {"STKFLT", SIGSTKFLT},
    {"STOP", SIGSTOP}, {"SYS", SIGSYS},   {"TERM", SIGTERM},     {"TRAP", SIGTRAP},
    {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},     {"URG", SIGURG},
    {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"VTALRM", SIGVTALRM}, {"WINCH", SIGWINCH},
    {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},
};

// As every program outside the C library counts them: glibc keeps the first two to itself.
constexpr int kRealTimeMin = 34;
constexpr int kRealTimeMax = 64;

// "RTMIN", "RTMIN+3", "RTMAX-1"; 0 where it is none of them.
int RealTimeSignal(std::string_view name) {
  int number = 0;
  char sign = '+';
  if (absl::ConsumePrefix(&name, "RTMIN")) {
    number = kRealTimeMin;
  } else if (absl::ConsumePrefix(&name, "RTMAX")) {
    number = kRealTimeMax;
    sign = '-';
  } else {
    return 0;
  }
  if (name.empty()) return number;
  int offset = 0;
  const bool is_offset = name[0] == sign && name.size() > 1 && absl::ascii_isdigit(name[1]) &&
                         absl::SimpleAtoi(name.substr(1), &offset);
  if (!is_offset || offset > kRealTimeMax - kRealTimeMin) return 0;
  return sign == '+' ? number + offset : number - offset;
}

absl::Status Unknown(std::string_view word, std::string_view name) {
  std::vector<std::string_view> names;
  for (const SignalName& signal : kSignals) names.push_back(signal.name);
  const std::string_view nearest = Nearest(name, names);
  return absl::InvalidArgumentError(
      absl::StrCat("unknown signal '", word, "'",
                   nearest.empty() ? "" : absl::StrCat(", did you mean '", nearest, "'?")));
}

}  // namespace

absl::StatusOr<int> ParseSignal(std::string_view word) {
  if (!word.empty() && word.find_first_not_of("0123456789") == word.npos) {
    int number = 0;
    if (absl::SimpleAtoi(word, &number) && number <= kRealTimeMax) return number;
    return absl::InvalidArgumentError(
        absl::StrCat("signal '", word, "' is not a number from 0 to ", kRealTimeMax));
  }
  const std::string upper = absl::AsciiStrToUpper(word);
  const std::string_view name = absl::StripPrefix(upper, "SIG");
  for (const SignalName& signal : kSignals) {
    if (name == signal.name) return signal.number;
  }
  if (const int number = RealTimeSignal(name); number != 0) return number;
  return Unknown(word, name);
}

}  // namespace hull::tools

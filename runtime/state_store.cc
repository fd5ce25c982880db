#include "runtime/state_store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::runtime {
namespace {

constexpr char kStateFile[] = "state.pb";
constexpr char kStagedFile[] = ".state.pb";
constexpr char kGateFile[] = "start.sock";
// Both init fields: a tag and 4 bytes, a tag and 8 bytes.
constexpr size_t kInitBytes = 14;
constexpr unsigned kRootMode = 0700;
// Traversable by the container's root, which may be nobody here, and by nobody else's listing.
constexpr unsigned kContainerMode = 0711;

std::string Quoted(absl::string_view id) { return absl::StrCat("container '", id, "'"); }

// FNV-1a. Damage is chance here, not an attack: who can write the file owns the container.
uint32_t CheckOf(const State& state) {
  std::string text =
      absl::StrCat(state.id(), "\n", state.cgroup_backend(), "\n", state.cgroup_unit(), "\n");
  for (const std::string& directory : state.cgroup_directories()) {
    absl::StrAppend(&text, "+", directory, "\n");
  }
  for (const std::string& directory : state.cgroup_adopted()) {
    absl::StrAppend(&text, "-", directory, "\n");
  }
  if (state.has_intel_rdt()) {
    const RdtGroup& group = state.intel_rdt();
    absl::StrAppend(&text, "*", group.root(), "\n", group.clos(), "\n", group.monitor(), "\n",
                    group.made(), group.own(), "\n");
  }
  uint32_t hash = 2166136261u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

// Three messages, read back as one: what a forced delete needs stands at both ends, away from the
// long config between them.
std::string Serialize(const State& state) {
  State head = state, middle, init;
  middle.set_config_json(state.config_json());
  middle.set_resources_json(state.resources_json());
  head.clear_config_json();
  head.clear_resources_json();
  head.clear_init_pid();
  head.clear_init_start_time_ticks();
  head.set_cgroup_check(CheckOf(state));
  std::string bytes = absl::StrCat(head.SerializeAsString(), middle.SerializeAsString());
  if (state.init_pid() == 0) return bytes;
  init.set_init_pid(state.init_pid());
  init.set_init_start_time_ticks(state.init_start_time_ticks());
  return bytes + init.SerializeAsString();
}

// Nobody else locks these for writing, and the kernel drops them with whoever does. Readers look
// (F_OFD_GETLK) and take nothing, so that they are never taken for the maker.
void LockByte(int fd, short type, int byte) {
  struct flock lock = {
      .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1, .l_pid = 0};
  fcntl(fd, F_OFD_SETLK, &lock);
}

// A file, or a directory of files (of the notify socket).
absl::Status RemoveEntry(int dir_fd, const std::string& name) {
  if (unlinkat(dir_fd, name.c_str(), 0) == 0 || errno == ENOENT) return absl::OkStatus();
  if (errno != EISDIR) return sys::ErrnoStatus(errno);
  ASSIGN_OR_RETURN(const sys::UniqueFd directory,
                   sys::OpenAt(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  ASSIGN_OR_RETURN(const std::vector<std::string> names, sys::ListDir(directory.get()));
  for (const std::string& inner : names) unlinkat(directory.get(), inner.c_str(), 0);
  if (unlinkat(dir_fd, name.c_str(), AT_REMOVEDIR) != 0) return sys::ErrnoStatus(errno);
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateId(absl::string_view id) {
  const bool plain = std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '+' || c == '.' ||
           c == '-';
  });
  if (plain && !id.empty() && id.size() <= 255 && id != "." && id != "..") {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "invalid container id: 1 to 255 of the characters A-Z a-z 0-9 _ + . -, and not '.' or '..'");
}

absl::Status ContainerDir::Lock() {
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  while (flock(dir_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return sys::ErrnoStatus(errno, "locking");
    if (absl::Now() > deadline) {
      return absl::UnavailableError(absl::StrCat(
          Quoted(id_), " is locked by another operation for more than 10 s (see /proc/locks)"));
    }
    absl::SleepFor(absl::Milliseconds(1));
  }
  // Whoever held the lock may have removed the directory: then it is nobody's.
  struct stat info;
  if (fstat(dir_.get(), &info) == 0 && info.st_nlink == 0) {
    return absl::NotFoundError(absl::StrCat(Quoted(id_), ": container does not exist"));
  }
  locked_ = true;
  return absl::OkStatus();
}

void ContainerDir::Unlock() {
  flock(dir_.get(), LOCK_UN);
  locked_ = false;
}

absl::StatusOr<State> ContainerDir::Read() {
  State state;
  for (;;) {
    ASSIGN_OR_RETURN(const std::string bytes, sys::ReadFileAt(dir_.get(), kStateFile),
                     "reading the state of ", Quoted(id_));
    if (state.ParseFromString(bytes) && state.id() == id_) return state;
    if (locked_) break;
    RETURN_IF_ERROR(Lock());  // somebody may just be writing it
  }
  return absl::DataLossError(absl::StrCat("the state of ", Quoted(id_),
                                          " is damaged; `delete --force` removes the container"));
}

absl::Status ContainerDir::Write(const State& state) { return WriteTo(kStateFile, state); }

absl::Status ContainerDir::WriteTo(const char* file, const State& state) {
  ASSIGN_OR_RETURN(const sys::UniqueFd fd,
                   sys::OpenAt(dir_.get(), file, O_WRONLY | O_CREAT | O_TRUNC, 0600),
                   "saving the state of ", Quoted(id_));
  RETURN_IF_ERROR(sys::WriteAll(fd.get(), Serialize(state)), "saving the state of ", Quoted(id_));
  return absl::OkStatus();
}

absl::Status ContainerDir::Stage(const State& state) { return WriteTo(kStagedFile, state); }

absl::Status ContainerDir::CommitStaged() {
  if (renameat(dir_.get(), kStagedFile, dir_.get(), kStateFile) == 0) return absl::OkStatus();
  return sys::ErrnoStatus(errno, absl::StrCat("saving the state of ", Quoted(id_)));
}

absl::Status ContainerDir::AppendInit(pid_t pid, State& state) {
  State init;
  init.set_init_pid(static_cast<uint32_t>(pid));
  init.set_init_start_time_ticks(ProcessStartTime(pid).value_or(1));
  ASSIGN_OR_RETURN(sys::UniqueFd fd, sys::OpenAt(dir_.get(), kStateFile, O_WRONLY | O_APPEND),
                   "saving the init of ", Quoted(id_));
  making_ = std::move(fd);
  SetProgress(Progress::kCreating);
  RETURN_IF_ERROR(sys::WriteAll(making_.get(), init.SerializeAsString()), "saving the init of ",
                  Quoted(id_));
  state.MergeFrom(init);
  return absl::OkStatus();
}

void ContainerDir::SetProgress(Progress progress) {
  if (progress == Progress::kDone) return making_.reset();
  LockByte(making_.get(), F_WRLCK, static_cast<int>(progress));
  if (progress == Progress::kStarting) LockByte(making_.get(), F_UNLCK, 0);
}

ContainerDir::Progress ContainerDir::progress() const {
  if (locked_) return Progress::kDone;  // whoever makes it has the directory's lock
  const absl::StatusOr<sys::UniqueFd> fd = sys::OpenAt(dir_.get(), kStateFile, O_RDONLY);
  struct flock lock = {
      .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 2, .l_pid = 0};
  if (!fd.ok() || fcntl(fd->get(), F_OFD_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) {
    return Progress::kDone;
  }
  return static_cast<Progress>(lock.l_start);
}

void ContainerDir::DropStaged() { unlinkat(dir_.get(), kStagedFile, 0); }

absl::StatusOr<State> ContainerDir::Recover() {
  ASSIGN_OR_RETURN(const std::string bytes, sys::ReadFileAt(dir_.get(), kStateFile));
  State init, front;
  if (bytes.size() < kInitBytes || !init.ParseFromString(bytes.substr(bytes.size() - kInitBytes)) ||
      init.init_pid() == 0 || init.init_start_time_ticks() == 0) {
    init = State();
  }
  // What it has read before it fails stays read.
  (void)front.ParseFromString(bytes);
  if (front.id() != id_ || front.cgroup_check() != CheckOf(front)) return init;
  init.set_cgroup_backend(front.cgroup_backend());
  init.set_cgroup_unit(front.cgroup_unit());
  *init.mutable_cgroup_directories() = front.cgroup_directories();
  *init.mutable_cgroup_adopted() = front.cgroup_adopted();
  if (front.has_intel_rdt()) *init.mutable_intel_rdt() = front.intel_rdt();
  return init;
}

absl::Status ContainerDir::Remove() {
  // What is usually there, without a look; whatever else, by one.
  unlinkat(dir_.get(), kStateFile, 0);
  unlinkat(dir_.get(), kGateFile, 0);
  if (unlinkat(root_.get(), id_.c_str(), AT_REMOVEDIR) == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<std::string> names, sys::ListDir(dir_.get()));
  for (const std::string& name : names) {
    RETURN_IF_ERROR(RemoveEntry(dir_.get(), name), "removing '", name, "' of ", Quoted(id_));
  }
  if (unlinkat(root_.get(), id_.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
    return sys::ErrnoStatus(errno, absl::StrCat("removing the state directory of ", Quoted(id_)));
  }
  return absl::OkStatus();
}

absl::StatusOr<ContainerDir> StateStore::Create(absl::string_view id) {
  RETURN_IF_ERROR(ValidateId(id));
  const std::string name(id);
  ASSIGN_OR_RETURN(sys::UniqueFd root, sys::MakeDirs(root_, kRootMode), "making '", root_, "'");
  if (mkdirat(root.get(), name.c_str(), kContainerMode) != 0) {
    if (errno == EEXIST) {
      return absl::AlreadyExistsError(
          absl::StrCat("container with given ID already exists: '", id, "'"));
    }
    return sys::ErrnoStatus(errno, absl::StrCat("making '", root_, "/", id, "'"));
  }
  ASSIGN_OR_RETURN(sys::UniqueFd dir, sys::OpenAt(root.get(), name, O_RDONLY | O_DIRECTORY));
  return ContainerDir(name, std::move(root), std::move(dir));
}

absl::StatusOr<ContainerDir> StateStore::Open(absl::string_view id) {
  RETURN_IF_ERROR(ValidateId(id));
  const absl::Status missing = absl::NotFoundError(
      absl::StrCat("container '", id, "' does not exist: container does not exist"));
  absl::StatusOr<sys::UniqueFd> root = sys::OpenAt(AT_FDCWD, root_, O_PATH | O_DIRECTORY);
  if (absl::IsNotFound(root.status())) return missing;
  RETURN_IF_ERROR(root.status(), "opening '", root_, "'");
  absl::StatusOr<sys::UniqueFd> dir =
      sys::OpenAt(root->get(), id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (absl::IsNotFound(dir.status())) return missing;
  RETURN_IF_ERROR(dir.status(), "opening '", root_, "/", id, "'");
  return ContainerDir(std::string(id), *std::move(root), *std::move(dir));
}

absl::StatusOr<std::vector<std::string>> StateStore::List() {
  absl::StatusOr<sys::UniqueFd> root = sys::OpenAt(AT_FDCWD, root_, O_RDONLY | O_DIRECTORY);
  if (absl::IsNotFound(root.status())) return std::vector<std::string>();
  RETURN_IF_ERROR(root.status(), "opening '", root_, "'");
  ASSIGN_OR_RETURN(std::vector<std::string> names, sys::ListDir(root->get()));
  // ".cache" and the like are ours but no containers.
  names.erase(std::remove_if(
                  names.begin(), names.end(),
                  [](const std::string& name) { return name[0] == '.' || !ValidateId(name).ok(); }),
              names.end());
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<uint64_t> ProcessStartTime(pid_t pid) {
  const absl::StatusOr<std::string> stat =
      sys::ReadFileAt(AT_FDCWD, absl::StrCat("/proc/", pid, "/stat"), 4096);
  if (!stat.ok()) return std::nullopt;
  // The command's name is in parentheses and may hold anything, so the fields are counted from the
  // last of them: state is the 3rd.
  const size_t end = stat->rfind(") ");
  if (end == std::string::npos) return std::nullopt;
  const std::vector<absl::string_view> fields =
      absl::StrSplit(absl::string_view(*stat).substr(end + 2), ' ');
  uint64_t ticks = 0;
  if (fields.size() < 20 || fields[0] == "Z" || fields[0] == "X" ||
      !absl::SimpleAtoi(fields[19], &ticks)) {
    return std::nullopt;
  }
  return ticks;
}

std::string BootId() {
  const absl::StatusOr<std::string> id =
      sys::ReadFileAt(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64);
  return id.ok() ? std::string(absl::StripAsciiWhitespace(*id)) : "";
}

}  // namespace hull::runtime

#include "seccomp/cache.h"

#include <fcntl.h>
#include <linux/bpf_common.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "runtime/sys/file.h"
#include "runtime/sys/unique_fd.h"
#include "seccomp/blake2b.h"

namespace hull::seccomp {
namespace {

constexpr size_t kLargestEntryBytes = 1 << 20;
constexpr size_t kMostEntries = 64;  // an engine uses a handful of profiles
constexpr char kMagic[8] = {'h', 'u', 'l', 'l', 'b', 'p', 'f', '1'};

// An entry is this, the instructions, then the skipped names, each behind its size.
struct Header {
  char magic[8];
  Digest checksum;  // over the key and the entry with this field zero
  uint32_t flags;
  uint32_t notifies;
  uint32_t instruction_count;
  uint32_t name_count;
};
static_assert(sizeof(Header) == 56, "no padding: the bytes are hashed");

// ---- the key ------------------------------------------------------------------------------------

class KeyWriter {
 public:
  KeyWriter() { text_.reserve(16 << 10); }

  void Number(uint64_t value) { Bytes(&value, sizeof(value)); }
  void Text(absl::string_view text) {
    const auto size = static_cast<uint32_t>(text.size());
    Bytes(&size, sizeof(size));
    text_.append(text);
  }
  void Texts(const std::vector<std::string>& texts) {
    Number(texts.size());
    for (const std::string& text : texts) Text(text);
  }
  void Maybe(const std::optional<uint32_t>& value) {
    Number(value.has_value() ? 1 : 0);
    Number(value.value_or(0));
  }
  const std::string& text() const { return text_; }

 private:
  void Bytes(const void* data, size_t size) { text_.append(static_cast<const char*>(data), size); }

  std::string text_;
};

void WriteRule(KeyWriter& key, const spec::SeccompRule& rule) {
  key.Texts(rule.names);
  key.Text(rule.action);
  key.Maybe(rule.errno_ret);
  key.Number(rule.args.size());
  for (const spec::SeccompArg& arg : rule.args) {
    key.Number(arg.index);
    key.Number(arg.value);
    key.Number(arg.value_two);
    key.Text(arg.op);
  }
}

// ---- entries ------------------------------------------------------------------------------------

Digest ChecksumOf(absl::string_view key, std::string entry) {
  std::memset(entry.data() + offsetof(Header, checksum), 0, sizeof(Digest));
  entry.append(key);
  return Blake2b256(entry);
}

std::string Encode(absl::string_view key, const Compiled& compiled) {
  const std::vector<sock_filter>& program = compiled.filter.instructions;
  Header header = {.magic = {},
                   .checksum = {},
                   .flags = compiled.filter.flags,
                   .notifies = compiled.filter.notifies ? 1U : 0U,
                   .instruction_count = static_cast<uint32_t>(program.size()),
                   .name_count = static_cast<uint32_t>(compiled.unknown_syscalls.size())};
  std::copy(std::begin(kMagic), std::end(kMagic), header.magic);
  std::string entry(reinterpret_cast<const char*>(&header), sizeof(header));
  entry.append(reinterpret_cast<const char*>(program.data()), program.size() * sizeof(sock_filter));
  for (const std::string& name : compiled.unknown_syscalls) {
    const auto size = static_cast<uint32_t>(name.size());
    entry.append(reinterpret_cast<const char*>(&size), sizeof(size));
    entry.append(name);
  }
  const Digest checksum = ChecksumOf(key, entry);
  std::memcpy(entry.data() + offsetof(Header, checksum), checksum.data(), checksum.size());
  return entry;
}

// Takes `count` times a size and as many bytes off `rest`, which must then be empty.
bool DecodeNames(absl::string_view rest, uint32_t count, std::vector<std::string>& names) {
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t size = 0;
    if (rest.size() < sizeof(size)) return false;
    std::memcpy(&size, rest.data(), sizeof(size));
    rest.remove_prefix(sizeof(size));
    if (rest.size() < size) return false;
    names.emplace_back(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  return rest.empty();
}

std::optional<Compiled> Decode(absl::string_view key, std::string entry) {
  Header header;
  if (entry.size() < sizeof(header)) return std::nullopt;
  std::memcpy(&header, entry.data(), sizeof(header));
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0) return std::nullopt;
  const size_t program_bytes = size_t{header.instruction_count} * sizeof(sock_filter);
  if (header.instruction_count == 0 || header.instruction_count > BPF_MAXINSNS ||
      entry.size() - sizeof(header) < program_bytes) {
    return std::nullopt;
  }
  Compiled compiled;
  compiled.filter.flags = header.flags;
  compiled.filter.notifies = header.notifies != 0;
  compiled.filter.instructions.resize(header.instruction_count);
  std::memcpy(compiled.filter.instructions.data(), entry.data() + sizeof(header), program_bytes);
  const absl::string_view names = absl::string_view(entry).substr(sizeof(header) + program_bytes);
  if (!DecodeNames(names, header.name_count, compiled.unknown_syscalls)) return std::nullopt;
  if (ChecksumOf(key, std::move(entry)) != header.checksum) return std::nullopt;
  return compiled;
}

// What only this user can have written. O_NONBLOCK, so that a fifo in its place does not hang us.
std::optional<Compiled> Load(absl::string_view cache_dir, absl::string_view key) {
  const std::string path = absl::StrCat(cache_dir, "/", key);
  const sys::UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info;
  if (!fd.valid() || fstat(fd.get(), &info) != 0) return std::nullopt;
  if (info.st_mode != (S_IFREG | 0600) || info.st_uid != geteuid()) return std::nullopt;
  const auto size = static_cast<size_t>(info.st_size);
  if (size < sizeof(Header) || size > kLargestEntryBytes) return std::nullopt;
  std::string entry(size, '\0');
  if (pread(fd.get(), entry.data(), size, 0) != info.st_size) return std::nullopt;
  return Decode(key, std::move(entry));
}

// ---- keeping ------------------------------------------------------------------------------------

// Removes the oldest half when there are too many, left-over temporary files among them. Another
// process that has one open keeps it; one that comes later compiles again.
void Prune(int dir_fd) {
  absl::StatusOr<std::vector<std::string>> names = sys::ListDir(dir_fd);
  if (!names.ok() || names->size() <= kMostEntries) return;
  std::vector<std::pair<int64_t, std::string>> by_age;
  for (std::string& name : *names) {
    struct stat info;
    if (fstatat(dir_fd, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    by_age.emplace_back(int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec,
                        std::move(name));
  }
  std::sort(by_age.begin(), by_age.end());
  for (size_t i = 0; i < by_age.size() / 2; ++i) unlinkat(dir_fd, by_age[i].second.c_str(), 0);
}

void Store(absl::string_view cache_dir, absl::string_view key, const Compiled& compiled) {
  const std::string entry = Encode(key, compiled);
  if (entry.size() > kLargestEntryBytes) return;
  const absl::StatusOr<sys::UniqueFd> dir = sys::MakeDirs(cache_dir, 0700);
  struct stat info;
  if (!dir.ok() || fstat(dir->get(), &info) != 0) return;
  if (info.st_uid != geteuid() || (info.st_mode & 022) != 0) return;
  // A cache that cannot be written is slow, not wrong: there is nobody to tell.
  if (!sys::ReplaceFileAt(dir->get(), key, entry, 0600).ok()) return;
  Prune(dir->get());
}

}  // namespace

std::string CacheKey(const Backend& backend, const spec::Seccomp& seccomp) {
  KeyWriter key;
  key.Text(backend.name);
  key.Text(backend.version());
  key.Number(backend.revision);
  key.Text(seccomp.default_action);
  key.Maybe(seccomp.default_errno_ret);
  key.Texts(seccomp.architectures);
  key.Number(seccomp.flags.has_value() ? 1 : 0);
  key.Texts(seccomp.flags.value_or(std::vector<std::string>()));
  key.Number(seccomp.listener_path.empty() ? 0 : 1);
  key.Number(seccomp.syscalls.size());
  for (const spec::SeccompRule& rule : seccomp.syscalls) WriteRule(key, rule);
  const Digest digest = Blake2b256(key.text());
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

absl::StatusOr<Compiled> CompileCached(absl::string_view cache_dir, const Backend& backend,
                                       const spec::Seccomp& seccomp) {
  const std::string key = CacheKey(backend, seccomp);
  if (std::optional<Compiled> kept = Load(cache_dir, key); kept.has_value()) {
    return *std::move(kept);
  }
  absl::StatusOr<Compiled> compiled = backend.compile(seccomp);
  if (compiled.ok()) Store(cache_dir, key, *compiled);
  return compiled;
}

}  // namespace hull::seccomp

#include "cgroups/parse.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace hull::cgroups {
namespace {

std::vector<absl::string_view> Words(absl::string_view line) {
  return absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
}

std::vector<absl::string_view> Lines(absl::string_view text) {
  return absl::StrSplit(text, '\n', absl::SkipEmpty());
}

bool ParseDevice(absl::string_view word, uint64_t& major, uint64_t& minor) {
  const size_t colon = word.find(':');
  return colon != absl::string_view::npos && absl::SimpleAtoi(word.substr(0, colon), &major) &&
         absl::SimpleAtoi(word.substr(colon + 1), &minor);
}

Pressure::Line ParsePressureLine(const std::vector<absl::string_view>& words) {
  Pressure::Line line;
  for (absl::string_view word : words) {
    double value = 0;
    const size_t equals = word.find('=');
    if (equals == absl::string_view::npos) continue;
    const absl::string_view key = word.substr(0, equals), text = word.substr(equals + 1);
    if (key == "total") line.total_us = ParseNumber(text);
    if (key == "total" || !absl::SimpleAtod(text, &value)) continue;
    if (key == "avg10") line.avg10 = value;
    if (key == "avg60") line.avg60 = value;
    if (key == "avg300") line.avg300 = value;
  }
  return line;
}

}  // namespace

uint64_t ParseNumber(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  uint64_t value = 0;
  if (text == "max") return UINT64_MAX;
  return absl::SimpleAtoi(text, &value) ? value : 0;
}

std::map<std::string, uint64_t> ParseFlatKeyed(absl::string_view text) {
  std::map<std::string, uint64_t> values;
  for (absl::string_view line : Lines(text)) {
    const std::vector<absl::string_view> words = Words(line);
    if (words.size() == 2) values[std::string(words[0])] = ParseNumber(words[1]);
  }
  return values;
}

std::vector<uint64_t> ParseNumbers(absl::string_view text) {
  std::vector<uint64_t> numbers;
  for (absl::string_view word : absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty())) {
    numbers.push_back(ParseNumber(word));
  }
  return numbers;
}

std::vector<uint16_t> ParseIdList(absl::string_view text) {
  std::vector<uint16_t> ids;
  for (absl::string_view part :
       absl::StrSplit(absl::StripAsciiWhitespace(text), ',', absl::SkipEmpty())) {
    const std::vector<absl::string_view> ends = absl::StrSplit(part, absl::MaxSplits('-', 1));
    uint32_t first = 0, last = 0;
    if (!absl::SimpleAtoi(ends.front(), &first) || !absl::SimpleAtoi(ends.back(), &last)) break;
    if (first > last || last > UINT16_MAX) break;
    for (uint32_t id = first; id <= last; ++id) ids.push_back(static_cast<uint16_t>(id));
  }
  return ids;
}

Pressure ParsePressure(absl::string_view text) {
  Pressure pressure;
  for (absl::string_view line : Lines(text)) {
    const std::vector<absl::string_view> words = Words(line);
    if (words.empty()) continue;
    if (words[0] == "some") pressure.some = ParsePressureLine(words);
    if (words[0] == "full") pressure.full = ParsePressureLine(words);
  }
  return pressure;
}

std::vector<IoStat> ParseIoStat(absl::string_view text) {
  std::vector<IoStat> devices;
  for (absl::string_view line : Lines(text)) {
    const std::vector<absl::string_view> words = Words(line);
    IoStat device;
    if (words.empty() || !ParseDevice(words[0], device.major, device.minor)) continue;
    for (absl::string_view word : words) {
      const size_t equals = word.find('=');
      if (equals == absl::string_view::npos) continue;
      device.values[std::string(word.substr(0, equals))] = ParseNumber(word.substr(equals + 1));
    }
    devices.push_back(std::move(device));
  }
  return devices;
}

std::vector<BlkioEntry> ParseBlkio(absl::string_view text) {
  std::vector<BlkioEntry> entries;
  for (absl::string_view line : Lines(text)) {
    const std::vector<absl::string_view> words = Words(line);
    BlkioEntry entry;
    if (words.size() < 2 || words.size() > 3) continue;
    if (!ParseDevice(words[0], entry.major, entry.minor)) continue;
    if (words.size() == 3) entry.op = std::string(words[1]);
    entry.value = ParseNumber(words.back());
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace hull::cgroups

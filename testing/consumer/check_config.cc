// //spec alone: reads a config.json, prints what is wrong with it or what it runs.
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "spec/parse.h"
#include "spec/validate.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::stringstream text;
  text << std::ifstream(argv[1]).rdbuf();

  const absl::StatusOr<hull::spec::Parsed> parsed = hull::spec::Parse(text.str(), argv[1]);
  absl::Status status = parsed.status();
  if (status.ok()) status = hull::spec::Validate(*parsed);
  if (!status.ok()) {
    std::cout << status.message() << "\n";
    return 1;
  }
  std::cout << "config ok: host name '" << parsed->spec.hostname << "'\n";
}

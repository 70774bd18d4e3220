// Prepares contracts for the generators of other languages (prepare.h):
//
//   client_contracts --in=FILE --out=FILE [--file_prefix=DIR/]
//       [--go_module=PATH] [--java_package=NAME] [--with_google_rpc]
//
// --in and --out are google.protobuf.FileDescriptorSets. Prints the names of
// the files to generate, one a line.
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

#include "base/strings.h"
#include "millrace/v1/contract.pb.h"
#include "tools/clients/prepare/prepare.h"

namespace {

int Fail(std::string_view message) {
  std::cerr << "client_contracts: " << message << "\n";
  return 1;
}

}  // namespace

int main(int argc, char* argv[]) {
  // The options of contracts are extensions: without a mention the linker may
  // leave them out, and they would not be found by their names.
  google::protobuf::LinkMessageReflection<millrace::v1::Emitter>();
  std::string in, out;
  millrace::clients::PrepareOptions options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    const std::string_view name = flag.substr(0, flag.find('='));
    const std::string value(
        name.size() == flag.size() ? "" : flag.substr(name.size() + 1));
    if (name == "--in") {
      in = value;
    } else if (name == "--out") {
      out = value;
    } else if (name == "--file_prefix") {
      options.file_prefix = value;
    } else if (name == "--go_module") {
      options.go_module = value;
    } else if (name == "--java_package") {
      options.java_package = value;
    } else if (flag == "--with_google_rpc") {
      options.with_google_rpc = true;
    } else {
      return Fail(millrace::StrCat("unknown flag '", flag, "'"));
    }
  }
  if (in.empty() || out.empty()) return Fail("--in and --out must be given");
  google::protobuf::FileDescriptorSet set;
  std::ifstream input(in, std::ios::binary);
  if (!input || !set.ParseFromIstream(&input)) {
    return Fail(millrace::StrCat(in, ": not a set of descriptors"));
  }
  const auto names = millrace::clients::Prepare(options, &set);
  if (!names.ok()) return Fail(millrace::MessageOf(names.status()));
  std::ofstream output(out, std::ios::binary | std::ios::trunc);
  if (!set.SerializeToOstream(&output) || !output.flush()) {
    return Fail(millrace::StrCat(out, ": cannot be written"));
  }
  for (const std::string& name : *names) std::cout << name << "\n";
}

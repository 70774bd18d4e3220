// A process with the sample modules, for the tests that need signals and exit
// codes.

#include "runtime/main.h"
#include "runtime/testdata/sample_modules.h"

int main(int argc, char** argv) {
  using namespace millrace::runtime;
  return Main(argc, argv, {NewGreeter(), NewChoir()},
              {.hint = "try http://{http} or {grpc}"});
}

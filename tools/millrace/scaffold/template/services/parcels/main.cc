// The parcels service as a process of its own; platform.cc has it beside the
// platform's.

#include "runtime/main.h"
#include "services/parcels/module.h"

int main(int argc, char** argv) {
  return millrace::runtime::Main(argc, argv, {&parcels::NewModule});
}

// The parcels service as a process of its own. Services of one process are
// modules in one list: add theirs, and they are wired here.

#include "runtime/main.h"
#include "services/parcels/module.h"

int main(int argc, char** argv) {
  return millrace::runtime::Main(argc, argv, {&parcels::NewModule});
}

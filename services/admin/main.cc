// The admin service as a process of its own.

#include "runtime/main.h"
#include "services/admin/module.h"

int main(int argc, char** argv) {
  return millrace::runtime::Main(argc, argv, {&millrace::admin::NewModule});
}

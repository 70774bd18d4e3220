// The templates service as a process of its own.

#include "runtime/main.h"
#include "services/templates/module.h"

int main(int argc, char** argv) {
  return millrace::runtime::Main(argc, argv, {millrace::templates::Modules()});
}

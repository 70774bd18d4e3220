// The users service as a process of its own.

#include "runtime/main.h"
#include "services/users/module.h"

int main(int argc, char** argv) {
  return millrace::runtime::Main(argc, argv, {&millrace::users::NewModule});
}

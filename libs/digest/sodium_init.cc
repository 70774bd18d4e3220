#include "digest/sodium_init.h"

#include <sodium.h>

#include <cstdlib>

namespace millrace {

void InitSodium() {
  if (sodium_init() < 0) std::abort();
}

}  // namespace millrace

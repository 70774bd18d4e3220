// libsodium wants to be asked once before it is used, by whichever module does.
#ifndef MILLRACE_DIGEST_SODIUM_INIT_H_
#define MILLRACE_DIGEST_SODIUM_INIT_H_

namespace millrace {

// Any thread, any number of times. Ends the process when the system gives no
// random bytes: then nothing here is worth anything.
void InitSodium();

}  // namespace millrace

#endif  // MILLRACE_DIGEST_SODIUM_INIT_H_

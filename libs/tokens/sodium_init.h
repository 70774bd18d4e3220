// libsodium wants to be asked once before it is used. Inside this module only.
#ifndef MILLRACE_TOKENS_SODIUM_INIT_H_
#define MILLRACE_TOKENS_SODIUM_INIT_H_

namespace millrace::tokens {

// Any thread, any number of times. Ends the process when the system gives no
// random bytes: then nothing here is worth anything.
void InitSodium();

}  // namespace millrace::tokens

#endif  // MILLRACE_TOKENS_SODIUM_INIT_H_

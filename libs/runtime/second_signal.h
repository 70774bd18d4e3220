// The way out when nothing else helps: a second SIGTERM or SIGINT.
#ifndef MILLRACE_RUNTIME_SECOND_SIGNAL_H_
#define MILLRACE_RUNTIME_SECOND_SIGNAL_H_

namespace millrace::runtime {

// From now on the first of these signals goes to the handler that is there,
// which is a SignalWatcher's, and the second ends the process at once: the
// kernel does that, whatever the loops are stuck in. Once in a process, after
// the watchers were made.
void EndAtSecondSignal();

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_SECOND_SIGNAL_H_

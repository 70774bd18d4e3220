// Standard input, output and error of a program: for main(), before there are
// threads and after there are none.
#ifndef MILLRACE_BASE_STANDARD_STREAMS_H_
#define MILLRACE_BASE_STANDARD_STREAMS_H_

#include "absl/status/status.h"

namespace millrace {

// Gives each of the descriptors 0 to 2 that is closed to /dev/null, or the next
// file or socket that is opened would be taken for it. What is written to such
// an output fails, rather than being lost.
void OpenStandardStreams();

// Writes what std::cout and stdout still hold. UNAVAILABLE when any of what was
// written to them is lost.
absl::Status FlushOutput();

}  // namespace millrace

#endif  // MILLRACE_BASE_STANDARD_STREAMS_H_

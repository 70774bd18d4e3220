// debug_page.html, which the build puts into the program.
#ifndef MILLRACE_RUNTIME_DEBUG_PAGE_H_
#define MILLRACE_RUNTIME_DEBUG_PAGE_H_

namespace millrace::runtime {

extern const char kDebugPage[];

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_DEBUG_PAGE_H_

#include "runtime/live_handle_log.h"

#include <string_view>
#include <vector>

#include "loop/live_handles.h"

namespace millrace::runtime {
namespace {

// Runs in the loop's next turn, if there were one: nothing that was forgotten.
bool EndsByItself(const LiveHandle& handle) {
  return handle.kind == "posted task" || handle.kind == "immediate" ||
         handle.kind == "close callback";
}

}  // namespace

void LogLiveHandles(EventLoop& loop, Logger& logger) {
  for (const LiveHandle& handle : LiveHandles(loop)) {
    if (!handle.refed || handle.closing || EndsByItself(handle)) continue;
    std::vector<LogField> fields = {{"kind", std::string_view(handle.kind)},
                                    {"count", handle.count}};
    const auto add = [&](std::string_view key, const std::string& value) {
      if (!value.empty()) fields.emplace_back(key, std::string_view(value));
    };
    add("detail", handle.detail);
    add("where", handle.where);
    add("handler", handle.activity);
    logger.Write(Severity::kWarning, "the loop still has something open",
                 fields);
  }
}

}  // namespace millrace::runtime

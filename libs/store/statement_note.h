// Which statement a job is at, for who asks what a call waits for.
#ifndef MILLRACE_STORE_STATEMENT_NOTE_H_
#define MILLRACE_STORE_STATEMENT_NOTE_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

#include "loop/wait_note.h"

namespace millrace::store {

// Written by the worker, read by the loop. The text of a statement has no
// values of its parameters.
class StatementNote {
 public:
  void Set(std::string_view sql) {
    const std::lock_guard lock(mutex_);
    size_ = std::min(sql.size(), text_.size());
    std::copy_n(sql.data(), size_, text_.data());
  }
  std::string Get() const {
    const std::lock_guard lock(mutex_);
    return {text_.data(), size_};
  }

 private:
  mutable std::mutex mutex_;
  size_t size_ = 0;
  std::array<char, 240> text_;
};

// That somebody waits for a transaction, and for what of it.
class JobNote final : public WaitNote {
 public:
  JobNote(std::string_view database, const StatementNote& statement)
      : WaitNote("statement", database), statement_(statement) {}

  std::string what() const override {
    const std::string statement = statement_.Get();
    const std::string database = WaitNote::what();
    return statement.empty() ? "a connection to " + database
                             : database + ": " + statement;
  }

 private:
  const StatementNote& statement_;
};

}  // namespace millrace::store

#endif  // MILLRACE_STORE_STATEMENT_NOTE_H_

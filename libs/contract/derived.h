// What the conversions of derived messages are made of, beside assignments.
//
// For a derived message, such as UserPatch = Partial<Omit<User, {id}>>, the
// contract compiler writes in the namespace of the message
//
//   UserPatch ToUserPatch(const User&);     and the way back, ToUser()
//   void ApplyTo(const UserPatch&, User*);  what is set in the patch
//   absl::Status ApplyTo(const UserPatch&, const google::protobuf::FieldMask&,
//                        User*);            what the mask names
//
// A conversion gives what parsing the bytes of its source would give, without
// unknown fields: those of the source stay behind, which is what keeps an
// omitted field from leaving (parsing would carry it along as unknown). What is
// applied to a message leaves the message's own unknown fields alone.
// Thread-safe; only masks fail, with INVALID_ARGUMENT.
#ifndef MILLRACE_CONTRACT_DERIVED_H_
#define MILLRACE_CONTRACT_DERIVED_H_

#include <google/protobuf/field_mask.pb.h>

#include <cmath>
#include <initializer_list>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace millrace::derived {

// Whether a floating point field without presence is on the wire: negative zero
// is, though it equals zero.
inline bool IsSet(double value) { return value != 0 || std::signbit(value); }

// The first name of a path such as "home.street", and what is behind it.
class Step {
 public:
  explicit Step(std::string_view path) : path_(path), end_(path.find('.')) {}

  // The path is this name.
  bool Is(std::string_view name) const {
    return end_ == path_.npos && path_ == name;
  }

  // The path goes on behind this name.
  bool Enters(std::string_view name) const {
    return end_ != path_.npos && path_.substr(0, end_) == name;
  }

  // Only when the path goes on.
  std::string_view rest() const { return path_.substr(end_ + 1); }

 private:
  const std::string_view path_;
  const size_t end_;
};

// Visits the paths of a mask: `visit` answers whether a path names anything
// and, with `assign`, assigns it. When one names nothing, none is assigned and
// the error says which, as violations of "update_mask". "*" stands for all
// `fields` of the message.
absl::Status ApplyMask(
    const google::protobuf::FieldMask& mask, std::string_view message,
    std::initializer_list<std::string_view> fields,
    absl::FunctionRef<bool(std::string_view path, bool assign)> visit);

}  // namespace millrace::derived

#endif  // MILLRACE_CONTRACT_DERIVED_H_

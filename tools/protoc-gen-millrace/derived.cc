#include "tools/protoc-gen-millrace/derived.h"

#include <algorithm>

#include "base/strings.h"
#include "millrace/v1/contract.pb.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

// Whether a value of the one can be assigned to the other.
bool SameType(const FieldDescriptor* a, const FieldDescriptor* b) {
  if (a->type() != b->type() || a->is_repeated() != b->is_repeated() ||
      a->is_map() != b->is_map()) {
    return false;
  }
  if (a->is_map()) {
    return SameType(a->message_type()->map_key(),
                    b->message_type()->map_key()) &&
           SameType(a->message_type()->map_value(),
                    b->message_type()->map_value());
  }
  return a->message_type() == b->message_type() &&
         a->enum_type() == b->enum_type();
}

class Reader {
 public:
  Reader(const pb::Descriptor* message, Diagnostics* diagnostics)
      : message_(message),
        option_(message->options().GetExtension(v1::derived)),
        diagnostics_(diagnostics) {
    model_.message = message;
    model_.type = option_.type();
  }

  ConversionModel Read() {
    if (option_.sources_size() == 0) {
      ReadRecord();
      return model_;
    }
    for (const v1::DerivedSource& source : option_.sources()) {
      ReadSource(source);
    }
    for (int i = 0; i < message_->field_count(); ++i) {
      if (good_ && !IsKnown(message_->field(i))) {
        Refuse(StrCat("field ", message_->field(i)->name(), " of ",
                      message_->full_name(), " is from no source"));
      }
    }
    return model_;
  }

 private:
  void Refuse(const std::string& what) {
    good_ = false;
    diagnostics_->Error(
        Place::OfOption(message_, v1::kDerivedFieldNumber), what,
        "the option (millrace.v1.derived) is written by the compiler, with the "
        "message",
        "write the file again with --millrace_out=derive:DIR, or leave the "
        "option out of a message that is written by hand");
  }

  bool IsKnown(const FieldDescriptor* field) const {
    for (const SourceModel& source : model_.sources) {
      for (const FieldPair& pair : source.fields) {
        if (pair.from == field) return true;
      }
    }
    return false;
  }

  void ReadSource(const v1::DerivedSource& option) {
    SourceModel source;
    source.message =
        message_->file()->pool()->FindMessageTypeByName(option.message());
    if (source.message == nullptr || source.message == message_ ||
        source.message->options().map_entry()) {
      Refuse(StrCat("there is no message '", option.message(), "' that ",
                    message_->full_name(), " could be from"));
      return;
    }
    for (int i = 0; i < message_->field_count(); ++i) {
      const FieldDescriptor* field = message_->field(i);
      const auto& names = option.fields();
      if (!names.empty() &&
          std::find(names.begin(), names.end(), field->name()) == names.end()) {
        continue;
      }
      const FieldDescriptor* theirs =
          source.message->FindFieldByNumber(field->number());
      if (theirs == nullptr || theirs->name() != field->name() ||
          !SameType(field, theirs) || IsKnown(field)) {
        Refuse(StrCat("field ", field->name(), " of ", message_->full_name(),
                      " is not that of ", source.message->full_name()));
        continue;
      }
      source.fields.push_back({field, theirs});
    }
    for (const SourceModel& other : model_.sources) {
      if (other.message != source.message) continue;
      Refuse(StrCat(source.message->full_name(), " is a source twice"));
      return;
    }
    model_.sources.push_back(std::move(source));
  }

  void ReadRecord() {
    const FieldDescriptor* entries = message_->FindFieldByName("entries");
    if (message_->field_count() != 1 || entries == nullptr ||
        !entries->is_map() ||
        entries->message_type()->map_value()->message_type() == nullptr) {
      Refuse(StrCat(message_->full_name(), " has no sources and is no Record"));
      return;
    }
    model_.entries = entries;
    if (option_.key().empty()) return;
    model_.key =
        entries->message_type()->map_value()->message_type()->FindFieldByName(
            option_.key());
    if (model_.key == nullptr ||
        !SameType(model_.key, entries->message_type()->map_key())) {
      Refuse(StrCat("'", option_.key(), "' is not the key of ",
                    message_->full_name()));
    }
  }

  const pb::Descriptor* const message_;
  const v1::Derived& option_;
  Diagnostics* const diagnostics_;
  bool good_ = true;
  ConversionModel model_;
};

}  // namespace

bool IsDerived(const pb::Descriptor* message) {
  return message->options().HasExtension(v1::derived);
}

bool HasDerived(const pb::FileDescriptor* file) {
  for (int i = 0; i < file->message_type_count(); ++i) {
    if (IsDerived(file->message_type(i))) return true;
  }
  return false;
}

std::vector<ConversionModel> ReadDerived(const pb::FileDescriptor* file,
                                         Diagnostics* diagnostics) {
  std::vector<ConversionModel> models;
  for (int i = 0; i < file->message_type_count(); ++i) {
    if (IsDerived(file->message_type(i))) {
      models.push_back(Reader(file->message_type(i), diagnostics).Read());
    }
  }
  return models;
}

}  // namespace millrace::compiler

#include "tools/protoc-gen-millrace/derive.h"

#include <google/protobuf/compiler/cpp/names.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "absl/strings/str_join.h"
#include "base/strings.h"
#include "base/suggest.h"
#include "millrace/v1/contract.pb.h"
#include "tools/protoc-gen-millrace/derive_extend.h"
#include "tools/protoc-gen-millrace/derive_key.h"
#include "tools/protoc-gen-millrace/derive_name.h"
#include "tools/protoc-gen-millrace/derive_scope.h"
#include "tools/protoc-gen-millrace/names.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;

constexpr std::string_view kExample = "partial: {message: \"User\"}";

// A message or an expression: fields, and how they came about.
struct Type {
  std::vector<DerivedField> fields;
  std::string text;
};

class Reader {
 public:
  Reader(const pb::FileDescriptor* file, Diagnostics* diagnostics)
      : file_(file),
        options_(file->options()),
        count_(options_.ExtensionSize(v1::derive)),
        scope_(file),
        diagnostics_(diagnostics) {}

  std::vector<DerivedModel> Read() {
    for (int i = 0; i < count_; ++i) {
      names_.push_back(Option(i).name());
      index_.emplace(Option(i).name(), i);
    }
    CheckDeriveNames(file_, names_, diagnostics_);
    for (int i = 0; i < count_; ++i) Derived(i);
    std::vector<DerivedModel> models;
    for (int i = 0; i < count_; ++i) models.push_back(models_[i]);
    return models;
  }

 private:
  enum class State { kNew, kActive, kDone, kFailed };

  const v1::Derive& Option(int index) const {
    return options_.GetExtension(v1::derive, index);
  }

  Place Here() const {
    return Place::OfOption(file_, v1::kDeriveFieldNumber, current_);
  }

  void Refuse(std::string_view what, std::string_view why,
              std::string_view fix) {
    diagnostics_->Error(Here(), what, why, fix);
  }

  std::string FullName(const std::string& name) const {
    return StrCat(file_->package(), file_->package().empty() ? "" : ".", name);
  }

  // The index of the derived message that is meant, or -1.
  int IndexOf(const std::string& name) const {
    for (const auto& [short_name, index] : index_) {
      if (short_name.empty()) continue;
      if (name == short_name || name == FullName(short_name)) return index;
    }
    return -1;
  }

  // The model with this index, worked out at first use; null when it has
  // errors, which are reported.
  const DerivedModel* Derived(int index) {
    State& state = states_[index];
    if (state == State::kActive) {
      RefuseCycle(index);
      state = State::kFailed;
    }
    if (state == State::kFailed) return nullptr;
    if (state == State::kDone) return &models_[index];
    state = State::kActive;
    active_.push_back(index);
    const int before = current_;
    current_ = index;
    const std::optional<DerivedModel> model = Build(Option(index));
    current_ = before;
    active_.pop_back();
    if (!model || state == State::kFailed) {
      state = State::kFailed;
      return nullptr;
    }
    state = State::kDone;
    return &(models_[index] = *model);
  }

  void RefuseCycle(int index) {
    std::string chain;
    for (auto it = std::find(active_.begin(), active_.end(), index);
         it != active_.end(); ++it) {
      StrAppend(&chain, names_[*it], " -> ");
    }
    Refuse(StrCat(names_[index], " is made of itself: ", chain, names_[index]),
           "no message could have its fields",
           "a message that is declared in a file at the end of the chain");
  }

  std::optional<DerivedModel> Build(const v1::Derive& option) {
    DerivedModel model;
    model.name = option.name();
    model.doc = option.doc();
    if (option.type_case() == v1::Derive::kRecord) {
      if (!BuildRecord(option.record(), &model)) return std::nullopt;
      return model;
    }
    std::optional<Type> type = TypeOf(option);
    if (!type) return std::nullopt;
    if (type->fields.empty()) {
      Refuse(StrCat(option.name(), " would have no fields"),
             StrCat("nothing is left of ", type->text),
             "an operator that leaves some");
      return std::nullopt;
    }
    model.fields = std::move(type->fields);
    model.type = std::move(type->text);
    return model;
  }

  std::optional<Type> TypeOf(const v1::Derive& option) {
    switch (option.type_case()) {
      case v1::Derive::kPartial:
        return Partial(option.partial());
      case v1::Derive::kPick:
        return Select(option.pick(), true);
      case v1::Derive::kOmit:
        return Select(option.omit(), false);
      case v1::Derive::kExtend:
        return Extend(option.extend());
      default:
        Refuse(StrCat("derived message ", option.name(), " is made of nothing"),
               "it needs one of partial, pick, omit, extend and record",
               kExample);
        return std::nullopt;
    }
  }

  // What the operator `name` works on.
  template <typename Operator>
  std::optional<Type> OperandOf(const Operator& option, std::string_view name) {
    switch (option.of_case()) {
      case Operator::kMessage:
        return Message(option.message());
      case Operator::kPartial:
        return Partial(option.partial());
      case Operator::kPick:
        return Select(option.pick(), true);
      case Operator::kOmit:
        return Select(option.omit(), false);
      case Operator::kExtend:
        return Extend(option.extend());
      default:
        Refuse(StrCat(name, " of ", names_[current_], " names no message"), "",
               StrCat(name, ": {message: \"User\" ...}"));
        return std::nullopt;
    }
  }

  std::optional<Type> Message(const std::string& name) {
    const int index = IndexOf(name);
    if (index >= 0) {
      const DerivedModel* model = Derived(index);
      if (model == nullptr) return std::nullopt;
      if (model->IsRecord()) {
        Refuse(StrCat(model->name, " is a Record and has no fields of its own"),
               "", StrCat("the message that it is a Record of"));
        return std::nullopt;
      }
      return Type{model->fields, model->name};
    }
    const pb::Descriptor* message =
        scope_.Find(name, Here(), names_, diagnostics_);
    if (message == nullptr) return std::nullopt;
    Type type;
    type.text = ShortName(message->full_name(), message->file(), file_);
    for (int i = 0; i < message->field_count(); ++i) {
      type.fields.push_back({message->field(i), false});
    }
    return type;
  }

  std::optional<Type> Partial(const v1::Operand& option) {
    std::optional<Type> type = OperandOf(option, "partial");
    if (!type) return std::nullopt;
    type->text = StrCat("Partial<", type->text, ">");
    for (DerivedField& field : type->fields) field.partial = true;
    return type;
  }

  std::optional<Type> Select(const v1::Selection& option, bool pick) {
    const std::string_view name = pick ? "pick" : "omit";
    std::optional<Type> type = OperandOf(option, name);
    if (!type) return std::nullopt;
    if (option.fields_size() == 0) {
      Refuse(
          StrCat(name, " of ", names_[current_], " names no fields"),
          pick ? "a message without fields says nothing"
               : "without them it is the message itself",
          type->fields.empty()
              ? std::string()
              : StrCat("fields: [\"", type->fields[0].source->name(), "\"]"));
      return std::nullopt;
    }
    std::set<std::string> selected;
    bool good = true;
    for (const std::string& field : option.fields()) {
      good &= CheckSelected(field, *type, name);
      if (!selected.insert(field).second) {
        Refuse(StrCat(name, " of ", names_[current_], " names '", field,
                      "' twice"),
               "", "leave one of them out");
        good = false;
      }
    }
    if (!good) return std::nullopt;
    std::vector<DerivedField> fields;
    for (const DerivedField& field : type->fields) {
      if ((selected.count(field.source->name()) > 0) == pick) {
        fields.push_back(field);
      }
    }
    const std::vector<std::string> words(option.fields().begin(),
                                         option.fields().end());
    return Type{std::move(fields),
                StrCat(pick ? "Pick<" : "Omit<", type->text, ", {",
                       absl::StrJoin(words, ", "), "}>")};
  }

  // Whether `name` is a field of the type.
  bool CheckSelected(const std::string& name, const Type& type,
                     std::string_view oper) {
    std::vector<std::string> names;
    std::vector<std::string> members;
    for (const DerivedField& field : type.fields) {
      if (field.source->name() == name) return true;
      names.push_back(field.source->name());
      const pb::OneofDescriptor* oneof = field.source->real_containing_oneof();
      if (oneof != nullptr && oneof->name() == name) {
        members.push_back(StrCat("\"", field.source->name(), "\""));
      }
    }
    const std::string what =
        StrCat(oper, " of ", names_[current_], " names '", name, "', ");
    if (!members.empty()) {
      Refuse(StrCat(what, "which is a oneof"),
             "its members are fields of their own",
             StrCat("fields: [", absl::StrJoin(members, ", "), "]"));
    } else if (name.find('.') != name.npos) {
      Refuse(StrCat(what, "which is a path"),
             "the type of a field stays as it is",
             StrCat("the field '", name.substr(0, name.find('.')),
                    "' as a whole"));
    } else {
      Refuse(StrCat(what, "but ", type.text, " has no field '", name, "'",
                    DidYouMean(name, names)),
             "", StrCat("one of ", ListOf(names, "or")));
    }
    return false;
  }

  std::optional<Type> Extend(const v1::Extend& option) {
    if (option.bases_size() < 2) {
      Refuse(StrCat("extend of ", names_[current_], " has ",
                    option.bases_size() == 0 ? "no bases" : "one base"),
             "it joins the fields of two messages or more",
             "bases: [{message: \"User\"}, {message: \"Permissions\"}]");
      return std::nullopt;
    }
    Type all;
    bool good = true;
    for (const v1::Operand& base : option.bases()) {
      const std::optional<Type> type = OperandOf(base, "extend");
      if (!type) return std::nullopt;
      good &= AddFields(type->fields, names_[current_], Here(), diagnostics_,
                        &all.fields);
      StrAppend(&all.text, all.text.empty() ? "Extend<" : ", ", type->text);
    }
    if (!good) return std::nullopt;
    all.text += ">";
    return all;
  }

  bool BuildRecord(const v1::Record& option, DerivedModel* model) {
    if (option.message().empty()) {
      Refuse(StrCat("record of ", model->name, " names no message"), "",
             "record: {message: \"User\"}");
      return false;
    }
    std::vector<const pb::FieldDescriptor*> fields;
    std::string value;
    const int index = IndexOf(option.message());
    if (index >= 0) {
      const DerivedModel* derived = Derived(index);
      if (derived == nullptr) return false;
      value = derived->name;
      model->value = FullName(value);
      for (const auto& field : derived->fields) fields.push_back(field.source);
    } else {
      const pb::Descriptor* message =
          scope_.Find(option.message(), Here(), names_, diagnostics_);
      if (message == nullptr) return false;
      value = ShortName(message->full_name(), message->file(), file_);
      model->value = message->full_name();
      model->value_file = message->file();
      for (int i = 0; i < message->field_count(); ++i) {
        fields.push_back(message->field(i));
      }
    }
    if (!option.key().empty()) {
      model->key = FindRecordKey(option.key(), model->name, value, fields,
                                 Here(), diagnostics_);
      if (model->key == nullptr) return false;
    }
    model->type =
        StrCat("Record<",
               model->key == nullptr ? "string"
                                     : StrCat(value, ".", model->key->name()),
               ", ", value, ">");
    return true;
  }

  const pb::FileDescriptor* const file_;
  const pb::FileOptions& options_;
  const int count_;
  const DeriveScope scope_;
  Diagnostics* const diagnostics_;
  int current_ = 0;
  std::vector<std::string> names_;
  std::map<std::string, int> index_;
  std::map<int, State> states_;
  std::map<int, DerivedModel> models_;
  std::vector<int> active_;
};

}  // namespace

std::vector<const pb::Descriptor*> DerivedModel::Sources() const {
  std::vector<const pb::Descriptor*> sources;
  for (const DerivedField& field : fields) {
    const pb::Descriptor* source = field.source->containing_type();
    if (std::find(sources.begin(), sources.end(), source) == sources.end()) {
      sources.push_back(source);
    }
  }
  return sources;
}

bool HasDerives(const pb::FileDescriptor* file) {
  return file->options().ExtensionSize(v1::derive) > 0;
}

std::string DerivedFileName(const pb::FileDescriptor* file) {
  return pb::compiler::cpp::StripProto(file->name()) + ".derived.proto";
}

std::vector<DerivedModel> ReadDerives(const pb::FileDescriptor* file,
                                      Diagnostics* diagnostics) {
  return Reader(file, diagnostics).Read();
}

}  // namespace millrace::compiler

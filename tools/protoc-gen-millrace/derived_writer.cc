#include "tools/protoc-gen-millrace/derived_writer.h"

#include <google/protobuf/compiler/cpp/names.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>

#include "base/strings.h"
#include "tools/protoc-gen-millrace/assign_writer.h"
#include "tools/protoc-gen-millrace/mask_writer.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

bool AnyMovable(const std::vector<FieldPair>& pairs) {
  return std::any_of(pairs.begin(), pairs.end(), [](const FieldPair& pair) {
    return IsMovable(pair.from);
  });
}

// Whether the code of the models, the paths into their messages included, reads
// a deprecated field.
bool HasDeprecated(const std::vector<ConversionModel>& models) {
  std::vector<const pb::Descriptor*> messages = EnteredMessages(models);
  for (const ConversionModel& model : models) {
    if (!model.sources.empty()) messages.push_back(model.message);
  }
  for (const pb::Descriptor* message : messages) {
    for (int i = 0; i < message->field_count(); ++i) {
      if (message->field(i)->options().deprecated()) return true;
    }
  }
  return false;
}

// The messages of a conversion by their C++ names. Writes declarations and
// definitions, which have the same signatures.
class Conversion {
 public:
  Conversion(const pb::FileDescriptor* file, const ConversionModel& model,
             bool define, Writer* out)
      : file_(file),
        model_(model),
        type_(TypeName(model.message, file)),
        name_(VariableName(model, model.message)),
        define_(define),
        out_(out) {}

  void Write() {
    if (model_.entries != nullptr) {
      WriteRecord();
      return;
    }
    WriteFromSources(false);
    if (CanMoveSources()) WriteFromSources(true);
    for (const SourceModel& source : model_.sources) {
      WriteToSource(source, false);
      if (AnyMovable(source.fields)) WriteToSource(source, true);
    }
    if (model_.sources.size() > 1) {
      for (const SourceModel& source : model_.sources) WriteSetSource(source);
    }
    WriteApply(false);
    if (CanMoveSources()) WriteApply(true);
    WriteApplyMask();
  }

 private:
  std::string TypeOf(const SourceModel& source) const {
    return TypeName(source.message, file_);
  }

  bool CanMoveSources() const {
    return std::any_of(
        model_.sources.begin(), model_.sources.end(),
        [](const SourceModel& source) { return AnyMovable(source.fields); });
  }

  static std::string Reference(const std::string& type, bool move,
                               const std::string& name) {
    return move ? StrCat(type, "&& ", name)
                : StrCat("const ", type, "& ", name);
  }

  // The signature, as a declaration or as the head of a definition; in a header
  // with a comment.
  void Signature(std::string_view comment, const std::string& head,
                 const std::vector<std::string>& parameters) {
    if (define_) out_->Line("");
    if (!define_ && !comment.empty()) {
      out_->Line("");
      out_->Lines(WrappedComment(std::string(comment)));
    }
    out_->Call(head, parameters, define_ ? " {" : ";");
  }

  void End() {
    out_->Outdent();
    out_->Line("}");
  }

  std::vector<std::string> SourceParameters(bool move) const {
    std::vector<std::string> list;
    for (const SourceModel& source : model_.sources) {
      list.push_back(Reference(TypeOf(source), move,
                               VariableName(model_, source.message)));
    }
    return list;
  }

  std::vector<std::string> SourcePointers() const {
    std::vector<std::string> list;
    for (const SourceModel& source : model_.sources) {
      list.push_back(
          StrCat(TypeOf(source), "* ", VariableName(model_, source.message)));
    }
    return list;
  }

  std::string SourceNames() const {
    std::vector<std::string> names;
    for (const SourceModel& source : model_.sources) {
      names.push_back(StrCat("`", VariableName(model_, source.message), "`"));
    }
    return ListOf(names, "and");
  }

  void WriteFromSources(bool move) {
    Signature(
        move ? ""
             : StrCat(model_.type, ": what ", SourceNames(),
                      model_.sources.size() == 1 ? " has" : " have", " of it."),
        StrCat(type_, " ", FunctionName(model_, model_.message)),
        SourceParameters(move));
    if (!define_) return;
    out_->Indent();
    out_->Line(type_, " ", name_, ";");
    for (const SourceModel& source : model_.sources) {
      for (const FieldPair& pair : Reversed(source.fields)) {
        WriteIfSet(
            pair,
            {VariableName(model_, source.message), StrCat(name_, "."), move},
            out_);
      }
    }
    out_->Line("return ", name_, ";");
    End();
  }

  void WriteToSource(const SourceModel& source, bool move) {
    const std::string variable = VariableName(model_, source.message);
    Signature(
        move ? ""
             : StrCat("A ", source.message->name(),
                      " of which nothing is set but what `", name_, "` has."),
        StrCat(TypeOf(source), " ", FunctionName(model_, source.message)),
        {Reference(type_, move, name_)});
    if (!define_) return;
    out_->Indent();
    out_->Line(TypeOf(source), " ", variable, ";");
    if (model_.sources.size() == 1) {
      out_->Call("ApplyTo",
                 {move ? StrCat("std::move(", name_, ")") : name_,
                  StrCat("&", variable)},
                 ";");
    } else {
      for (const FieldPair& pair : source.fields) {
        WriteIfSet(pair, {name_, StrCat(variable, "."), move}, out_);
      }
    }
    out_->Line("return ", variable, ";");
    End();
  }

  void WriteSetSource(const SourceModel& source) {
    const std::string variable = VariableName(model_, source.message);
    Signature(StrCat("Makes the fields of `", name_, "` that are from ",
                     source.message->name(), " those of `", variable,
                     "`, also those that are not set."),
              "void Assign",
              {Reference(TypeOf(source), false, variable),
               StrCat(type_, "* ", name_)});
    if (!define_) return;
    out_->Indent();
    for (const FieldPair& pair : Reversed(source.fields)) {
      WriteAssign(pair, {variable, StrCat(name_, "->")}, out_);
    }
    End();
  }

  void WriteApply(bool move) {
    std::vector<std::string> parameters = {Reference(type_, move, name_)};
    for (const std::string& pointer : SourcePointers()) {
      parameters.push_back(pointer);
    }
    Signature(
        move ? ""
             : StrCat("Sets in ", SourceNames(), " what is set in `", name_,
                      "`. Lists, maps and messages are replaced as a "
                      "whole; an empty list or map is not set."),
        "void ApplyTo", parameters);
    if (!define_) return;
    out_->Indent();
    for (const SourceModel& source : model_.sources) {
      for (const FieldPair& pair : source.fields) {
        WriteIfSet(
            pair,
            {name_, StrCat(VariableName(model_, source.message), "->"), move},
            out_);
      }
    }
    End();
  }

  void WriteApplyMask() {
    std::vector<std::string> parameters = {
        Reference(type_, false, name_),
        "const google::protobuf::FieldMask& mask"};
    std::vector<std::string> arguments = {"path", name_};
    std::vector<std::string> names;
    for (const std::string& pointer : SourcePointers()) {
      parameters.push_back(pointer);
    }
    for (const SourceModel& source : model_.sources) {
      const std::string variable = VariableName(model_, source.message);
      arguments.push_back(StrCat("assign ? ", variable, " : nullptr"));
      for (const FieldPair& pair : source.fields) {
        names.push_back(Quoted(pair.from->name()));
      }
    }
    Signature(
        StrCat("Makes the fields of ", SourceNames(),
               " that `mask` names those of `", name_,
               "`, also those that are not set. \"*\" names all. "
               "INVALID_ARGUMENT, and nothing is changed, when a path names "
               "no field of ",
               model_.message->name(), "."),
        "absl::Status ApplyTo", parameters);
    if (!define_) return;
    out_->Indent();
    std::string list = Breakable("", names, "", 70);
    list.front() = '{';
    list.back() = '}';
    out_->Line("return millrace::derived::ApplyMask(");
    out_->Indent(4);
    out_->Line("mask, ", Quoted(model_.message->name()), ",");
    out_->Line(list, ",");
    out_->Line("[&](std::string_view path, bool assign) {");
    out_->Indent();
    out_->Call("return AssignPath", arguments, ";");
    out_->Outdent();
    out_->Line("});");
    out_->Outdent(4);
    End();
  }

  void WriteRecord() {
    const pb::Descriptor* value =
        model_.entries->message_type()->map_value()->message_type();
    const std::string value_type = TypeName(value, file_);
    WriteFind(value_type);
    if (model_.key == nullptr) return;
    WriteFromValues(value_type, false);
    WriteFromValues(value_type, true);
  }

  void WriteFind(const std::string& value_type) {
    const FieldDescriptor* key = model_.entries->message_type()->map_key();
    const bool text = key->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    Signature(StrCat(model_.type, ": the value of the key, or null."),
              StrCat("const ", value_type, "* Find"),
              {Reference(type_, false, name_),
               text ? std::string("const std::string& key")
                    : StrCat(CppType(key), " key")});
    if (!define_) return;
    out_->Indent();
    out_->Line("const auto found = ", name_, ".entries().find(key);");
    out_->Line("return found == ", name_,
               ".entries().end() ? nullptr : &found->second;");
    End();
  }

  void WriteFromValues(const std::string& value_type, bool move) {
    const std::string list =
        StrCat("google::protobuf::RepeatedPtrField<", value_type, ">");
    Signature(move ? ""
                   : StrCat("The values by their `", model_.key->name(),
                            "`; of those with the same the last."),
              StrCat(type_, " ", FunctionName(model_, model_.message)),
              {Reference(list, move, "values")});
    if (!define_) return;
    const std::string key =
        StrCat("value.", pb::compiler::cpp::FieldName(model_.key), "()");
    out_->Indent();
    out_->Line(type_, " ", name_, ";");
    out_->Line("for (", move ? "" : "const ", value_type,
               "& value : values) {");
    if (!move) {
      out_->Line("  (*", name_, ".mutable_entries())[", key, "] = value;");
    } else if (model_.key->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      out_->Line("  std::string key = ", key, ";");
      out_->Line("  (*", name_,
                 ".mutable_entries())[std::move(key)] = std::move(value);");
    } else {
      out_->Line("  const auto key = ", key, ";");
      out_->Line("  (*", name_, ".mutable_entries())[key] = std::move(value);");
    }
    out_->Line("}");
    out_->Line("return ", name_, ";");
    End();
  }

  static std::string_view CppType(const FieldDescriptor* field) {
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return "int32_t";
      case FieldDescriptor::CPPTYPE_INT64:
        return "int64_t";
      case FieldDescriptor::CPPTYPE_UINT32:
        return "uint32_t";
      case FieldDescriptor::CPPTYPE_UINT64:
        return "uint64_t";
      default:
        return "bool";
    }
  }

  const pb::FileDescriptor* const file_;
  const ConversionModel& model_;
  const std::string type_;
  const std::string name_;
  const bool define_;
  Writer* const out_;
};

}  // namespace

std::set<std::string> DerivedHeaders(
    const std::vector<ConversionModel>& models) {
  std::set<std::string> headers;
  for (const ConversionModel& model : models) {
    for (const SourceModel& source : model.sources) {
      headers.insert(MessagesHeaderName(source.message->file()));
      headers.insert("google/protobuf/field_mask.pb.h");
      headers.insert("absl/status/status.h");
    }
  }
  return headers;
}

void DeclareDerived(const pb::FileDescriptor* file,
                    const std::vector<ConversionModel>& models, Writer* out) {
  for (const ConversionModel& model : models) {
    Conversion(file, model, false, out).Write();
  }
}

void DefineDerived(const pb::FileDescriptor* file,
                   const std::vector<ConversionModel>& models, Writer* out) {
  const bool any = std::any_of(
      models.begin(), models.end(),
      [](const ConversionModel& model) { return !model.sources.empty(); });
  if (any && HasDeprecated(models)) {
    out->Line("\n// Deprecated fields are carried along.");
    out->Line("#pragma GCC diagnostic ignored \"-Wdeprecated-declarations\"");
  }
  if (any) DefinePaths(file, models, out);
  for (const ConversionModel& model : models) {
    Conversion(file, model, true, out).Write();
  }
}

}  // namespace millrace::compiler

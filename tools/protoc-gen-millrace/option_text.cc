#include "tools/protoc-gen-millrace/option_text.h"

#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/text_format.h>

#include <memory>

#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/strings.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

// The value of a field, or of its element with this index.
std::string ValueText(const pb::Message& message, const FieldDescriptor* field,
                      int index) {
  if (field->message_type() != nullptr) {
    const pb::Reflection* reflection = message.GetReflection();
    return OptionValue(
        field->is_repeated()
            ? reflection->GetRepeatedMessage(message, field, index)
            : reflection->GetMessage(message, field));
  }
  std::string text;
  pb::TextFormat::PrintFieldValueToString(
      message, field, field->is_repeated() ? index : -1, &text);
  return text;
}

// What fits on a line, with some indentation before it.
constexpr size_t kWidth = 70;

// A literal in parts, on lines of their own, when it is longer than `width`.
std::string Literal(const std::string& text, size_t width) {
  std::string parts;
  size_t start = 0;
  while (text.size() - start > width) {
    const size_t space = text.rfind(' ', start + width - 2);
    if (space == text.npos || space <= start) break;
    StrAppend(&parts, start == 0 ? "" : "\"",
              text.substr(start, space + 1 - start), "\"\n  ");
    start = space + 1;
  }
  return StrCat(parts, start == 0 ? "" : "\"", text.substr(start));
}

std::string Indented(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\n", "\n  "}});
}

// "name: value", and "name: [values]". Messages stand each on its own, with the
// name again: protobuf.js, and with it @grpc/proto-loader, reads no lists of
// messages.
std::string Entry(const pb::Message& message, const FieldDescriptor* field) {
  const std::string name = field->is_extension()
                               ? StrCat("[", field->full_name(), "]")
                               : field->name();
  if (!field->is_repeated()) {
    const std::string value = ValueText(message, field, -1);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      return StrCat(name, ": ", Literal(value, kWidth - name.size()));
    }
    return StrCat(name, ": ", value);
  }
  std::vector<std::string> values;
  const int size = message.GetReflection()->FieldSize(message, field);
  for (int i = 0; i < size; ++i) values.push_back(ValueText(message, field, i));
  if (field->message_type() != nullptr) {
    return StrCat(name, ": ", absl::StrJoin(values, StrCat("\n", name, ": ")));
  }
  const std::string line =
      StrCat(name, ": [", absl::StrJoin(values, ", "), "]");
  if (line.size() <= kWidth && line.find('\n') == line.npos) return line;
  return StrCat(name, ": [\n  ", Indented(Filled(values, kWidth)), "\n]");
}

}  // namespace

std::string Filled(const std::vector<std::string>& words, size_t width) {
  std::string text;
  size_t column = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    const bool last = i + 1 == words.size();
    if (column > 0 && column + 1 + words[i].size() + 1 > width) {
      text += '\n';
      column = 0;
    } else if (column > 0) {
      text += ' ';
      ++column;
    }
    StrAppend(&text, words[i], last ? "" : ",");
    column += words[i].size() + 1;
  }
  return text;
}

std::string OptionValue(const pb::Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  std::vector<std::string> entries;
  for (const FieldDescriptor* field : fields) {
    entries.push_back(Entry(message, field));
  }
  if (entries.empty()) return "{}";
  if (entries.size() == 1 && entries[0].find('\n') == std::string::npos &&
      entries[0].size() < 60 && !fields[0]->is_repeated()) {
    return StrCat("{", entries[0], "}");
  }
  return StrCat("{\n  ", Indented(absl::StrJoin(entries, "\n")), "\n}");
}

std::vector<OptionText> OptionTexts(const pb::Message& options,
                                    const pb::DescriptorPool* pool,
                                    std::set<std::string>* imports) {
  // The pool's own type knows options of which this program knows nothing.
  pb::DynamicMessageFactory factory(pool);
  std::unique_ptr<pb::Message> copy;
  const pb::Message* all = &options;
  const pb::Descriptor* type =
      pool->FindMessageTypeByName(options.GetDescriptor()->full_name());
  if (type != nullptr) {
    copy.reset(factory.GetPrototype(type)->New());
    if (copy->ParsePartialFromString(options.SerializePartialAsString())) {
      all = copy.get();
    }
  }
  std::vector<const FieldDescriptor*> fields;
  all->GetReflection()->ListFields(*all, &fields);
  std::vector<OptionText> texts;
  for (const FieldDescriptor* field : fields) {
    if (field->name() == "uninterpreted_option") continue;
    if (field->is_extension()) imports->insert(field->file()->name());
    const std::string name = field->is_extension()
                                 ? StrCat("(", field->full_name(), ")")
                                 : field->name();
    const int size =
        field->is_repeated() ? all->GetReflection()->FieldSize(*all, field) : 1;
    for (int i = 0; i < size; ++i) {
      texts.push_back({name, ValueText(*all, field, i)});
    }
  }
  return texts;
}

}  // namespace millrace::compiler

#include <cmath>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/strings.h"
#include "services/templates/engine/program.h"

namespace millrace::templates {
namespace {

using google::protobuf::Value;

void AppendHtml(std::string_view text, std::string* out) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out->append("&amp;");
        break;
      case '<':
        out->append("&lt;");
        break;
      case '>':
        out->append("&gt;");
        break;
      case '"':
        out->append("&quot;");
        break;
      case '\'':
        out->append("&#39;");
        break;
      default:
        out->push_back(c);
    }
  }
}

std::string NumberText(double number) {
  if (std::trunc(number) == number && std::abs(number) < 1e15) {
    return absl::StrFormat("%.0f", number);
  }
  for (int digits = 15; digits < 17; ++digits) {
    std::string text = absl::StrFormat("%.*g", digits, number);
    if (std::stod(text) == number) return text;
  }
  return absl::StrFormat("%.17g", number);
}

std::string TextOf(const Value& value) {
  switch (value.kind_case()) {
    case Value::kStringValue:
      return value.string_value();
    case Value::kNumberValue:
      return NumberText(value.number_value());
    case Value::kBoolValue:
      return value.bool_value() ? "true" : "false";
    default:
      return "";
  }
}

bool IsFalsy(const Value& value) {
  switch (value.kind_case()) {
    case Value::kBoolValue:
      return !value.bool_value();
    case Value::kListValue:
      return value.list_value().values().empty();
    case Value::kStringValue:
      return value.string_value().empty();
    case Value::kNumberValue:
      return value.number_value() == 0;
    case Value::kStructValue:
      return false;
    default:
      return true;
  }
}

const Value* Member(const Value& value, const std::string& name) {
  if (!value.has_struct_value()) return nullptr;
  const auto& fields = value.struct_value().fields();
  const auto found = fields.find(name);
  return found == fields.end() ? nullptr : &found->second;
}

}  // namespace

class Renderer {
 public:
  Renderer(const Program& program, const Limits& limits)
      : program_(program), limits_(limits) {}

  absl::StatusOr<std::string> Run(const Value& root) {
    contexts_.push_back(&root);
    size_t steps = 0;
    for (size_t at = 0; at < program_.ops_.size();) {
      if (++steps > limits_.steps) {
        return absl::ResourceExhaustedError(
            StrCat("rendering takes more than ", limits_.steps, " steps"));
      }
      at = Step(at);
      if (out_.size() > limits_.output_bytes) {
        return absl::ResourceExhaustedError(StrCat(
            "rendering makes more than ", limits_.output_bytes, " bytes"));
      }
    }
    return std::move(out_);
  }

 private:
  using Code = Program::Code;

  // An open section; `list` when it repeats.
  struct Frame {
    const Value* list = nullptr;
    int index = 0;
    bool pushed = false;
  };

  size_t Step(size_t at) {
    const Program::Op& op = program_.ops_[at];
    switch (op.code) {
      case Code::kText:
        out_.append(op.text);
        return at + 1;
      case Code::kVariable:
      case Code::kRawVariable: {
        const Value* value = Lookup(op.path);
        if (value == nullptr) return at + 1;
        if (op.code == Code::kVariable &&
            program_.escaping_ == Escaping::kHtml) {
          AppendHtml(TextOf(*value), &out_);
        } else {
          out_.append(TextOf(*value));
        }
        return at + 1;
      }
      case Code::kInverted: {
        const Value* value = Lookup(op.path);
        if (value != nullptr && !IsFalsy(*value)) return op.jump;
        frames_.push_back({});
        return at + 1;
      }
      case Code::kSection:
        return Enter(op, at);
      case Code::kEnd:
        return Leave(op, at);
    }
    return at + 1;
  }

  size_t Enter(const Program::Op& op, size_t at) {
    const Value* value = Lookup(op.path);
    if (value == nullptr || IsFalsy(*value)) return op.jump;
    if (value->has_list_value()) {
      frames_.push_back({.list = value, .pushed = true});
      contexts_.push_back(&value->list_value().values(0));
    } else {
      frames_.push_back({.pushed = true});
      contexts_.push_back(value);
    }
    return at + 1;
  }

  size_t Leave(const Program::Op& op, size_t at) {
    Frame& frame = frames_.back();
    if (frame.list != nullptr &&
        ++frame.index < frame.list->list_value().values_size()) {
      contexts_.back() = &frame.list->list_value().values(frame.index);
      return op.jump + 1;
    }
    if (frame.pushed) contexts_.pop_back();
    frames_.pop_back();
    return at + 1;
  }

  // The first part is looked for from the innermost context outwards, the rest
  // only inside what it names.
  const Value* Lookup(const std::vector<std::string>& path) const {
    if (path.empty()) return contexts_.back();
    const Value* value = nullptr;
    for (auto context = contexts_.rbegin();
         value == nullptr && context != contexts_.rend(); ++context) {
      value = Member(**context, path[0]);
    }
    for (size_t i = 1; value != nullptr && i < path.size(); ++i) {
      value = Member(*value, path[i]);
    }
    return value;
  }

  const Program& program_;
  const Limits limits_;
  std::vector<const Value*> contexts_;
  std::vector<Frame> frames_;
  std::string out_;
};

absl::StatusOr<std::string> Program::Render(
    const google::protobuf::Struct& data, const Limits& limits) const {
  Value root;
  *root.mutable_struct_value() = data;
  return Renderer(*this, limits).Run(root);
}

}  // namespace millrace::templates

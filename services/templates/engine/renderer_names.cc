// What names stand for: contexts, their members, and what loops know.
#include <algorithm>
#include <charconv>

#include "base/strings.h"
#include "base/suggest.h"
#include "services/templates/engine/renderer.h"

namespace millrace::templates {

const Value* Renderer::Resolve(const Op& op) {
  if (op.scope != 0) return Special(op);
  if (op.count == 0) return contexts_.back();
  return Outwards(op, 0);
}

// The first part is looked for from a context outwards, the others only inside
// of what it names.
const Value* Renderer::Outwards(const Op& op, size_t outer) {
  if (outer >= contexts_.size()) return nullptr;
  const Key& key = code_->keys[op.a];
  const std::string_view name = code_->View(key);
  const Value* const* context = &contexts_.back() - outer;
  for (size_t left = contexts_.size() - outer; left > 0; --left, --context) {
    if (!(*context)->is_object()) continue;
    const Value* value = SearchMember(**context, key.hash, name, &hints_[op.a]);
    if (value != nullptr) return op.count == 1 ? value : Inside(value, op, 1);
    --fuel_;
  }
  return nullptr;
}

const Value* Renderer::Inside(const Value* value, const Op& op, uint32_t from) {
  for (uint32_t i = from; i < op.count && value != nullptr; ++i) {
    if (!value->is_object()) return nullptr;
    const Key& key = code_->keys[op.a + i];
    value = SearchMember(*value, key.hash, code_->View(key), &hints_[op.a + i]);
  }
  return value;
}

const Value* Renderer::Special(const Op& op) {
  const auto boolean = [this](bool value) {
    scratch_.kind = value ? Kind::kTrue : Kind::kFalse;
    return &scratch_;
  };
  switch (op.scope) {
    case kThis:
      return Inside(contexts_.back(), op, 0);
    case kRoot:
      return Inside(contexts_.front(), op, 0);
    case kIndex:
    case kKey:
    case kFirst:
    case kLast:
      break;
    default:
      if (op.count > 0) return Outwards(op, op.scope);
      if (op.scope >= contexts_.size()) return nullptr;
      return *(&contexts_.back() - op.scope);
  }
  if (loop_ == kNone) return nullptr;
  const Frame& loop = frames_[loop_];
  if (op.scope == kFirst) return boolean(loop.index == 0);
  if (op.scope == kLast) return boolean(loop.index + 1 == loop.size);
  if (op.scope == kKey && loop.kind == Frame::kObject) {
    const Member& member = loop.members[loop.index];
    scratch_.kind = Kind::kString;
    scratch_.text = member.key;
    scratch_.size = member.key_size;
    return &scratch_;
  }
  const auto end = std::to_chars(scratch_text_, scratch_text_ + 16, loop.index);
  scratch_.kind = Kind::kNumber;
  scratch_.text = scratch_text_;
  scratch_.size = static_cast<uint32_t>(end.ptr - scratch_text_);
  return &scratch_;
}

void Renderer::Missing(const Op& op) {
  if (!options_.require_fields) return;
  const std::string name = code_->PathText(op);
  Fail(
      absl::StatusCode::kInvalidArgument,
      StrCat("the data has no '", name, "'", DidYouMean(name, VisibleNames())));
}

std::vector<std::string> Renderer::VisibleNames() const {
  constexpr size_t kMost = 1000;
  std::vector<std::string> names;
  for (const Value* context : contexts_) {
    if (!context->is_object()) continue;
    for (uint32_t i = 0; i < context->size && names.size() < kMost; ++i) {
      names.emplace_back(context->members[i].key_view());
    }
  }
  return names;
}

void Renderer::CallHelper(const Op& op) {
  const HelperSite& site = code_->helpers[op.b];
  HelperCall call;
  size_t bytes = 0;  // that it is given
  for (uint32_t i = 0; i < site.argument_count; ++i) {
    const Argument& argument = code_->arguments[site.first_argument + i];
    Value value = argument.literal;
    if (argument.is_path) {
      const Value* found = Resolve(argument.path);
      if (found == nullptr) {
        Missing(argument.path);
      } else {
        value = *found;
      }
      // Another @index would take its place.
      if (value.text == scratch_text_) {
        std::string& kept = helper_texts_.emplace_back(value.text_view());
        value.text = kept.data();
      }
    } else if (value.has_text()) {
      value.text = code_->text.data() + argument.path.a;
    }
    if (value.has_text()) bytes += value.size;
    if (argument.name.size == 0) {
      call.values.push_back(value);
    } else {
      call.options.emplace_back(code_->View(argument.name), value);
    }
  }
  call.room = out_bound_ - std::min(out_bound_, out_.size());
  helper_text_.clear();
  const absl::Status status = site.helper->run(call, &helper_text_);
  helper_texts_.clear();
  if (!status.ok()) {
    return Fail(status.code(),
                StrCat("'", site.helper->name, "': ", MessageOf(status)));
  }
  Charge(site.helper->steps + site.argument_count +
         (bytes + helper_text_.size()) / 8);
  if (helper_text_.size() > call.room) return FailOutput();
  Value text;
  text.kind = Kind::kString;
  text.size = static_cast<uint32_t>(helper_text_.size());
  helper_text_.append(kTextPadding, '\0');
  text.text = helper_text_.data();
  Write(text, static_cast<Escape>(op.flags));
}

}  // namespace millrace::templates

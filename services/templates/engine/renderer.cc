#include "services/templates/engine/renderer.h"

#include <algorithm>

#include "base/strings.h"
#include "services/templates/engine/escape_html.h"

namespace millrace::templates {

void Renderer::Start(const Program& program, const Value& data,
                     const RenderOptions& options) {
  keeps_ = program.shared_code();
  code_ = keeps_.get();
  text_ = code_->text.data();
  options_ = options;
  out_.Clear();
  dropped_ = 0;
  out_bound_ = options.bounds.output_bytes;
  steps_left_ = static_cast<int64_t>(
      std::min<size_t>(options.bounds.steps, INT64_MAX / 2));
  fuel_ = 0;
  pc_ = code_->units[0].start;
  calls_ = 0;
  loop_ = chain_ = kNone;
  skip_indent_ = false;
  done_ = false;
  indent_base_ = 0;
  indent_.clear();
  contexts_.assign(1, &data);
  frames_.clear();
  links_.clear();
  hints_.assign(code_->keys.size(), MemberHint());
  status_ = absl::OkStatus();
}

void Renderer::DropOutput() {
  dropped_ += out_.size();
  out_bound_ = options_.bounds.output_bytes - dropped_;
  out_.Clear();
}

absl::StatusOr<Renderer::Progress> Renderer::Step(size_t budget) {
  if (!status_.ok()) return status_;
  if (done_) return Progress::kDone;
  fuel_ = std::min<int64_t>(
      steps_left_, static_cast<int64_t>(std::min<size_t>(budget, INT64_MAX)));
  steps_left_ -= fuel_;
  Run();
  steps_left_ += fuel_;  // some steps take more than there were
  if (!status_.ok()) return status_;
  if (done_) return Progress::kDone;
  if (steps_left_ <= 0) {
    Fail(absl::StatusCode::kResourceExhausted,
         StrCat("rendering takes more than ", options_.bounds.steps, " steps"));
    return status_;
  }
  return Progress::kMore;
}

// Until it is done, has failed, or the fuel is used up.
void Renderer::Run() {
  const Op* const ops = code_->ops.data();
  uint32_t pc = pc_;
  while (fuel_ > 0) {
    // Most operations stand behind a text, which is none of its own then.
    if (ops[pc].code == OpCode::kText) {
      out_.WritePadded(text_ + ops[pc].a, ops[pc].b);
      fuel_ -= ops[pc].b / 256;
      ++pc;
    }
    const Op& op = ops[pc];
    pc_ = pc;  // for errors
    --fuel_;
    switch (op.code) {
      case OpCode::kText:
        break;
      case OpCode::kVariable: {
        const Value* value = Find(op);
        const auto escape = static_cast<Escape>(op.flags);
        if (value == nullptr) {
          Missing(op);
        } else if (!value->has_text() || value->size > kShort ||
                   escape > Escape::kHtmlStrict ||
                   !WriteShort(value->text, value->size, escape, &out_)) {
          Write(*value, escape);
        }
        ++pc;
        break;
      }
      case OpCode::kSection:
        pc = EnterSection(Find(op)) ? pc + 1 : op.b;
        break;
      case OpCode::kEndSection: {
        Frame& frame = frames_.back();
        if (frame.kind != Frame::kScope && NextItem(&frame)) {
          pc = op.a + 1;
          break;
        }
        if (frame.brought_context) contexts_.pop_back();
        loop_ = frame.loop;
        frames_.pop_back();
        pc = op.b;
        break;
      }
      case OpCode::kInverted: {
        const Value* value = Find(op);
        pc = value == nullptr || value->IsFalsy() ? pc + 1 : op.b;
        break;
      }
      case OpCode::kIf: {
        const Value* value = Find(op);
        pc = value == nullptr || value->IsFalsy() ? op.b : pc + 1;
        break;
      }
      case OpCode::kEach:
        pc = EnterEach(Find(op)) ? pc + 1 : op.b;
        break;
      case OpCode::kWith: {
        const Value* value = Find(op);
        if (value == nullptr || value->IsFalsy()) {
          pc = op.b;
          break;
        }
        PushScope(value);
        ++pc;
        break;
      }
      case OpCode::kJump:
        pc = op.b;
        break;
      case OpCode::kIndent:
        if (skip_indent_) {
          skip_indent_ = false;
        } else {
          WriteIndent();
        }
        ++pc;
        break;
      case OpCode::kHelper:
        CallHelper(op);
        ++pc;
        break;
      case OpCode::kPartial:
        EnterCall(op, false);
        pc = pc_;
        break;
      case OpCode::kParent:
        EnterCall(op, true);
        pc = pc_;
        break;
      case OpCode::kBlock:
        EnterBlock(op);
        pc = pc_;
        break;
      case OpCode::kEnd:
        if (frames_.empty()) {
          done_ = true;
          if (out_.size() > out_bound_) FailOutput();
          return;
        }
        [[fallthrough]];
      case OpCode::kEndBody:
        Return();
        pc = pc_;
        break;
    }
    if (out_.size() > out_bound_) FailOutput();
  }
  pc_ = pc;
}

void Renderer::Write(const Value& value, Escape escape) {
  if (value.has_text()) {
    // What is written is never shorter: no need to write it all to see that
    // it is too much.
    if (value.size > 256) {
      fuel_ -= value.size / 256;
      if (value.size > out_bound_) return FailOutput();
    }
    if (escape == Escape::kHtml) {
      return WriteHtml<false>(value.text_view(), &out_);
    }
    if (escape == Escape::kHtmlStrict) {
      return WriteHtml<true>(value.text_view(), &out_);
    }
  }
  WriteValue(value, escape, &out_);
}

void Renderer::WriteIndent() {
  const std::string_view indent =
      std::string_view(indent_).substr(indent_base_);
  Charge(indent.size() / 256);
  out_.Write(indent);
}

void Renderer::FailOutput() {
  Fail(absl::StatusCode::kResourceExhausted,
       StrCat("rendering makes more than ", options_.bounds.output_bytes,
              " bytes"));
}

void Renderer::Fail(absl::StatusCode code, std::string message) {
  if (!status_.ok()) return;
  fuel_ = 0;
  const uint32_t place =
      code_->places[std::min<size_t>(pc_, code_->places.size() - 1)];
  status_ =
      absl::Status(code, code_->Describe(place, std::move(message)).ToString());
}

absl::StatusOr<std::string> Render(const Program& program, const Document& data,
                                   const RenderOptions& options) {
  Renderer renderer;
  renderer.Start(program, data.root(), options);
  const absl::StatusOr<Renderer::Progress> progress =
      renderer.Step(options.bounds.steps);
  if (!progress.ok()) return progress.status();
  return std::string(renderer.output());
}

}  // namespace millrace::templates

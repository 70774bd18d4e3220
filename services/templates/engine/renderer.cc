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
  keys_ = code_->keys.data();
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
  done_ = stopped_ = false;
  indent_base_ = 0;
  indent_.clear();
  contexts_.assign(1, &data);
  frames_.clear();
  links_.clear();
  hints_.assign(code_->keys.size(), 0);
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
  const Op* ops = code_->ops.data();
  while (fuel_ > 0) {
    --fuel_;
    const Op& op = ops[pc_];
    switch (op.code) {
      case OpCode::kText:
        out_.WritePadded(text_ + op.a, op.b);
        ++pc_;
        break;
      case OpCode::kVariable: {
        const Value* value = Find(op);
        if (value != nullptr) {
          Write(*value, static_cast<Escape>(op.flags));
        } else {
          Missing(op);
        }
        ++pc_;
        break;
      }
      case OpCode::kSection:
        pc_ = EnterSection(Find(op)) ? pc_ + 1 : op.b;
        break;
      case OpCode::kEndSection: {
        Frame& frame = frames_.back();
        if (frame.kind != Frame::kScope && NextItem(&frame)) {
          pc_ = op.a + 1;
          break;
        }
        if (frame.brought_context) contexts_.pop_back();
        loop_ = frame.loop;
        frames_.pop_back();
        pc_ = op.b;
        break;
      }
      case OpCode::kInverted: {
        const Value* value = Find(op);
        pc_ = value == nullptr || value->IsFalsy() ? pc_ + 1 : op.b;
        break;
      }
      case OpCode::kIf: {
        const Value* value = Find(op);
        pc_ = value == nullptr || value->IsFalsy() ? op.b : pc_ + 1;
        break;
      }
      case OpCode::kEach:
        pc_ = EnterEach(Find(op)) ? pc_ + 1 : op.b;
        break;
      case OpCode::kWith: {
        const Value* value = Find(op);
        if (value == nullptr || value->IsFalsy()) {
          pc_ = op.b;
          break;
        }
        PushScope(value);
        ++pc_;
        break;
      }
      case OpCode::kJump:
        pc_ = op.b;
        break;
      case OpCode::kIndent:
        if (skip_indent_) {
          skip_indent_ = false;
        } else {
          WriteIndent();
        }
        ++pc_;
        break;
      case OpCode::kHelper:
        CallHelper(op);
        ++pc_;
        break;
      case OpCode::kPartial:
        EnterCall(op, false);
        break;
      case OpCode::kParent:
        EnterCall(op, true);
        break;
      case OpCode::kBlock:
        EnterBlock(op);
        break;
      case OpCode::kEndBody:
        Return();
        break;
      case OpCode::kEnd:
        if (frames_.empty()) {
          done_ = true;
          return;
        }
        Return();
        break;
    }
    if (out_.size() > out_bound_) FailOutput();
    if (stopped_) return;
  }
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
  out_.Write(std::string_view(indent_).substr(indent_base_));
}

void Renderer::FailOutput() {
  Fail(absl::StatusCode::kResourceExhausted,
       StrCat("rendering makes more than ", options_.bounds.output_bytes,
              " bytes"));
}

// The first error counts.
void Renderer::Fail(absl::StatusCode code, std::string message) {
  if (!status_.ok()) return;
  stopped_ = true;
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

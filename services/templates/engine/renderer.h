// Renders programs, in slices of bounded work.
//
//   Renderer renderer;
//   renderer.Start(program, data.root());
//   for (;;) {
//     absl::StatusOr<Renderer::Progress> progress = renderer.Step(10'000);
//     if (!progress.ok()) return progress.status();
//     Write(renderer.output());   // or keep it until the end
//     renderer.DropOutput();
//     if (*progress == Renderer::Progress::kDone) break;
//     co_await loop.NextTurn();   // so that nobody waits for a long template
//   }
//
// Not thread-safe; each thread or rendering has its own. Kept and started
// again it allocates nothing in the steady state. There is no recursion:
// neither template nor data can make the stack grow.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_RENDERER_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_RENDERER_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/templates/engine/code.h"
#include "services/templates/engine/document.h"
#include "services/templates/engine/options.h"
#include "services/templates/engine/output.h"
#include "services/templates/engine/program.h"

namespace millrace::templates {

class Renderer {
 public:
  enum class Progress { kMore, kDone };

  // Begins anew. The program's copies and the document of `data` must outlive
  // the rendering.
  void Start(const Program& program, const Value& data,
             const RenderOptions& options = {});

  // Renders on for about so many steps (RenderBounds::steps), some ten
  // nanoseconds each, or a few more: a tag that has begun is rendered to its
  // end, which is at the bound of the output at the latest. RESOURCE_EXHAUSTED
  // past a bound, INVALID_ARGUMENT from helpers and for missing fields where
  // these are required; both say where in the template. After an error or
  // kDone, Start() is next.
  absl::StatusOr<Progress> Step(size_t budget);

  // What was rendered since the start, or since DropOutput().
  std::string_view output() const { return out_.view(); }
  void DropOutput();

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  // What is to be returned to: a section, or the caller of a unit or a body.
  struct Frame {
    enum Kind : uint8_t { kScope, kList, kObject, kCall };

    Kind kind;
    bool brought_context = false;
    uint32_t return_pc = 0;
    uint32_t index = 0;  // of the item
    uint32_t size = 0;   // items
    union {
      const Value* items = nullptr;
      const Member* members;
    };
    uint32_t loop = kNone;  // the loop around
    // Of a caller.
    uint32_t chain = kNone;
    uint32_t links = 0;
    uint32_t indent_base = 0;
    uint32_t indent_size = 0;
  };

  // A parent that is being rendered, and the one around it.
  struct Link {
    uint32_t call;
    uint32_t outer;
  };

  void Run();
  // The value of an operand, or nullptr. Most are a name in the context itself,
  // at the place where it was the last time.
  const Value* Find(const Op& op) {
    if (op.count == 1 && op.scope == 0 && contexts_.back()->is_object()) {
      const Value* value = HintedMember(*contexts_.back(), hints_[op.a]);
      if (value != nullptr) return value;
    }
    return Resolve(op);
  }
  const Value* Resolve(const Op& op);
  const Value* Outwards(const Op& op, size_t outer);
  const Value* Special(const Op& op);
  const Value* Inside(const Value* value, const Op& op, uint32_t from);
  void Missing(const Op& op);
  void Write(const Value& value, Escape escape);
  void WriteIndent();
  bool EnterSection(const Value* value);
  bool EnterEach(const Value* value);
  void PushScope(const Value* value);
  bool NextItem(Frame* frame);
  void EnterCall(const Op& op, bool is_parent);
  uint32_t UnitOf(const Op& op, const CallSite& site);
  void EnterBlock(const Op& op);
  void Return();
  bool PushCall(uint32_t return_pc);
  void CallHelper(const Op& op);
  void Charge(size_t steps) { fuel_ -= static_cast<int64_t>(steps); }
  // The first error counts; it ends the slice.
  void Fail(absl::StatusCode code, std::string message);
  void FailOutput();
  std::vector<std::string> VisibleNames() const;

  std::shared_ptr<const Code> keeps_;
  const Code* code_ = nullptr;
  const char* text_ = nullptr;  // of the code
  RenderOptions options_;
  Output out_;
  size_t dropped_ = 0;      // bytes of output before those in out_
  size_t out_bound_ = 0;    // of those in out_
  int64_t fuel_ = 0;        // steps left in this slice
  int64_t steps_left_ = 0;  // in all, without this slice's
  uint32_t pc_ = 0;
  uint32_t calls_ = 0;
  uint32_t loop_ = kNone;   // frame of the innermost loop
  uint32_t chain_ = kNone;  // innermost link
  bool skip_indent_ = false;
  bool done_ = true;
  bool stopped_ = false;    // by an error
  size_t indent_base_ = 0;  // what is before is not written now
  std::string indent_;
  std::vector<const Value*> contexts_;
  std::vector<Frame> frames_;
  std::vector<Link> links_;
  std::vector<MemberHint> hints_;  // of each key
  Value scratch_;                  // what @index and its like are
  char scratch_text_[64];
  std::string helper_text_;
  std::deque<std::string> helper_texts_;  // arguments that must be kept
  absl::Status status_;
};

// All at once, for what is known to be small. The same errors.
absl::StatusOr<std::string> Render(const Program& program, const Document& data,
                                   const RenderOptions& options = {});

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_RENDERER_H_

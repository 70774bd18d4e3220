// Which fields a program reads: its operations walked once, both ways of every
// section, without data, and in bounded steps.
#include <algorithm>
#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "services/templates/engine/code.h"
#include "services/templates/engine/program.h"

namespace millrace::templates {
namespace {

// A recursive partial reads fields below fields without end, and a parent may
// be its own: they are followed so deep.
constexpr uint32_t kMaxScopes = 8;
constexpr uint32_t kMaxParents = 16;

// What the walk takes, in steps of some ten nanoseconds (kMaxFieldSteps).
constexpr size_t kReadSteps = 10;
constexpr size_t kWorkSteps = 10;

// Sections or parents in each other, each once: the innermost one stands for
// them all. The first is none.
template <typename T>
class Chains {
 public:
  struct Link {
    T value;
    uint32_t outer;
    uint32_t depth;
  };

  uint32_t Push(uint32_t outer, const T& value) {
    const auto [known, is_new] =
        known_.emplace(std::make_pair(outer, value), links_.size());
    if (is_new) links_.push_back({value, outer, links_[outer].depth + 1});
    return known->second;
  }
  const Link& operator[](uint32_t link) const { return links_[link]; }

 private:
  std::vector<Link> links_ = {{T(), 0, 0}};
  std::map<std::pair<uint32_t, T>, uint32_t> known_;
};

class FieldWalker {
 public:
  explicit FieldWalker(const Code& code) : code_(code) {}

  std::vector<FieldRead> Run() {
    Add({code_.units[0].start, 0, 0});
    while (!work_.empty() && steps_ < kMaxFieldSteps) {
      const Work work = work_.back();
      work_.pop_back();
      Walk(work);
    }
    std::sort(fields_.begin(), fields_.end(),
              [](const FieldRead& a, const FieldRead& b) {
                return Order(a) < Order(b);
              });
    return std::move(fields_);
  }
  size_t steps() const { return steps_; }

 private:
  // Where to walk, and what is around it.
  struct Work {
    uint32_t pc;
    uint32_t scope;
    uint32_t parent;

    auto operator<=>(const Work&) const = default;
  };

  static std::tuple<const std::string&, int, int> Order(
      const FieldRead& field) {
    return {field.place.template_name, field.place.line, field.place.column};
  }

  void Add(const Work& work) {
    steps_ += kWorkSteps;
    if (scopes_[work.scope].depth <= kMaxScopes &&
        parents_[work.parent].depth <= kMaxParents &&
        done_.insert(work).second) {
      work_.push_back(work);
    }
  }

  // From work.pc to the end of its unit or body, or of the steps.
  void Walk(const Work& work) {
    uint32_t scope = work.scope;
    std::vector<uint32_t> ends;  // of the sections that have brought a scope
    for (uint32_t pc = work.pc; steps_ < kMaxFieldSteps; ++pc) {
      ++steps_;
      while (!ends.empty() && pc >= ends.back()) {
        ends.pop_back();
        scope = scopes_[scope].outer;
      }
      const Op& op = code_.ops[pc];
      switch (op.code) {
        case OpCode::kEnd:
        case OpCode::kEndBody:
          return;
        case OpCode::kVariable:
          Read(op, pc, scope, true);
          break;
        case OpCode::kIf:
        case OpCode::kInverted:
          Read(op, pc, scope, false);
          break;
        case OpCode::kSection:
        case OpCode::kEach:
        case OpCode::kWith:
          Read(op, pc, scope, false);
          scope = scopes_.Push(scope, code_.PathText(op));
          ends.push_back(op.b - 1);
          break;
        case OpCode::kHelper: {
          const HelperSite& site = code_.helpers[op.b];
          for (uint32_t i = 0; i < site.argument_count; ++i) {
            const Argument& one = code_.arguments[site.first_argument + i];
            if (one.is_path) Read(one.path, pc, scope, true);
          }
          break;
        }
        case OpCode::kPartial:
          Call(op, pc, scope, work.parent);
          break;
        case OpCode::kParent:
          Call(op, pc, scope, parents_.Push(work.parent, op.b));
          pc = code_.calls[op.b].after - 1;
          break;
        case OpCode::kBlock:
          if (Block(op, scope, work.parent)) {
            pc = code_.blocks[op.b].after - 1;
          }
          break;
        default:
          break;
      }
    }
  }

  void Call(const Op& op, uint32_t pc, uint32_t scope, uint32_t parent) {
    const CallSite& site = code_.calls[op.b];
    if (op.flags & kDynamic) {
      Read(op, pc, scope, false);
      steps_ += code_.named.size();
      for (const NamedUnit& named : code_.named) {
        if (named.variant != site.variant) continue;
        Add({code_.units[named.unit].start, scope, parent});
      }
    } else if (site.unit != CallSite::kNone) {
      Add({code_.units[site.unit].start, scope, parent});
    }
  }

  // Whether it is overridden, as Renderer::EnterBlock() would find it.
  bool Block(const Op& op, uint32_t scope, uint32_t parent) {
    const Key& name = code_.blocks[op.b].name;
    const Override* found = nullptr;
    uint32_t outer = 0;
    for (; parent != 0; parent = parents_[parent].outer) {
      const CallSite& call = code_.calls[parents_[parent].value];
      steps_ += call.override_count / 8 + 1;
      for (uint32_t k = 0; k < call.override_count; ++k) {
        const Override& candidate = code_.overrides[call.first_override + k];
        if (candidate.name.hash != name.hash ||
            code_.View(candidate.name) != code_.View(name)) {
          continue;
        }
        found = &candidate;
        outer = parents_[parent].outer;
        break;
      }
    }
    if (found != nullptr) Add({found->body, scope, outer});
    return found != nullptr;
  }

  void Read(const Op& op, uint32_t pc, uint32_t scope, bool is_text) {
    steps_ += kReadSteps;
    if (fields_.size() == kMaxFields) return;
    FieldRead field;
    field.path = code_.PathText(op);
    field.is_text = is_text;
    const auto [known, is_new] =
        known_.emplace(std::make_pair(scope, field.path), fields_.size());
    if (!is_new) {
      fields_[known->second].is_text |= is_text;
      return;
    }
    for (; scope != 0; scope = scopes_[scope].outer) {
      field.scopes.push_back(scopes_[scope].value);
    }
    std::reverse(field.scopes.begin(), field.scopes.end());
    Diagnostic here = code_.Describe(code_.places[pc], "");
    field.place = std::move(here.place);
    field.excerpt = std::move(here.excerpt);
    fields_.push_back(std::move(field));
  }

  const Code& code_;
  size_t steps_ = 0;
  Chains<std::string> scopes_;
  Chains<uint32_t> parents_;  // calls
  std::vector<Work> work_;
  std::set<Work> done_;
  std::vector<FieldRead> fields_;
  std::map<std::pair<uint32_t, std::string>, size_t> known_;
};

}  // namespace

std::vector<FieldRead> Program::Fields(size_t* steps) const {
  FieldWalker walker(*code_);
  std::vector<FieldRead> fields = walker.Run();
  if (steps != nullptr) *steps = walker.steps();
  return fields;
}

}  // namespace millrace::templates

// Which fields a program reads: its operations walked once, both ways of every
// section, without data.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/strings.h"
#include "services/templates/engine/code.h"
#include "services/templates/engine/program.h"

namespace millrace::templates {
namespace {

// A recursive partial reads fields below fields without end.
constexpr size_t kMaxScopes = 8;
constexpr size_t kMaxWork = 10'000;

class FieldWalker {
 public:
  explicit FieldWalker(const Code& code) : code_(code) {}

  std::vector<FieldRead> Run() {
    Add({code_.units[0].start, {}, {}});
    while (!work_.empty() && done_.size() < kMaxWork) {
      const Work work = std::move(work_.back());
      work_.pop_back();
      Walk(work);
    }
    std::sort(fields_.begin(), fields_.end(),
              [](const FieldRead& a, const FieldRead& b) {
                return Order(a) < Order(b);
              });
    return std::move(fields_);
  }

 private:
  // Where to walk, and what is around it.
  struct Work {
    uint32_t pc;
    std::vector<std::string> scopes;
    std::vector<uint32_t> parents;  // calls, outermost first

    bool operator<(const Work& other) const {
      return std::tie(pc, scopes, parents) <
             std::tie(other.pc, other.scopes, other.parents);
    }
  };

  static std::tuple<const std::string&, int, int> Order(
      const FieldRead& field) {
    return {field.place.template_name, field.place.line, field.place.column};
  }

  void Add(Work work) {
    if (work.scopes.size() <= kMaxScopes && done_.insert(work).second) {
      work_.push_back(std::move(work));
    }
  }

  // From work.pc to the end of its unit or body.
  void Walk(const Work& work) {
    std::vector<std::string> scopes = work.scopes;
    std::vector<uint32_t> ends;  // of the sections that have brought a scope
    for (uint32_t pc = work.pc;; ++pc) {
      while (!ends.empty() && pc >= ends.back()) {
        ends.pop_back();
        scopes.pop_back();
      }
      const Op& op = code_.ops[pc];
      switch (op.code) {
        case OpCode::kEnd:
        case OpCode::kEndBody:
          return;
        case OpCode::kVariable:
          Read(op, pc, scopes, true);
          break;
        case OpCode::kIf:
        case OpCode::kInverted:
          Read(op, pc, scopes, false);
          break;
        case OpCode::kSection:
        case OpCode::kEach:
        case OpCode::kWith:
          Read(op, pc, scopes, false);
          scopes.push_back(code_.PathText(op));
          ends.push_back(op.b - 1);
          break;
        case OpCode::kHelper: {
          const HelperSite& site = code_.helpers[op.b];
          for (uint32_t i = 0; i < site.argument_count; ++i) {
            const Argument& one = code_.arguments[site.first_argument + i];
            if (one.is_path) Read(one.path, pc, scopes, true);
          }
          break;
        }
        case OpCode::kPartial:
          Call(op, pc, scopes, work.parents);
          break;
        case OpCode::kParent: {
          std::vector<uint32_t> parents = work.parents;
          parents.push_back(op.b);
          Call(op, pc, scopes, parents);
          pc = code_.calls[op.b].after - 1;
          break;
        }
        case OpCode::kBlock:
          if (Block(op, scopes, work.parents)) {
            pc = code_.blocks[op.b].after - 1;
          }
          break;
        default:
          break;
      }
    }
  }

  void Call(const Op& op, uint32_t pc, const std::vector<std::string>& scopes,
            const std::vector<uint32_t>& parents) {
    const CallSite& site = code_.calls[op.b];
    if (op.flags & kDynamic) {
      Read(op, pc, scopes, false);
      for (const NamedUnit& named : code_.named) {
        if (named.variant != site.variant) continue;
        Add({code_.units[named.unit].start, scopes, parents});
      }
    } else if (site.unit != CallSite::kNone) {
      Add({code_.units[site.unit].start, scopes, parents});
    }
  }

  // Whether it is overridden, as Renderer::EnterBlock() would find it.
  bool Block(const Op& op, const std::vector<std::string>& scopes,
             const std::vector<uint32_t>& parents) {
    const std::string_view name = code_.View(code_.blocks[op.b].name);
    for (size_t i = 0; i < parents.size(); ++i) {
      const CallSite& call = code_.calls[parents[i]];
      for (uint32_t k = 0; k < call.override_count; ++k) {
        const Override& found = code_.overrides[call.first_override + k];
        if (code_.View(found.name) != name) continue;
        Add({found.body, scopes, {parents.begin(), parents.begin() + i}});
        return true;
      }
    }
    return false;
  }

  void Read(const Op& op, uint32_t pc, const std::vector<std::string>& scopes,
            bool is_text) {
    if (fields_.size() == kMaxFields) return;
    FieldRead field;
    field.path = code_.PathText(op);
    field.scopes = scopes;
    field.is_text = is_text;
    const auto [known, is_new] =
        known_.emplace(std::make_pair(field.path, scopes), fields_.size());
    if (!is_new) {
      fields_[known->second].is_text |= is_text;
      return;
    }
    Diagnostic here = code_.Describe(code_.places[pc], "");
    field.place = std::move(here.place);
    field.excerpt = std::move(here.excerpt);
    fields_.push_back(std::move(field));
  }

  const Code& code_;
  std::vector<Work> work_;
  std::set<Work> done_;
  std::vector<FieldRead> fields_;
  std::map<std::pair<std::string, std::vector<std::string>>, size_t> known_;
};

}  // namespace

std::vector<FieldRead> Program::Fields() const {
  return FieldWalker(*code_).Run();
}

}  // namespace millrace::templates

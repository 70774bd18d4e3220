// What is entered and left again: sections, partials, parents and blocks.
#include <algorithm>
#include <tuple>

#include "base/strings.h"
#include "services/templates/engine/key_hash.h"
#include "services/templates/engine/renderer.h"

namespace millrace::templates {

// False when there is nothing to render.
bool Renderer::EnterSection(const Value* value) {
  if (value == nullptr || value->IsFalsy()) return false;
  if (value->is_list()) return EnterEach(value);
  PushScope(value);
  return true;
}

bool Renderer::EnterEach(const Value* value) {
  if (value == nullptr) return false;
  Frame frame;
  frame.loop = loop_;
  frame.brought_context = true;
  if (value->is_list()) {
    if (value->size == 0) return false;
    frame.kind = Frame::kList;
    frame.size = value->size;
    frame.items = value->items;
    contexts_.push_back(frame.items);
  } else {
    if (!value->is_object() || value->size == value->aliases) return false;
    frame.kind = Frame::kObject;
    frame.size = value->size - value->aliases;
    frame.members = value->members;
    contexts_.push_back(&frame.members->value);
  }
  loop_ = static_cast<uint32_t>(frames_.size());
  frames_.push_back(frame);
  return true;
}

// `true` brings no context: what is in the section is about the one around. Nor
// does what a loop knows, such as @index, which another name takes the place
// of.
void Renderer::PushScope(const Value* value) {
  Frame frame;
  frame.kind = Frame::kScope;
  frame.loop = loop_;
  frame.brought_context = value->kind != Kind::kTrue && value != &scratch_;
  if (frame.brought_context) contexts_.push_back(value);
  frames_.push_back(frame);
}

bool Renderer::NextItem(Frame* frame) {
  if (++frame->index == frame->size) return false;
  contexts_.back() = frame->kind == Frame::kList
                         ? &frame->items[frame->index]
                         : &frame->members[frame->index].value;
  return true;
}

bool Renderer::PushCall(uint32_t return_pc) {
  if (calls_ == options_.bounds.calls) {
    Fail(absl::StatusCode::kResourceExhausted,
         StrCat("partials, parents and blocks are nested deeper than ",
                options_.bounds.calls, "; does one of them call itself?"));
    return false;
  }
  ++calls_;
  Frame frame;
  frame.kind = Frame::kCall;
  frame.return_pc = return_pc;
  frame.loop = loop_;
  frame.chain = chain_;
  frame.links = static_cast<uint32_t>(links_.size());
  frame.indent_base = static_cast<uint32_t>(indent_base_);
  frame.indent_size = static_cast<uint32_t>(indent_.size());
  frames_.push_back(frame);
  return true;
}

void Renderer::Return() {
  const Frame& frame = frames_.back();
  pc_ = frame.return_pc;
  loop_ = frame.loop;
  chain_ = frame.chain;
  links_.resize(frame.links);
  indent_base_ = frame.indent_base;
  indent_.resize(frame.indent_size);
  frames_.pop_back();
  --calls_;
}

void Renderer::EnterCall(const Op& op, bool is_parent) {
  const CallSite& site = code_->calls[op.b];
  const uint32_t after = is_parent ? site.after : pc_ + 1;
  const uint32_t unit = (op.flags & kDynamic) ? UnitOf(op, site) : site.unit;
  if (unit == CallSite::kNone) {
    pc_ = after;
    return;
  }
  if (!PushCall(after)) return;
  if (is_parent) {
    links_.push_back({op.b, chain_});
    chain_ = static_cast<uint32_t>(links_.size() - 1);
  }
  if (code_->variants[site.variant].indented) {
    indent_.append(code_->View(site.indent));
    fuel_ -= static_cast<int64_t>(indent_.size() / 256);
  } else {
    indent_base_ = indent_.size();
  }
  pc_ = code_->units[unit].start;
}

// The partial that a value names; a value that is no text names none, nor does
// one that is longer than all names, which is not read.
uint32_t Renderer::UnitOf(const Op& op, const CallSite& site) {
  const Value* name = Resolve(op);
  if (name == nullptr || name->kind != Kind::kString) {
    if (name == nullptr) Missing(op);
    return CallSite::kNone;
  }
  if (name->size > code_->longest_name) return CallSite::kNone;
  const uint32_t hash = HashKey(name->text_view());
  const auto key = [](const NamedUnit& named) {
    return std::tie(named.variant, named.hash);
  };
  auto named = std::lower_bound(
      code_->named.begin(), code_->named.end(), std::tie(site.variant, hash),
      [&](const NamedUnit& a, const auto& wanted) { return key(a) < wanted; });
  for (; named != code_->named.end() &&
         key(*named) == std::tie(site.variant, hash);
       ++named) {
    const Unit& unit = code_->units[named->unit];
    if (code_->sources[unit.source].name == name->text_view()) {
      return named->unit;
    }
  }
  return CallSite::kNone;
}

// The outermost override counts; what stands in an override can be overridden
// only from outside of it.
void Renderer::EnterBlock(const Op& op) {
  const BlockSite& site = code_->blocks[op.b];
  const Override* found = nullptr;
  uint32_t outer = kNone;
  for (uint32_t link = chain_; link != kNone; link = links_[link].outer) {
    const CallSite& call = code_->calls[links_[link].call];
    fuel_ -= call.override_count / 8 + 1;
    for (uint32_t i = 0; i < call.override_count; ++i) {
      const Override& candidate = code_->overrides[call.first_override + i];
      if (candidate.name.hash != site.name.hash ||
          code_->View(candidate.name) != code_->View(site.name)) {
        continue;
      }
      found = &candidate;
      outer = links_[link].outer;
      break;
    }
  }
  if (found == nullptr) {
    ++pc_;
    return;
  }
  // The body ends the line, or what stands behind the block does.
  const bool skips = site.newline_follows && found->ends_line;
  if (!PushCall(site.after + (skips ? 1 : 0))) return;
  chain_ = outer;
  indent_.append(code_->View(site.indent));
  if (site.starts_line) {
    if (!found->starts_line) WriteIndent();
  } else {
    skip_indent_ = found->starts_line;
  }
  pc_ = found->body;
}

}  // namespace millrace::templates

#include "http/headers.h"

#include <algorithm>

namespace millrace::http {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; }

}  // namespace

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

std::string_view Trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

bool ListHas(std::string_view value, std::string_view token) {
  while (!value.empty()) {
    const size_t comma = value.find(',');
    if (EqualsIgnoreCase(Trim(value.substr(0, comma)), token)) return true;
    if (comma == std::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
  return false;
}

Headers::Headers(
    std::initializer_list<std::pair<std::string_view, std::string_view>> all) {
  for (const auto& [name, value] : all) Add(name, value);
}

void Headers::Add(std::string_view name, std::string_view value) {
  slots_.push_back({static_cast<uint32_t>(text_.size()),
                    static_cast<uint32_t>(name.size()),
                    static_cast<uint32_t>(value.size())});
  text_.append(name);
  text_.append(value);
}

void Headers::Set(std::string_view name, std::string_view value) {
  Remove(name);
  Add(name, value);
}

void Headers::Remove(std::string_view name) {
  std::erase_if(slots_, [&](const Slot& slot) {
    return EqualsIgnoreCase(Name(slot), name);
  });
}

std::string_view Headers::Name(const Slot& slot) const {
  return std::string_view(text_).substr(slot.start, slot.name_size);
}

const Headers::Slot* Headers::Find(std::string_view name) const {
  for (const Slot& slot : slots_) {
    if (slot.name_size == name.size() && EqualsIgnoreCase(Name(slot), name)) {
      return &slot;
    }
  }
  return nullptr;
}

Headers::Field Headers::at(size_t index) const {
  const Slot& slot = slots_[index];
  return {Name(slot), std::string_view(text_).substr(
                          slot.start + slot.name_size, slot.value_size)};
}

std::string_view Headers::Get(std::string_view name) const {
  const Slot* slot = Find(name);
  if (slot == nullptr) return {};
  return at(slot - slots_.data()).value;
}

std::string Headers::GetJoined(std::string_view name) const {
  std::string joined;
  for (const Field field : *this) {
    if (!EqualsIgnoreCase(field.name, name)) continue;
    if (!joined.empty()) joined += ", ";
    joined += field.value;
  }
  return joined;
}

void Headers::clear() {
  text_.clear();
  slots_.clear();
}

void Headers::Reserve(size_t fields, size_t bytes) {
  slots_.reserve(fields);
  text_.reserve(bytes);
}

}  // namespace millrace::http

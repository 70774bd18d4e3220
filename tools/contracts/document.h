// A document as it is written to JSON or YAML: a value whose objects keep the
// order in which they were filled, so that the same contracts always give the
// same text.
//
// A plain value, copied deeply. Nothing here fails; a Document of another kind
// than asked for is a mistake of the caller and asserted.
#ifndef MILLRACE_TOOLS_CONTRACTS_DOCUMENT_H_
#define MILLRACE_TOOLS_CONTRACTS_DOCUMENT_H_

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::contracts {

class Document {
 public:
  enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject };
  using Member = std::pair<std::string, Document>;

  Document() = default;
  Document(bool value) : kind_(Kind::kBool), text_(value ? "true" : "false") {}
  template <std::integral T>
  Document(T value) : kind_(Kind::kNumber), text_(std::to_string(value)) {}
  // The shortest text that reads as the same number.
  Document(double value);
  Document(std::string text) : kind_(Kind::kString), text_(std::move(text)) {}
  Document(std::string_view text) : Document(std::string(text)) {}
  Document(const char* text) : Document(std::string(text)) {}

  static Document Array(std::vector<Document> elements = {});
  static Document Object(std::vector<Member> members = {});

  Kind kind() const { return kind_; }
  bool empty() const { return elements_.empty() && members_.empty(); }
  const std::string& text() const { return text_; }
  const std::vector<Document>& elements() const { return elements_; }
  const std::vector<Member>& members() const { return members_; }

  // Of an object: the member of that name, made at the end when it is not
  // there. Null becomes an object first.
  Document& operator[](std::string_view name);
  const Document* Find(std::string_view name) const;
  bool Has(std::string_view name) const { return Find(name) != nullptr; }

  // To an array; null becomes one first.
  void Add(Document element);

 private:
  Kind kind_ = Kind::kNull;
  std::string text_;
  std::vector<Document> elements_;
  std::vector<Member> members_;
};

// Both end with a line break. The YAML is 1.2 and reads as the JSON does:
// what another reader could take for something else than text is quoted.
std::string ToJsonText(const Document& document);
std::string ToYamlText(const Document& document);

// `text` as a JSON string, in quotes.
std::string QuotedJson(std::string_view text);

}  // namespace millrace::contracts

#endif  // MILLRACE_TOOLS_CONTRACTS_DOCUMENT_H_

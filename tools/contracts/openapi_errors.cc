#include "tools/contracts/openapi_errors.h"

#include <map>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "base/strings.h"
#include "contract/errors.h"
#include "http/status_mapping.h"
#include "tools/contracts/contract_tree.h"

namespace millrace::contracts {
namespace {

// All but OK.
std::vector<absl::StatusCode> Codes() {
  std::vector<absl::StatusCode> codes;
  for (int code = 1; code <= 16; ++code) {
    codes.push_back(static_cast<absl::StatusCode>(code));
  }
  return codes;
}

// The names that a body under this HTTP status can have as its code.
std::vector<std::string> NamesUnder(int status) {
  std::vector<std::string> names;
  for (const absl::StatusCode code : Codes()) {
    if (http::HttpStatus(code) == status) {
      names.emplace_back(http::ConnectCode(code));
    }
  }
  // Given by the server before it knows of a method.
  if (status == 404) names.emplace_back("unimplemented");
  if (status == 413 || status == 415) {
    names.emplace_back(http::CodeForHttp(status));
  }
  return names;
}

std::string ResponseName(int status) {
  return status == 0 ? "Error" : StrCat("Error", status);
}

// Whether the text has the word, not as a part of another.
bool HasWord(const std::string& text, std::string_view word) {
  const auto is_part = [&](size_t at) {
    return at < text.size() &&
           (absl::ascii_isalnum(static_cast<unsigned char>(text[at])) ||
            text[at] == '_');
  };
  for (size_t at = text.find(word); at != text.npos;
       at = text.find(word, at + 1)) {
    if ((at == 0 || !is_part(at - 1)) && !is_part(at + word.size())) {
      return true;
    }
  }
  return false;
}

Document DetailSchema() {
  Document violation;
  violation["type"] = "object";
  violation["properties"]["field"]["type"] = "string";
  violation["properties"]["field"]["description"] =
      "A path such as \"user.emails[1]\".";
  violation["properties"]["description"]["type"] = "string";

  Document bad_request;
  bad_request["type"] = "object";
  bad_request["properties"]["fieldViolations"]["type"] = "array";
  bad_request["properties"]["fieldViolations"]["items"] = violation;

  Document detail;
  detail["type"] = "object";
  detail["description"] =
      "A typed detail. Which fields of a request are wrong and why is a "
      "google.rpc.BadRequest.";
  Document& properties = detail["properties"];
  properties["type"]["type"] = "string";
  properties["type"]["description"] = "The name of the protobuf message.";
  properties["value"]["type"] = "string";
  properties["value"]["contentEncoding"] = "base64";
  properties["value"]["description"] = "Its bytes, without padding.";
  properties["debug"]["type"] = "object";
  properties["debug"]["description"] =
      "The same as JSON, when the server knows the message.";
  detail["required"] = Document::Array({"type", "value"});
  detail["if"]["properties"]["type"]["const"] = "google.rpc.BadRequest";
  detail["then"]["properties"]["debug"] = bad_request;
  return detail;
}

}  // namespace

void AddErrorSchemas(Document* schemas) {
  Document error;
  error["type"] = "object";
  error["description"] = "An error, in the form of the Connect protocol.";
  Document& properties = error["properties"];
  properties["code"]["type"] = "string";
  for (const absl::StatusCode code : Codes()) {
    properties["code"]["enum"].Add(http::ConnectCode(code));
  }
  properties["message"]["type"] = "string";
  properties["message"]["description"] = "For people.";
  properties["details"]["type"] = "array";
  properties["details"]["items"]["$ref"] = "#/components/schemas/ErrorDetail";
  error["required"] = Document::Array({"code", "message"});
  (*schemas)["Error"] = error;
  (*schemas)["ErrorDetail"] = DetailSchema();
}

void AddErrorResponses(const google::protobuf::MethodDescriptor* method,
                       bool has_body, Document* responses,
                       std::set<int>* used) {
  std::set<int> statuses = {400, 500, 503, 504};
  if (has_body) statuses.insert({413, 415});
  const std::string comment = CommentOf(method);
  for (const absl::StatusCode code : Codes()) {
    if (HasWord(comment, CodeName(code))) {
      statuses.insert(http::HttpStatus(code));
    }
  }
  for (const int status : statuses) {
    (*responses)[std::to_string(status)]["$ref"] =
        StrCat("#/components/responses/", ResponseName(status));
  }
  (*responses)["default"]["$ref"] =
      StrCat("#/components/responses/", ResponseName(0));
  used->insert(statuses.begin(), statuses.end());
  used->insert(0);
}

Document ErrorResponses(const std::set<int>& used) {
  Document responses = Document::Object();
  for (const int status : used) {
    Document schema;
    schema["$ref"] = "#/components/schemas/Error";
    Document response;
    if (status == 0) {
      response["description"] = "Any other error.";
    } else {
      Document narrowed;
      std::string list;
      for (const std::string& name : NamesUnder(status)) {
        narrowed["properties"]["code"]["enum"].Add(name);
        StrAppend(&list, list.empty() ? "" : " or ", name);
      }
      response["description"] = StrCat("The code is ", list, ".");
      Document both;
      both["allOf"] = Document::Array({schema, narrowed});
      schema = both;
    }
    response["content"]["application/json"]["schema"] = schema;
    responses[ResponseName(status)] = response;
  }
  return responses;
}

}  // namespace millrace::contracts

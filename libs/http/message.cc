#include "http/message.h"

namespace millrace::http {
namespace {

Response WithType(int status, std::string_view type, Response::Body body) {
  Response response;
  response.status = status;
  response.headers.Add("Content-Type", type);
  response.body = std::move(body);
  return response;
}

}  // namespace

Response Response::Text(int status, std::string text) {
  return WithType(status, "text/plain; charset=utf-8", std::move(text));
}

Response Response::Html(int status, std::string html) {
  return WithType(status, "text/html; charset=utf-8", std::move(html));
}

Response Response::Json(int status, std::string json) {
  return WithType(status, "application/json", std::move(json));
}

Response Response::Streamed(std::string_view content_type,
                            Stream<std::string> body) {
  return WithType(200, content_type, std::move(body));
}

}  // namespace millrace::http

#include "tls/engine.h"

#include <arpa/inet.h>
#include <openssl/sslerr.h>
#include <openssl/tls1.h>

#include <new>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "tls/context.h"
#include "tls/subject.h"

namespace millrace::tls {
namespace {

bool IsAddress(const std::string& host) {
  unsigned char address[16];
  return inet_pton(AF_INET, host.c_str(), address) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address) == 1;
}

void ExpectHost(SSL* ssl, const std::string& host) {
  X509_VERIFY_PARAM* expected = SSL_get0_param(ssl);
  if (IsAddress(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str());
    return;
  }
  X509_VERIFY_PARAM_set_hostflags(expected,
                                  X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  X509_VERIFY_PARAM_set1_host(expected, host.c_str(), host.size());
  SSL_set_tlsext_host_name(ssl, host.c_str());
}

// Whole, NUL bytes included, so that nothing cuts a name short; what cannot be
// text becomes something that is no name.
std::string TextOf(const ASN1_STRING* string) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, string);
  if (size < 0) return "\x7f";
  std::string text(reinterpret_cast<char*>(utf8), static_cast<size_t>(size));
  OPENSSL_free(utf8);
  return text;
}

std::vector<std::string> UrisOf(const X509* certificate) {
  std::vector<std::string> uris;
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_URI) {
      uris.push_back(TextOf(name->d.uniformResourceIdentifier));
    }
  }
  GENERAL_NAMES_free(names);
  return uris;
}

std::string CommonNameOf(const X509* certificate) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  return TextOf(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

}  // namespace

Engine::Engine(std::shared_ptr<const Loaded> credentials,
               const std::string& host, Protocol protocol)
    : credentials_(std::move(credentials)),
      ssl_(SSL_new(credentials_->context.get())),
      in_(BIO_new(BIO_s_mem())),
      out_(BIO_new(BIO_s_mem())) {
  if (ssl_ == nullptr || in_ == nullptr || out_ == nullptr) {
    BIO_free(in_);
    BIO_free(out_);
    throw std::bad_alloc();
  }
  SSL_set_bio(ssl_.get(), in_, out_);
  if (host.empty()) {
    SpeakOnly(ssl_.get(), protocol);
    SSL_set_accept_state(ssl_.get());
  } else {
    ExpectHost(ssl_.get(), host);
    SSL_set_connect_state(ssl_.get());
  }
}

void Engine::Feed(std::string_view bytes) {
  // Grows as it must: it has taken all when it returns.
  if (!bytes.empty()) {
    BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
  }
}

std::string Engine::TakeOutput() {
  char* data = nullptr;
  const long size = BIO_get_mem_data(out_, &data);
  if (size <= 0) return {};
  std::string bytes(data, static_cast<size_t>(size));
  BIO_reset(out_);
  return bytes;
}

Engine::Step Engine::Handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return Step::kDone;
  if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ) {
    return Step::kMore;
  }
  TakeError(result);
  return Step::kFailed;
}

Engine::Got Engine::Read(absl::Span<char> buffer, size_t* size) {
  ERR_clear_error();
  const int result =
      SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), size);
  if (result == 1) return Got::kBytes;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Got::kMore;
    case SSL_ERROR_ZERO_RETURN:
      return Got::kEnd;
    default:
      TakeError(result);
      return Got::kFailed;
  }
}

bool Engine::Write(std::string_view bytes) {
  if (bytes.empty()) return true;
  ERR_clear_error();
  size_t written = 0;
  // All of it or nothing, as its output takes everything.
  const int result =
      SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written);
  if (result == 1 && written == bytes.size()) return true;
  TakeError(result);
  return false;
}

void Engine::End() {
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

void Engine::TakeError(int result) {
  const unsigned long error = ERR_peek_error();
  const int reason = ERR_GET_REASON(error);
  const long verified = SSL_get_verify_result(ssl_.get());
  met_http_ =
      ERR_GET_LIB(error) == ERR_LIB_SSL &&
      (reason == SSL_R_HTTP_REQUEST || reason == SSL_R_HTTPS_PROXY_REQUEST);
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) {
    error_ = SSL_get_error(ssl_.get(), result) == SSL_ERROR_SYSCALL
                 ? "it ended in the middle"
                 : TakeReason();
  } else if (met_http_ || reason == SSL_R_WRONG_VERSION_NUMBER ||
             reason == SSL_R_UNKNOWN_PROTOCOL) {
    error_ = "it does not speak TLS";
  } else if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    error_ = StrCat("its certificate is refused: ",
                    X509_verify_cert_error_string(verified));
  } else if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
    error_ = "it has shown no certificate, and one is asked for";
  } else if (reason == SSL_R_UNSUPPORTED_PROTOCOL) {
    error_ = "it speaks no TLS newer than 1.1; 1.2 is the least";
  } else if (reason >= SSL_AD_REASON_OFFSET) {
    error_ = StrCat("it refused: ", TakeReason());
  } else {
    error_ = TakeReason();
  }
  ERR_clear_error();
}

std::string Engine::PeerSubject() const {
  const Certificate peer(SSL_get1_peer_certificate(ssl_.get()));
  if (peer == nullptr || SSL_get_verify_result(ssl_.get()) != X509_V_OK) {
    return {};
  }
  std::string subject = Subject(UrisOf(peer.get()), CommonNameOf(peer.get()));
  ERR_clear_error();
  return subject;
}

}  // namespace millrace::tls

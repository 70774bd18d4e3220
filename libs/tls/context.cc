#include "tls/context.h"

#include <cstring>
#include <ctime>

#include "base/strings.h"

namespace millrace::tls {
namespace {

constexpr std::string_view kHttp11 = "\x08http/1.1";
constexpr std::string_view kHttp2 = "\x02h2";

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// With forward secrecy, authenticated; of TLS 1.3 all are.
constexpr char kCiphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

std::string NameOf(const X509& certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), X509_get_subject_name(&certificate), 0,
                     XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<size_t>(size));
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%SZ", time, absl::UTCTimeZone());
}

// A client that offers protocols, but not the one that is spoken here, would
// not understand what it is told.
int ChooseProtocol(SSL* session, const unsigned char** out,
                   unsigned char* out_size, const unsigned char* in,
                   unsigned int in_size, void*) {
  const auto* spoken =
      static_cast<const std::string_view*>(SSL_get_app_data(session));
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, Bytes(*spoken),
                            static_cast<unsigned int>(spoken->size()), in,
                            in_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// An encrypted key is an error, not a question on the terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

int VerifyMode(const Options& options) {
  if (options.role == Options::Role::kClient) return SSL_VERIFY_PEER;
  switch (options.clients) {
    case ClientCertificates::kNone:
      return SSL_VERIFY_NONE;
    case ClientCertificates::kOptional:
      return SSL_VERIFY_PEER;
    case ClientCertificates::kRequired:
      return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  return SSL_VERIFY_PEER;
}

bool SetOwn(SSL_CTX* context, const std::vector<Certificate>& own,
            EVP_PKEY* key) {
  if (own.empty()) return true;
  if (SSL_CTX_use_certificate(context, own.front().get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key) != 1) {
    return false;
  }
  for (size_t i = 1; i < own.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, own[i].get()) != 1) return false;
  }
  return true;
}

bool SetAuthorities(SSL_CTX* context,
                    const std::vector<Certificate>& authorities, bool server) {
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const Certificate& authority : authorities) {
    if (X509_STORE_add_cert(store, authority.get()) != 1) return false;
    // Tells clients whose certificates are taken.
    if (server && SSL_CTX_add_client_CA(context, authority.get()) != 1) {
      return false;
    }
  }
  return true;
}

}  // namespace

void SpeakOnly(SSL* session, Protocol protocol) {
  const std::string_view& spoken =
      protocol == Protocol::kHttp2 ? kHttp2 : kHttp11;
  // It is only read.
  SSL_set_app_data(session,
                   const_cast<std::string_view*>(&spoken));  // NOLINT
}

absl::StatusOr<std::vector<Certificate>> ParseCertificates(
    const std::string& what, const std::string& text) {
  ERR_clear_error();
  const Bio bio = ReaderOf(text);
  std::vector<Certificate> all;
  while (X509* next =
             PEM_read_bio_X509(bio.get(), nullptr, &NoPassphrase, nullptr)) {
    all.emplace_back(next);
  }
  const bool at_end =
      ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = TakeReason();
  if (!at_end) {
    return absl::InvalidArgumentError(
        StrCat(what, " has a certificate that cannot be read (", reason, ")"));
  }
  if (all.empty()) {
    return absl::InvalidArgumentError(
        StrCat(what,
               " has no certificate in it; it must be a PEM file with "
               "-----BEGIN CERTIFICATE-----"));
  }
  return all;
}

absl::StatusOr<PrivateKey> ParseKey(const std::string& what,
                                    const std::string& text) {
  ERR_clear_error();
  const Bio bio = ReaderOf(text);
  PrivateKey key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassphrase, nullptr));
  if (key != nullptr) return key;
  const bool encrypted = text.find("ENCRYPTED") != text.npos;
  const std::string reason = TakeReason();
  if (encrypted) {
    return absl::InvalidArgumentError(StrCat(
        what, " is encrypted; give the key without a passphrase, in a file ",
        "that only this process may read"));
  }
  return absl::InvalidArgumentError(
      StrCat(what, " has no private key that can be read (", reason,
             "); it must be a PEM file with -----BEGIN PRIVATE KEY-----"));
}

absl::Time TimeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return absl::InfinitePast();
  return absl::FromTM(parts, absl::UTCTimeZone());
}

absl::Status CheckTime(const std::string& what, const X509& certificate,
                       absl::Time now) {
  const absl::Time first = TimeOf(X509_get0_notBefore(&certificate));
  const absl::Time last = TimeOf(X509_get0_notAfter(&certificate));
  if (now > last) {
    return absl::InvalidArgumentError(
        StrCat(what, " has expired: the certificate of ", NameOf(certificate),
               " was good until ", TimeText(last)));
  }
  if (now < first) {
    return absl::InvalidArgumentError(
        StrCat(what, " is not valid yet: the certificate of ",
               NameOf(certificate), " is good from ", TimeText(first),
               "; is the clock of this machine right?"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<SSL_CTX>> NewContext(
    const Options& options, const std::vector<Certificate>& own, EVP_PKEY* key,
    const std::vector<Certificate>& authorities) {
  ERR_clear_error();
  const bool server = options.role == Options::Role::kServer;
  std::shared_ptr<SSL_CTX> context(
      SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()),
      &SSL_CTX_free);
  const auto failed = [&options] {
    return absl::InvalidArgumentError(StrCat(
        options.setting, ": OpenSSL does not take the files: ", TakeReason()));
  };
  if (context == nullptr) return failed();
  SSL_CTX* raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Idle connections need no buffers.
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_set_cipher_list(raw, kCiphers) != 1 || !SetOwn(raw, own, key) ||
      !SetAuthorities(raw, authorities, server)) {
    return failed();
  }
  SSL_CTX_set_verify(raw, VerifyMode(options), nullptr);
  if (!server && authorities.empty() &&
      SSL_CTX_set_default_verify_paths(raw) != 1) {
    return failed();
  }
  if (server) {
    SSL_CTX_set_alpn_select_cb(raw, &ChooseProtocol, nullptr);
  } else if (SSL_CTX_set_alpn_protos(
                 raw, Bytes(kHttp11),
                 static_cast<unsigned int>(kHttp11.size())) != 0) {
    return failed();
  }
  if (server && options.clients != ClientCertificates::kNone) {
    // A resumed session would outlive the certificate that it began with.
    SSL_CTX_set_options(raw, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(raw, 0);
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  }
  return context;
}

}  // namespace millrace::tls

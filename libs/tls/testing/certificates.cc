#include "tls/testing/certificates.h"

#include <openssl/ec.h>
#include <openssl/rand.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "tls/openssl.h"

namespace millrace::tls {
namespace {

void Must(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string(what) + ": " + TakeReason());
}

std::string Written(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

std::string PemOf(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  Must(PEM_write_bio_X509(bio.get(), certificate) == 1, "writing");
  return Written(bio);
}

std::string PemOf(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  Must(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr,
                                nullptr) == 1,
       "writing");
  return Written(bio);
}

PrivateKey NewKey() {
  PrivateKey key(EVP_EC_gen("P-256"));
  Must(key != nullptr, "a key");
  return key;
}

void Extend(X509* certificate, X509* issuer, int nid, const std::string& text) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension =
      X509V3_EXT_nconf_nid(nullptr, &context, nid, text.c_str());
  Must(extension != nullptr, text.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Without extensions and signature.
Certificate Blank(const std::string& name, EVP_PKEY* key, absl::Duration begins,
                  absl::Duration ends) {
  Certificate certificate(X509_new());
  X509* raw = certificate.get();
  Must(X509_set_version(raw, X509_VERSION_3) == 1, "the version");
  uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial));
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(raw), serial >> 1);
  const absl::Time now = absl::Now();
  ASN1_TIME_set(X509_getm_notBefore(raw), absl::ToTimeT(now + begins));
  ASN1_TIME_set(X509_getm_notAfter(raw), absl::ToTimeT(now + ends));
  if (!name.empty()) {
    X509_NAME_add_entry_by_txt(
        X509_get_subject_name(raw), "CN", MBSTRING_UTF8,
        reinterpret_cast<const unsigned char*>(name.data()),
        static_cast<int>(name.size()), -1, 0);
  }
  Must(X509_set_pubkey(raw, key) == 1, "the key");
  return certificate;
}

}  // namespace

Authority::Authority(const std::string& name)
    : key_(NewKey().release(), &EVP_PKEY_free),
      certificate_(
          Blank(name, key_.get(), -absl::Hours(48), absl::Hours(48)).release(),
          &X509_free) {
  X509* raw = certificate_.get();
  X509_set_issuer_name(raw, X509_get_subject_name(raw));
  Extend(raw, raw, NID_basic_constraints, "critical,CA:TRUE");
  Extend(raw, raw, NID_key_usage, "critical,keyCertSign,cRLSign");
  Extend(raw, raw, NID_subject_key_identifier, "hash");
  Must(X509_sign(raw, key_.get(), EVP_sha256()) > 0, "signing");
  pem_ = PemOf(raw);
}

Issued Authority::Issue(const CertificateOf& of) const {
  const PrivateKey key = NewKey();
  const Certificate certificate =
      Blank(of.common_name, key.get(), of.begins, of.ends);
  X509* raw = certificate.get();
  X509_set_issuer_name(raw, X509_get_subject_name(certificate_.get()));
  Extend(raw, certificate_.get(), NID_basic_constraints, "critical,CA:FALSE");
  if (!of.alternative_names.empty()) {
    Extend(raw, certificate_.get(), NID_subject_alt_name,
           absl::StrJoin(of.alternative_names, ","));
  }
  Must(X509_sign(raw, key_.get(), EVP_sha256()) > 0, "signing");
  return {PemOf(raw), PemOf(key.get())};
}

CertificateFiles::CertificateFiles() {
  std::string name =
      std::filesystem::temp_directory_path() / "millrace-tls-XXXXXX";
  dir_ = mkdtemp(name.data());
}

CertificateFiles::~CertificateFiles() {
  std::error_code error;
  std::filesystem::remove_all(dir_, error);
}

std::string CertificateFiles::Path(const std::string& name) const {
  return dir_ + "/" + name;
}

std::string CertificateFiles::Write(const std::string& name,
                                    const std::string& text) const {
  const std::string path = Path(name);
  std::ofstream(path + ".new") << text;
  Must(std::rename((path + ".new").c_str(), path.c_str()) == 0, "renaming");
  return path;
}

void CertificateFiles::Write(const std::string& name,
                             const Issued& issued) const {
  Write(name + ".pem", issued.certificate);
  Write(name + ".key", issued.key);
}

Options CertificateFiles::Client(const std::string& name,
                                 const std::string& authority) const {
  Options options = {.role = Options::Role::kClient,
                     .ca_file = Path(authority)};
  if (!name.empty()) {
    options.certificate_file = Path(name + ".pem");
    options.key_file = Path(name + ".key");
  }
  return options;
}

}  // namespace millrace::tls

// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/test_authority.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "sdk/base/result.h"

namespace busbar::test {
namespace {

constexpr long kDaySeconds = 24L * 3600;

template <class Write>
std::string pemOf(Write write) {
  BIO* bio = BIO_new(BIO_s_mem());
  BUSBAR_CHECK(write(bio) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

void addExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  BUSBAR_CHECK(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

X509* newCertificate(const std::string& name, EVP_PKEY* key, int fromDays, int toDays) {
  X509* certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), fromDays * kDaySeconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate), toDays * kDaySeconds);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

}  // namespace

struct TestAuthority::Material {
  EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
  X509* certificate = nullptr;
  ~Material() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
};

TestAuthority::TestAuthority(const std::string& name) : material_(std::make_unique<Material>()) {
  X509* certificate = newCertificate(name, material_->key, -400, 400);
  material_->certificate = certificate;
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  addExtension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
  addExtension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
  addExtension(certificate, certificate, NID_subject_key_identifier, "hash");
  BUSBAR_CHECK(X509_sign(certificate, material_->key, EVP_sha256()) > 0);
  pem_ = pemOf([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

TestAuthority::~TestAuthority() = default;

TestIdentity TestAuthority::issue(const std::string& alternativeName, int fromDays,
                                  int toDays) const {
  EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
  X509* certificate = newCertificate("busbar test", key, fromDays, toDays);
  X509* issuer = material_->certificate;
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  addExtension(certificate, issuer, NID_subject_alt_name, alternativeName);
  addExtension(certificate, issuer, NID_authority_key_identifier, "keyid:always");
  BUSBAR_CHECK(X509_sign(certificate, material_->key, EVP_sha256()) > 0);
  TestIdentity identity;
  identity.certificate = pemOf([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
  identity.key = pemOf([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  X509_free(certificate);
  EVP_PKEY_free(key);
  return identity;
}

}  // namespace busbar::test

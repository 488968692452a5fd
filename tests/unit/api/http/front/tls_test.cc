// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <memory>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "tests/support/temp_dir.h"
#include "tests/unit/api/http/front/front_fixture.h"

namespace busbar::http {
namespace {

struct Free {
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
  void operator()(SSL* p) const { SSL_free(p); }
  void operator()(std::FILE* p) const { std::fclose(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

// A self-signed certificate for `name`, written with its key.
void writePair(EVP_PKEY* key, const std::string& name, const std::string& certificateFile,
               const std::string& keyFile, const char* passphrase = nullptr) {
  const Owned<X509> certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  X509_sign(certificate.get(), key, EVP_sha256());
  const Owned<std::FILE> certificateOut(std::fopen(certificateFile.c_str(), "we"));
  PEM_write_X509(certificateOut.get(), certificate.get());
  const Owned<std::FILE> keyOut(std::fopen(keyFile.c_str(), "we"));
  PEM_write_PrivateKey(keyOut.get(), key, passphrase != nullptr ? EVP_aes_128_cbc() : nullptr,
                       nullptr, 0, nullptr, const_cast<char*>(passphrase));  // OpenSSL's signature
}

struct Handshake {
  bool ok = false;
  std::string version;
  std::string cipher;
  std::string commonName;
  std::string alpn;
};

// A TLS client that turns the server's loop while it waits.
class TlsClient {
 public:
  TlsClient(EventLoop& loop, uint16_t port, SSL_CTX* context)
      : loop_(loop), socket_(loop, port), ssl_(SSL_new(context)) {
    SSL_set_fd(ssl_.get(), socket_.fd());
  }

  Handshake connect() {
    Handshake out;
    out.ok = repeat([this] { return SSL_connect(ssl_.get()); }) == 1;
    if (!out.ok) {
      return out;
    }
    out.version = SSL_get_version(ssl_.get());
    out.cipher = SSL_get_cipher_name(ssl_.get());
    const Owned<X509> peer(SSL_get1_peer_certificate(ssl_.get()));
    std::array<char, 64> name{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(peer.get()), NID_commonName, name.data(),
                              static_cast<int>(name.size()));
    out.commonName = name.data();
    const unsigned char* alpn = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &alpn, &size);
    out.alpn.assign(reinterpret_cast<const char*>(alpn), size);
    return out;
  }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const int n = repeat(
          [&] { return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())); });
      ASSERT_GT(n, 0);
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }

  // Reads until `bytes` have come or the peer ended.
  std::string read(size_t bytes) {
    std::string out;
    std::array<char, 16384> buffer;
    while (out.size() < bytes) {
      const int n = repeat([&] {
        return SSL_read(ssl_.get(), buffer.data(),
                        static_cast<int>(std::min(buffer.size(), bytes - out.size())));
      });
      if (n <= 0) {
        break;
      }
      out.append(buffer.data(), static_cast<size_t>(n));
    }
    return out;
  }

  // Reads until `text` has come or the peer ended.
  std::string readUntil(std::string_view text) {
    std::string out;
    while (out.find(text) == std::string::npos) {
      const std::string more = read(1);
      if (more.empty()) {
        break;
      }
      out += more;
    }
    return out;
  }

  int repeat(Callback<int()> step) {
    const Instant end = BootClock::now() + RawHttpClient::kPatience;
    int result = step();
    while (result <= 0 && BootClock::now() < end) {
      const int error = SSL_get_error(ssl_.get(), result);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
        break;
      }
      loop_.runOnce(Milliseconds(1));
      result = step();
    }
    return result;
  }

  SSL* ssl() { return ssl_.get(); }

 private:
  EventLoop& loop_;
  RawHttpClient socket_;
  Owned<SSL> ssl_;
};

class TlsFrontTest : public FrontTest {
 protected:
  TlsFrontTest() : context_(SSL_CTX_new(TLS_client_method())) {
    options_.tlsCertificateFile = path("cert.pem");
    options_.tlsKeyFile = path("key.pem");
    SSL_CTX_set_security_level(context_.get(), 0);  // the server shall refuse, not the client
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
  }
  std::string path(const std::string& name) { return directory_.file(name); }
  void writeEc(const std::string& name) {
    const Owned<EVP_PKEY> key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    writePair(key.get(), name, path("cert.pem"), path("key.pem"));
  }
  void writeRsa(unsigned bits) {
    static const Owned<EVP_PKEY> good(EVP_RSA_gen(2048));  // slow to make
    const Owned<EVP_PKEY> other(bits == 2048 ? nullptr : EVP_RSA_gen(bits));
    writePair(other ? other.get() : good.get(), "rsa", path("cert.pem"), path("key.pem"));
  }
  Handshake handshake() { return TlsClient(*loop_, front_->port(), context_.get()).connect(); }
  std::string createError() {
    const auto front = Front::create(*loop_, handler_, options_);
    return front.ok() ? "" : front.error().message;
  }

  test::TempDir directory_;
  Owned<SSL_CTX> context_;
};

TEST_F(TlsFrontTest, ServesRequestsOfAnySize) {
  writeEc("one");
  handler_.bodyLimitBytes = 1 << 20;
  start();
  EXPECT_TRUE(front_->url().starts_with("https://127.0.0.1:"));
  TlsClient client(*loop_, front_->port(), context_.get());
  ASSERT_TRUE(client.connect().ok);
  const std::string body(500'000, 'x');
  client.send(post("/echo", body));
  EXPECT_TRUE(isStatus(client.readUntil("\r\n\r\n"), 200));
  EXPECT_EQ(client.read(body.size()), body);
  client.send(get("/a") + get("/b") + get("/c"));
  const std::string rest = client.readUntil("GET /c 0");
  EXPECT_NE(rest.find("GET /a 0"), std::string::npos) << rest;
  EXPECT_NE(rest.find("GET /b 0"), std::string::npos) << rest;
}

TEST_F(TlsFrontTest, AnswersRequestsThatWaitedInsideTheSession) {
  writeEc("one");
  start();
  TlsClient client(*loop_, front_->port(), context_.get());
  ASSERT_TRUE(client.connect().ok);
  std::string all = get("/hold");
  for (int i = 0; i < 2000; ++i) {
    all += get("/" + std::to_string(i));
  }
  client.send(all + "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  while (handler_.held.empty()) {
    loop_->runOnce(Milliseconds(1));
  }
  handler_.held[0].send(Response::text(200, "held"));
  const std::string out = client.read(100'000'000);
  EXPECT_TRUE(out.ends_with("GET /last 0")) << out.size();
}

struct TlsCase {
  const char* name;
  int version;
  const char* cipher;  // of TLS 1.2 and before
  bool rsa;
  bool ok;
};
class TlsMatrix : public TlsFrontTest, public testing::WithParamInterface<TlsCase> {};

TEST_P(TlsMatrix, AcceptsOrRefuses) {
  if (GetParam().rsa) {
    writeRsa(2048);
  } else {
    writeEc("ec");
  }
  start();
  SSL_CTX_set_min_proto_version(context_.get(), GetParam().version);
  SSL_CTX_set_max_proto_version(context_.get(), GetParam().version);
  if (GetParam().cipher != nullptr) {
    ASSERT_EQ(SSL_CTX_set_cipher_list(context_.get(), GetParam().cipher), 1);
  }
  const Handshake result = handshake();
  EXPECT_EQ(result.ok, GetParam().ok) << result.version << " " << result.cipher;
  if (!GetParam().ok) {
    RawHttpClient other = connect();
    EXPECT_TRUE(other.turnUntil([this] { return front_->stats().tlsFailures == 1; }));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, TlsMatrix,
    testing::Values(TlsCase{"tls13", TLS1_3_VERSION, nullptr, false, true},
                    TlsCase{"tls12", TLS1_2_VERSION, nullptr, false, true},
                    TlsCase{"tls12_rsa", TLS1_2_VERSION, nullptr, true, true},
                    TlsCase{"tls11", TLS1_1_VERSION, nullptr, true, false},
                    TlsCase{"tls10", TLS1_VERSION, nullptr, true, false},
                    TlsCase{"gcm", TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", false, true},
                    TlsCase{"chacha", TLS1_2_VERSION, "ECDHE-RSA-CHACHA20-POLY1305", true, true},
                    TlsCase{"cbc_ecdsa", TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", false, false},
                    TlsCase{"cbc_rsa", TLS1_2_VERSION, "ECDHE-RSA-AES256-SHA384", true, false},
                    TlsCase{"rsa_key_exchange", TLS1_2_VERSION, "AES128-GCM-SHA256", true, false},
                    TlsCase{"rsa_cbc", TLS1_2_VERSION, "AES128-SHA", true, false},
                    TlsCase{"ccm", TLS1_2_VERSION, "ECDHE-ECDSA-AES128-CCM", false, false},
                    TlsCase{"dhe", TLS1_2_VERSION, "DHE-RSA-AES128-GCM-SHA256", true, false},
                    TlsCase{"anonymous", TLS1_2_VERSION, "AECDH-AES128-SHA", false, false},
                    TlsCase{"null", TLS1_2_VERSION, "ECDHE-RSA-NULL-SHA", true, false}),
    [](const auto& test) { return test.param.name; });

TEST_F(TlsFrontTest, RefusesRenegotiation) {
  writeEc("one");
  start();
  SSL_CTX_set_max_proto_version(context_.get(), TLS1_2_VERSION);
  TlsClient client(*loop_, front_->port(), context_.get());
  ASSERT_TRUE(client.connect().ok);
  ASSERT_EQ(SSL_renegotiate(client.ssl()), 1);
  EXPECT_NE(client.repeat([&client] { return SSL_do_handshake(client.ssl()); }), 1);
}

TEST_F(TlsFrontTest, ChoosesHttp11) {
  writeEc("one");
  start();
  const unsigned char offers[] = "\x02h2\x08http/1.1";
  SSL_CTX_set_alpn_protos(context_.get(), offers, sizeof offers - 1);
  EXPECT_EQ(handshake().alpn, "http/1.1");
}

TEST_F(TlsFrontTest, ReloadsCertificatesForNewConnections) {
  writeEc("before");
  start();
  TlsClient old(*loop_, front_->port(), context_.get());
  EXPECT_EQ(old.connect().commonName, "before");
  writeEc("after");
  ASSERT_TRUE(front_->reloadCertificates().ok());
  EXPECT_EQ(handshake().commonName, "after");
  old.send(get("/a"));
  EXPECT_TRUE(isStatus(old.read(50), 200));
}

TEST_F(TlsFrontTest, KeepsThePairThatWorksWhenAReloadFails) {
  writeEc("before");
  start();
  std::ofstream(path("cert.pem")) << "junk";
  const Status status = front_->reloadCertificates();
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("cert.pem"), std::string::npos);
  EXPECT_EQ(handshake().commonName, "before");
}

TEST_F(TlsFrontTest, NamesWhatIsWrongWithTheFiles) {
  EXPECT_NE(createError().find("cert.pem: No such file"), std::string::npos) << createError();
  writeEc("one");
  std::ofstream(path("key.pem")) << "junk";
  EXPECT_NE(createError().find("key.pem: not a PEM private key"), std::string::npos)
      << createError();
  const Owned<EVP_PKEY> key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  writePair(key.get(), "other", path("unused.pem"), path("key.pem"));
  EXPECT_NE(createError().find("key.pem"), std::string::npos) << createError();
  writePair(key.get(), "locked", path("cert.pem"), path("key.pem"), "secret");
  EXPECT_NE(createError().find("encrypted"), std::string::npos) << createError();
  writeRsa(1024);
  EXPECT_NE(createError().find("too small"), std::string::npos) << createError();
  const Owned<EVP_PKEY> weak(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-224"));
  writePair(weak.get(), "weak", path("cert.pem"), path("key.pem"));
  EXPECT_NE(createError().find("too weak"), std::string::npos) << createError();
  options_.tlsKeyFile.clear();
  EXPECT_NE(createError().find("only of use together"), std::string::npos) << createError();
}

TEST_F(TlsFrontTest, EndsAHandshakeThatDoesNotComeOn) {
  writeEc("one");
  start();
  RawHttpClient silent = connect();
  pass(options_.handshakeTimeout);
  EXPECT_TRUE(silent.readToEnd());
  EXPECT_EQ(front_->stats().timeouts, 1U);
}

TEST_F(TlsFrontTest, ClosesOnPlainHttp) {
  writeEc("one");
  start();
  RawHttpClient client = connect();
  ASSERT_TRUE(client.send(get("/a")));
  EXPECT_TRUE(client.readToEnd());
  EXPECT_EQ(client.received().find("HTTP"), std::string::npos);
  EXPECT_EQ(handler_.handled, 0);
}

TEST_F(TlsFrontTest, StreamsAndCutsSlowReaders) {
  writeEc("one");
  options_.maxQueuedBytes = 200'000;
  start();
  TlsClient client(*loop_, front_->port(), context_.get());
  ASSERT_TRUE(client.connect().ok);
  client.send(get("/stream"));
  while (handler_.streams.empty()) {
    loop_->runOnce(Milliseconds(1));
  }
  handler_.streams[0].write("data: 1\n\n");
  EXPECT_NE(client.readUntil("data: 1").find("HTTP/1.1 200"), std::string::npos);
  StreamWrite last = StreamWrite::Sent;
  for (int i = 0; i < 5000 && last != StreamWrite::Gone; ++i) {
    last = handler_.streams[0].write(std::string(10'000, 'e'));
    loop_->runOnce(Milliseconds(0));
  }
  EXPECT_EQ(last, StreamWrite::Gone);
  EXPECT_EQ(front_->stats().cutReaders, 1U);
}

}  // namespace
}  // namespace busbar::http

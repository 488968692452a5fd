// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/jwt.h"

#include <functional>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "api/auth/base64url.h"
#include "tests/support/present.h"

namespace busbar::auth {
namespace {

constexpr int64_t kNow = 1'700'000'000;

// Making a key takes long, so the cases share them.
const std::vector<SigningKey>& keys() {
  static const std::vector<SigningKey> all = [] {
    std::vector<SigningKey> out;
    out.push_back(SigningKey::generate().value());
    out.push_back(SigningKey::generate().value());
    return out;
  }();
  return all;
}
const SigningKey& stranger() {
  static const SigningKey key = SigningKey::generate().value();
  return key;
}

json::Object claims() {
  json::Object out;
  out.set("iss", "POS");
  out.set("iat", kNow);
  out.set("exp", kNow + 7200);
  out.set("jti", "one");
  out.set("aud", "busbar.test");
  out.set("sub", "user-1");
  return out;
}

std::string good() {
  return test::present(signJwt(keys()[0], JwtType::Access, claims()));
}

// A token of any header and payload text, signed well by our own key.
std::string signedText(const std::string& header, const std::string& payload) {
  const std::string text = encodeBase64Url(header) + "." + encodeBase64Url(payload);
  return text + "." + encodeBase64Url(test::present(keys()[0].sign(text)));
}

std::string header(const std::string& alg, const std::string& more = "",
                   const std::string& kid = keys()[0].id()) {
  return R"({"alg":")" + alg + R"(","typ":"at+jwt","kid":")" + kid + "\"" + more + "}";
}

std::string payload() {
  return json::write(json::Value(claims()));
}

std::string reasonOf(const std::string& token) {
  const auto opened = openJwt(token, JwtType::Access, keys());
  return opened.ok() ? "" : opened.error().reason;
}

TEST(Jwt, OpensWhatItSigned) {
  for (const SigningKey& key : keys()) {
    const auto token = test::present(signJwt(key, JwtType::Access, claims()));
    const auto opened = openJwt(token, JwtType::Access, keys());
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    EXPECT_EQ(opened->claims, claims());
    EXPECT_EQ(opened->keyId, key.id());
  }
  EXPECT_EQ(reasonOf(signedText(header("RS256"), payload())), "");  // the helper itself is right
}

struct Forgery {
  const char* name;
  std::function<std::string()> make;
  const char* reason = "malformed_token";
};

class JwtForgery : public testing::TestWithParam<Forgery> {};

TEST_P(JwtForgery, IsRefused) {
  EXPECT_EQ(reasonOf(GetParam().make()), GetParam().reason);
}

std::string part(const std::string& token, int index) {
  const size_t first = token.find('.');
  const size_t second = token.find('.', first + 1);
  return index == 0   ? token.substr(0, first)
         : index == 1 ? token.substr(first + 1, second - first - 1)
                      : token.substr(second + 1);
}

std::string withAlg(const std::string& alg, bool isSigned) {
  return isSigned ? signedText(header(alg), payload())
                  : encodeBase64Url(header(alg)) + "." + encodeBase64Url(payload()) + ".";
}

// The public key as others have it, "-----BEGIN PUBLIC KEY-----".
std::string publicPem() {
  const std::string pem = keys()[0].toPem().value();
  const std::shared_ptr<BIO> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                BIO_free_all);
  const std::shared_ptr<EVP_PKEY> key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr),
                                      EVP_PKEY_free);
  const std::shared_ptr<BIO> out(BIO_new(BIO_s_mem()), BIO_free_all);
  EXPECT_EQ(PEM_write_bio_PUBKEY(out.get(), key.get()), 1);
  char* text = nullptr;
  const auto size = static_cast<size_t>(BIO_get_mem_data(out.get(), &text));
  return {text, size};
}

// HS256 with what is public as the secret: the confusion of algorithms.
std::string confused(const std::string& secret) {
  const std::string text = encodeBase64Url(header("HS256")) + "." + encodeBase64Url(payload());
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, &size);
  return text + "." + encodeBase64Url({mac, size});
}

// The last character of a signature of 256 bytes has four unused bits.
std::string withUnusedBits() {
  std::string token = good();
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  token.back() = alphabet[alphabet.find(token.back()) + 1];
  return token;
}

const std::vector<Forgery> kForgeries{
    {"Empty", [] { return std::string(); }},
    {"AlgNone", [] { return withAlg("none", false); }},
    {"AlgNoneUpper", [] { return withAlg("NONE", false); }},
    {"AlgNoneMixed", [] { return withAlg("nOnE", false); }},
    {"AlgNoneSigned", [] { return withAlg("none", true); }},
    {"AlgEmpty", [] { return withAlg("", true); }},
    {"AlgLower", [] { return withAlg("rs256", true); }},
    {"AlgRs512", [] { return withAlg("RS512", true); }},
    {"AlgPs256", [] { return withAlg("PS256", true); }},
    {"AlgEs256", [] { return withAlg("ES256", true); }},
    {"AlgHs256Jwk", [] { return confused(json::write(json::Value(keys()[0].jwk()))); }},
    {"AlgHs256Pem", [] { return confused(publicPem()); }},
    {"AlgHs256Empty", [] { return confused(""); }},
    {"HeaderJwk",
     [] {
       const std::string jwk = json::write(json::Value(stranger().jwk()));
       return signedText(header("RS256", ",\"jwk\":" + jwk), payload());
     }},
    {"HeaderJku",
     [] { return signedText(header("RS256", R"(,"jku":"https://evil.test/k")"), payload()); }},
    {"HeaderX5u",
     [] { return signedText(header("RS256", R"(,"x5u":"https://evil.test/c")"), payload()); }},
    {"HeaderX5c", [] { return signedText(header("RS256", R"(,"x5c":["AAAA"])"), payload()); }},
    {"HeaderCrit", [] { return signedText(header("RS256", R"(,"crit":["exp"])"), payload()); }},
    {"HeaderNested", [] { return signedText(header("RS256", R"(,"cty":"JWT")"), payload()); }},
    {"HeaderDuplicateAlg",
     [] { return signedText(header("RS256", R"(,"alg":"none")"), payload()); }},
    {"HeaderDuplicateKid",
     [] { return signedText(header("RS256", ",\"kid\":\"" + keys()[1].id() + "\""), payload()); }},
    {"HeaderNoKid", [] { return signedText(R"({"alg":"RS256","typ":"at+jwt"})", payload()); }},
    {"HeaderNoTyp",
     [] { return signedText(R"({"alg":"RS256","kid":")" + keys()[0].id() + "\"}", payload()); }},
    {"HeaderArray", [] { return signedText("[]", payload()); }},
    {"HeaderNoJson", [] { return signedText("alg", payload()); }},
    {"AnIdToken", [] { return signJwt(keys()[0], JwtType::Id, claims()).value(); }},
    {"KidPath", [] { return signedText(header("RS256", "", "../../dev/null"), payload()); },
     "unknown_signing_key"},
    {"KidDevNull", [] { return signedText(header("RS256", "", "/dev/null"), payload()); },
     "unknown_signing_key"},
    {"KidSql", [] { return signedText(header("RS256", "", "x' OR '1'='1"), payload()); },
     "unknown_signing_key"},
    {"KidEmpty", [] { return signedText(header("RS256", "", ""), payload()); },
     "unknown_signing_key"},
    {"KidNumber", [] { return signedText(R"({"alg":"RS256","typ":"at+jwt","kid":1})", payload()); },
     "unknown_signing_key"},
    {"OtherKeyOfOurs", [] { return signedText(header("RS256", "", keys()[1].id()), payload()); },
     "bad_signature"},
    {"OfAStranger", [] { return signJwt(stranger(), JwtType::Access, claims()).value(); },
     "unknown_signing_key"},
    {"StrangerWithOurKid",
     [] {
       const std::string text = encodeBase64Url(header("RS256")) + "." + encodeBase64Url(payload());
       return text + "." + encodeBase64Url(stranger().sign(text).value());
     },
     "bad_signature"},
    {"OnePart", [] { return part(good(), 0); }},
    {"TwoParts", [] { return part(good(), 0) + "." + part(good(), 1); }},
    {"FourthPart", [] { return good() + ".x"; }},
    {"FourthPartEmpty", [] { return good() + "."; }},
    {"FiveParts", [] { return good() + "..x"; }},
    {"NoSignature", [] { return part(good(), 0) + "." + part(good(), 1) + "."; }, "bad_signature"},
    {"PaddedSignature", [] { return good() + "="; }},
    {"TwicePaddedSignature", [] { return good() + "=="; }},
    {"PaddedHeader",
     [] { return part(good(), 0) + "=." + part(good(), 1) + "." + part(good(), 2); }},
    {"UnusedBits", [] { return withUnusedBits(); }},
    {"SignatureCut", [] { return good().substr(0, good().size() - 2); }, "bad_signature"},
    {"SignatureLonger", [] { return good() + "AAAA"; }, "bad_signature"},
    {"LeadingSpace", [] { return " " + good(); }},
    {"TrailingSpace", [] { return good() + " "; }},
    {"LineFeed", [] { return good() + "\n"; }},
    {"StandardAlphabet", [] { return signedText(header("RS256"), payload()).replace(0, 1, "+"); }},
    {"OtherPayload",
     [] {
       json::Object other = claims();
       other.set("sub", "user-2");
       return part(good(), 0) + "." + encodeBase64Url(json::write(json::Value(other))) + "." +
              part(good(), 2);
     },
     "bad_signature"},
    {"DuplicateClaims",
     [] {
       std::string text = payload();
       text.insert(1, R"("sub":"user-2",)");
       return signedText(header("RS256"), text);
     }},
    {"PayloadArray", [] { return signedText(header("RS256"), "[]"); }},
    {"PayloadNoJson", [] { return signedText(header("RS256"), "x"); }},
    {"PayloadTrailing", [] { return signedText(header("RS256"), payload() + "{}"); }},
    {"PayloadDeep",
     [] {
       return signedText(header("RS256"),
                         R"({"a":)" + std::string(20, '[') + std::string(20, ']') + "}");
     }},
    {"Nested", [] { return signedText(header("RS256"), "\"" + good() + "\""); }},
    {"HugeHeader",
     [] {
       return signedText(header("RS256", ",\"x\":\"" + std::string(1 << 20, 'a') + "\""),
                         payload());
     }},
    {"HugePayload",
     [] { return signedText(header("RS256"), R"({"a":")" + std::string(8192, 'a') + "\"}"); }},
};

INSTANTIATE_TEST_SUITE_P(S4, JwtForgery, testing::ValuesIn(kForgeries),
                         [](const auto& each) { return std::string(each.param.name); });

struct ClaimCase {
  const char* name;
  const char* claim;
  json::Value value;
  const char* reason;
};

class JwtClaims : public testing::TestWithParam<ClaimCase> {};

TEST_P(JwtClaims, AreJudged) {
  json::Object changed = claims();
  if (GetParam().value.isNull()) {
    changed.erase(GetParam().claim);
  } else {
    changed.set(GetParam().claim, GetParam().value);
  }
  const Status status = checkClaims(changed, {"POS", "busbar.test", kNow});
  EXPECT_EQ(status.ok() ? "" : status.error().reason, GetParam().reason);
}

const std::vector<ClaimCase> kClaimCases{
    {"Good", "sub", "user-1", ""},
    {"Expired", "exp", kNow - 61, "expired_token"},
    {"ExpiredByTheLeeway", "exp", kNow - kJwtLeewaySeconds, "expired_token"},
    {"WithinTheLeeway", "exp", kNow - kJwtLeewaySeconds + 1, ""},
    {"NoExpiry", "exp", {}, "malformed_token"},
    {"ExpiryText", "exp", "2099", "malformed_token"},
    {"ExpiryFraction", "exp", 1e18 + 0.5, "malformed_token"},
    {"NotBeforeLater", "nbf", kNow + 61, "early_token"},
    {"NotBeforeWithinTheLeeway", "nbf", kNow + 60, ""},
    {"NotBeforeText", "nbf", "x", "malformed_token"},
    {"IssuedLater", "iat", kNow + 61, "early_token"},
    {"IssuedWithinTheLeeway", "iat", kNow + 60, ""},
    {"NoIssueTime", "iat", {}, "malformed_token"},
    {"OtherAudience", "aud", "other.test", "wrong_audience"},
    {"NoAudience", "aud", {}, "wrong_audience"},
    {"AudienceList", "aud", json::Array{json::Value("busbar.test"), json::Value("x")},
     "wrong_audience"},
    {"AudienceOtherCase", "aud", "BUSBAR.test", "wrong_audience"},
    {"OtherIssuer", "iss", "https://login.test", "wrong_issuer"},
    {"NoIssuer", "iss", {}, "wrong_issuer"},
};

INSTANTIATE_TEST_SUITE_P(S4, JwtClaims, testing::ValuesIn(kClaimCases),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(Jwt, RefusesEveryTextThatDiffersInOneCharacter) {
  const std::string token = good();
  for (size_t i = 0; i < token.size(); i += 7) {
    std::string other = token;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(openJwt(other, JwtType::Access, keys()).ok()) << i;
  }
}

TEST(SigningKey, ComesBackFromItsText) {
  const auto pem = keys()[0].toPem();
  ASSERT_TRUE(pem.ok());
  const auto again = SigningKey::fromPem(*pem);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(again->id(), keys()[0].id());
  EXPECT_TRUE(keys()[0].verifies("text", test::present(again->sign("text"))));
  EXPECT_FALSE(keys()[0].verifies("other", test::present(again->sign("text"))));
}

TEST(SigningKey, ShowsItsPublicHalfOnly) {
  const std::string jwk = json::write(json::Value(keys()[0].jwk()));
  EXPECT_EQ(keys()[0].jwk().size(), 6U);
  for (const char* member : {"\"d\"", "\"p\"", "\"q\"", "\"dp\""}) {
    EXPECT_EQ(jwk.find(member), std::string::npos);
  }
  EXPECT_EQ(keys()[0].id().size(), 43U);
}

// A short or foreign key would make a start that looks well.
TEST(SigningKey, RefusesShortKeysAndOtherKinds) {
  for (const char* kind : {"short", "elliptic"}) {
    EVP_PKEY* raw = std::string(kind) == "short"
                        ? EVP_RSA_gen(1024)
                        : EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "prime256v1");
    const std::shared_ptr<EVP_PKEY> key(raw, EVP_PKEY_free);
    const std::shared_ptr<BIO> bio(BIO_new(BIO_s_mem()), BIO_free_all);
    ASSERT_EQ(
        PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr),
        1);
    char* text = nullptr;
    const auto size = static_cast<size_t>(BIO_get_mem_data(bio.get(), &text));
    const auto made = SigningKey::fromPem({text, size});
    ASSERT_FALSE(made.ok()) << kind;
    EXPECT_EQ(made.error().code, ErrorCode::DataLoss);
  }
  EXPECT_FALSE(SigningKey::fromPem("").ok());
  EXPECT_FALSE(SigningKey::fromPem("-----BEGIN PRIVATE KEY-----\n").ok());
}

TEST(Base64Url, HasOneTextPerValue) {
  for (const std::string& bytes : {std::string(), std::string("f"), std::string("fo"),
                                   std::string("foo"), std::string("\xFF\xFE\x00z", 4)}) {
    EXPECT_EQ(decodeBase64Url(encodeBase64Url(bytes)), bytes);
  }
  EXPECT_EQ(encodeBase64Url("fo"), "Zm8");
  for (const char* bad : {"Z", "Zm8=", "Zm9", "Zh", "Zm 8", "Zm+8", "Zm/8", "Zm8\n", "ZmZvA"}) {
    EXPECT_EQ(decodeBase64Url(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace busbar::auth

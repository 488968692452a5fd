// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/http_error.h"

#include <cstring>

#include <openssl/x509_vfy.h>

namespace busbar {
namespace {

Error unavailable(const char* reason, std::string message) {
  return Error::because(ErrorCode::Unavailable, reason, std::move(message));
}

// libcurl checks the name itself, after OpenSSL has found the chain to be good and before it asks
// for OpenSSL's verdict; until then that is "unspecified".
Error certificateError(CURL* easy, const std::string& origin) {
  long verdict = X509_V_OK;
  curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
  const std::string what = "the certificate of " + origin + " ";
  switch (verdict) {
    case X509_V_OK:
    case X509_V_ERR_UNSPECIFIED:
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return unavailable("tls_wrong_name", what +
                                               "is for another name; use the name that it is "
                                               "for, or have one made for this one");
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return unavailable("tls_certificate_expired",
                         what + "has expired; renew it, or correct the clock of this machine");
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return unavailable("tls_certificate_not_yet_valid",
                         what + "is not valid yet; correct the clock of one of the machines");
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return unavailable("tls_unknown_authority",
                         what +
                             "comes from an authority that is not trusted; give that "
                             "authority's certificate, or pin the key of this one");
    default:
      return unavailable("tls_bad_certificate",
                         what + "is refused: " + X509_verify_cert_error_string(verdict));
  }
}

Error connectError(CURL* easy, const std::string& origin) {
  long number = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
  const std::string why = number != 0 ? std::strerror(static_cast<int>(number)) : "no answer";
  return unavailable("connect_failed", "connect to " + origin + ": " + why +
                                           "; check that it runs and that nothing is in between");
}

}  // namespace

Error errorOf(CURL* easy, CURLcode code, const std::string& origin) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
      return certificateError(easy, origin);
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      return unavailable("tls_pin_mismatch",
                         "the key of " + origin +
                             " is not the pinned one; if its certificate was changed on purpose, "
                             "pin the new one");
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
      return unavailable("tls_failed",
                         "no TLS with " + origin +
                             ": it needs TLS 1.2 or later, and perhaps a client certificate");
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return unavailable("dns_failed", "the name of " + origin + " has no address");
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
      return connectError(easy, origin);
    case CURLE_OPERATION_TIMEDOUT:
      return Error::because(ErrorCode::DeadlineExceeded, "connect_timeout",
                            "connect to " + origin +
                                ": no connection in time; check that it runs and that nothing is "
                                "in between");
    case CURLE_PARTIAL_FILE:
      return Error::because(ErrorCode::DataLoss, "http_truncated",
                            origin + " ended the answer before its end");
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:  // also for a chunked body with a malformed length
    case CURLE_SEND_FAIL_REWIND:
      return unavailable("connection_lost",
                         "the connection to " + origin +
                             " broke before the answer was whole; the request may have had effect");
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
      return Error::of(ErrorCode::Internal,
                       std::string("request to ") + origin + ": " + curl_easy_strerror(code));
    default:
      return Error::because(
          ErrorCode::DataLoss, "http_bad_answer",
          "the answer of " + origin + " is no proper HTTP: " + curl_easy_strerror(code));
  }
}

}  // namespace busbar

// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/front/head_parser.h"

#include <string>

#include <gtest/gtest.h>

namespace busbar::http {
namespace {

// What the two steps say about a whole head: 0 accepted, -1 wants more, else the status.
int verdict(const std::string& bytes, Head& head) {
  size_t scanned = 0;
  const HeadScan scan = scanHead(bytes, scanned);
  if (scan.refusal) {
    return scan.refusal->status;
  }
  if (scan.headBytes == 0) {
    return -1;
  }
  const auto refusal = parseHead(std::string_view(bytes).substr(0, scan.headBytes), head);
  return refusal ? refusal->status : 0;
}

struct Case {
  const char* name;
  std::string bytes;
  int status;
};

std::string getWith(const std::string& headers) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}
std::string line(const std::string& requestLine) {
  return requestLine + "\r\nHost: a\r\n\r\n";
}
std::string many(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) {
    out += "x" + std::to_string(i) + ": y\r\n";
  }
  return out;
}

class HeadParserTable : public testing::TestWithParam<Case> {};

TEST_P(HeadParserTable, GivesTheStatus) {
  Head head;
  EXPECT_EQ(verdict(GetParam().bytes, head), GetParam().status) << GetParam().bytes;
}

using namespace std::string_literals;  // NOLINT: NUL bytes in literals

INSTANTIATE_TEST_SUITE_P(
    Lengths, HeadParserTable,
    testing::Values(
        Case{"one", getWith("Content-Length: 5\r\n"), 0},
        Case{"blanks_around_value", getWith("Content-Length: \t 5 \t\r\n"), 0},
        Case{"zero", getWith("Content-Length: 0\r\n"), 0},
        Case{"space_before_colon", getWith("Content-Length : 5\r\n"), 400},
        Case{"tab_before_colon", getWith("Content-Length\t: 5\r\n"), 400},
        Case{"list", getWith("Content-Length: 5,5\r\n"), 400},
        Case{"list_with_blank", getWith("Content-Length: 5, 5\r\n"), 400},
        Case{"plus", getWith("Content-Length: +5\r\n"), 400},
        Case{"minus", getWith("Content-Length: -5\r\n"), 400},
        Case{"hex", getWith("Content-Length: 0x5\r\n"), 400},
        Case{"letters", getWith("Content-Length: 5a\r\n"), 400},
        Case{"inner_blank", getWith("Content-Length: 5 5\r\n"), 400},
        Case{"empty", getWith("Content-Length:\r\n"), 400},
        Case{"overflow", getWith("Content-Length: 18446744073709551621\r\n"), 400},
        Case{"nineteen_digits", getWith("Content-Length: 0000000000000000005\r\n"), 400},
        Case{"twice_same", getWith("Content-Length: 5\r\nContent-Length: 5\r\n"), 400},
        Case{"twice_other", getWith("Content-Length: 5\r\ncontent-length: 6\r\n"), 400},
        Case{"with_te", getWith("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400},
        Case{"te_first", getWith("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"), 400},
        Case{"chunked", getWith("Transfer-Encoding: chunked\r\n"), 0},
        Case{"chunked_any_case", getWith("transfer-ENCODING: CHUNKED\r\n"), 0},
        Case{"te_twice", getWith("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
             400},
        Case{"te_list", getWith("Transfer-Encoding: gzip, chunked\r\n"), 501},
        Case{"te_identity", getWith("Transfer-Encoding: identity\r\n"), 501},
        Case{"te_xchunked", getWith("Transfer-Encoding: xchunked\r\n"), 501},
        Case{"te_vertical_tab",
             getWith("Transfer-Encoding: \x0b"
                     "chunked\r\n"),
             400},
        Case{"te_http10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Lines, HeadParserTable,
    testing::Values(
        Case{"plain", line("GET / HTTP/1.1"), 0}, Case{"http10", "GET / HTTP/1.0\r\n\r\n", 0},
        Case{"http10_with_host", "GET / HTTP/1.0\r\nHost: a\r\n\r\n", 0},
        Case{"unknown_method_is_the_routers", line("BREW /pot HTTP/1.1"), 0},
        Case{"query", line("GET /a?b=c&d=%20[]|{} HTTP/1.1"), 0},
        Case{"options_asterisk", line("OPTIONS * HTTP/1.1"), 0},
        Case{"get_asterisk", line("GET * HTTP/1.1"), 400},
        Case{"absolute_form", line("GET http://a/ HTTP/1.1"), 400},
        Case{"authority_form", line("GET a:80 HTTP/1.1"), 400},
        Case{"connect", line("CONNECT a:80 HTTP/1.1"), 501},
        Case{"no_target", line("GET HTTP/1.1"), 400},
        Case{"empty_target", line("GET  HTTP/1.1"), 400},
        Case{"two_blanks", line("GET  / HTTP/1.1"), 400},
        Case{"blank_in_target", line("GET /a b HTTP/1.1"), 400},
        Case{"tab_separator", line("GET\t/\tHTTP/1.1"), 400},
        Case{"leading_blank", line(" GET / HTTP/1.1"), 400},
        Case{"trailing_blank", line("GET / HTTP/1.1 "), 400},
        Case{"no_version", line("GET /"), 400}, Case{"http09", "GET /\r\n\r\n", 400},
        Case{"lower_version", line("GET / http/1.1"), 400},
        Case{"http12", line("GET / HTTP/1.2"), 505}, Case{"http2", line("GET / HTTP/2.0"), 505},
        Case{"http2_preface", "PRI * HTTP/2.0\r\n\r\n", 505},
        Case{"long_version", line("GET / HTTP/1.10"), 400},
        Case{"letters_in_version", line("GET / HTTP/1.x"), 400},
        Case{"method_with_separator", line("G(T / HTTP/1.1"), 400},
        Case{"method_33_characters", line(std::string(33, 'A') + " / HTTP/1.1"), 400},
        Case{"nul_in_target", line("GET /\0 HTTP/1.1"s), 400},
        Case{"nul_in_method", line("G\0T / HTTP/1.1"s), 400},
        Case{"high_bit_in_target", line("GET /\xc3\xa9 HTTP/1.1"), 400},
        Case{"delete_in_target", line("GET /\x7f HTTP/1.1"), 400},
        Case{"target_over_8192", line("GET /" + std::string(8192, 'a') + " HTTP/1.1"), 414},
        Case{"tls_hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400},
        Case{"bare_lf_everywhere", "GET / HTTP/1.1\nHost: a\n\n", 400},
        Case{"bare_lf_after_line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
        Case{"bare_lf_at_the_end", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
        Case{"incomplete", "GET / HTTP/1.1\r\nHost: a\r\n", -1}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Headers, HeadParserTable,
    testing::Values(Case{"none_in_11", "GET / HTTP/1.1\r\n\r\n", 400},
                    Case{"two_hosts", getWith("Host: a\r\n"), 400},
                    Case{"two_hosts_any_case", getWith("hOST: b\r\n"), 400},
                    Case{"empty_host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
                    Case{"host_list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
                    Case{"host_path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
                    Case{"host_user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
                    Case{"host_port", "GET / HTTP/1.1\r\nHost: a:8080\r\n\r\n", 0},
                    Case{"host_bad_port", "GET / HTTP/1.1\r\nHost: a:80a\r\n\r\n", 400},
                    Case{"host_ipv6", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 0},
                    Case{"host_ipv6_open", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400},
                    Case{"obs_fold_blank", getWith("a: b\r\n c\r\n"), 400},
                    Case{"obs_fold_tab", getWith("a: b\r\n\tc\r\n"), 400},
                    Case{"fold_first", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
                    Case{"no_colon", getWith("abc\r\n"), 400},
                    Case{"empty_name", getWith(": b\r\n"), 400},
                    Case{"empty_value", getWith("a:\r\n"), 0},
                    Case{"name_with_blank", getWith("a b: c\r\n"), 400},
                    Case{"name_with_slash", getWith("a/b: c\r\n"), 400},
                    Case{"nul_in_value", getWith("a: b\0c\r\n"s), 400},
                    Case{"cr_in_value", getWith("a: b\rc\r\n"), 400},
                    Case{"escape_in_value", getWith("a: b\x1b[m\r\n"), 400},
                    Case{"high_bit_in_value", getWith("a: \xc3\xa9\r\n"), 0},
                    Case{"high_bit_in_name", getWith("\xc3\xa9: a\r\n"), 400},
                    Case{"hundred_headers", getWith(many(99)), 0},
                    Case{"more_headers", getWith(many(100)), 431},
                    Case{"expect", getWith("Expect: 100-Continue\r\n"), 0},
                    Case{"other_expect", getWith("Expect: 200-ok\r\n"), 417},
                    Case{"bad_connection", getWith("Connection: a b\r\n"), 400}),
    [](const auto& test) { return test.param.name; });

TEST(HeadParser, FillsTheHead) {
  Head head;
  const std::string bytes =
      "POST /a?b HTTP/1.1\r\nHost: a\r\nX-A:  1 \r\nContent-Length: 12\r\n"
      "Expect: 100-continue\r\n\r\nrest";
  ASSERT_EQ(verdict(bytes, head), 0);
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.target, "/a?b");
  EXPECT_EQ(head.framing, BodyFraming::Length);
  EXPECT_EQ(head.contentLength, 12U);
  EXPECT_TRUE(head.keepAlive);
  EXPECT_TRUE(head.expectsContinue);
  ASSERT_EQ(head.fieldCount, 4U);
  EXPECT_EQ(head.fields[1].name, "X-A");
  EXPECT_EQ(head.fields[1].value, "1");
}

// RFC 9110 s. 5.5: no control characters but the tab, wherever in the value they stand.
TEST(HeadParser, KnowsEachByteOfAValueAtEachPlace) {
  for (size_t at = 0; at < 35; ++at) {
    for (int c = 0; c < 256; ++c) {
      std::string value(35, 'x');
      value[at] = static_cast<char>(c);
      EXPECT_EQ(isFieldValue(value), c == '\t' || (c >= 0x20 && c != 0x7F)) << c << " at " << at;
    }
  }
}

TEST(HeadParser, KeepsAliveByVersionAndConnection) {
  Head head;
  EXPECT_EQ(verdict(getWith("Connection: x, Close\r\n"), head), 0);
  EXPECT_FALSE(head.keepAlive);
  EXPECT_EQ(verdict("GET / HTTP/1.0\r\n\r\n", head), 0);
  EXPECT_FALSE(head.keepAlive);
  EXPECT_EQ(verdict("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", head), 0);
  EXPECT_TRUE(head.keepAlive);
}

TEST(HeadParser, ScansPiecesOfAnySize) {
  const std::string bytes = getWith("a: b\r\n");
  for (size_t cut = 1; cut < bytes.size(); ++cut) {
    size_t scanned = 0;
    EXPECT_EQ(scanHead(std::string_view(bytes).substr(0, cut), scanned).headBytes, 0U);
    EXPECT_EQ(scanHead(bytes, scanned).headBytes, bytes.size());
  }
}

}  // namespace
}  // namespace busbar::http

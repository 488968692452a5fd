// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace busbar::test {

// Ways to write a URL that leads inside, or that two parsers may read differently. "OWN" and "IN"
// are ports. As they stand in a JSON text.
inline constexpr const char* kInwardUrls[] = {
    "http://127.0.0.1:IN/",
    "http://localhost:IN/",
    "http://[::1]:IN/",
    "http://[::]:IN/",
    "http://0.0.0.0:IN/",
    "http://0:IN/",
    "http://127.1:IN/",
    "http://127.0.1:IN/",
    "http://2130706433:IN/",
    "http://0x7f000001:IN/",
    "http://0x7f.0.0.1:IN/",
    "http://0177.0.0.1:IN/",
    "http://017700000001:IN/",
    "http://127.0.0.1.:IN/",
    "http://127.0.0.2:IN/",
    "http://[::ffff:127.0.0.1]:IN/",
    "http://[::ffff:7f00:1]:IN/",
    "http://[0:0:0:0:0:ffff:7f00:1]:IN/",
    "http://[64:ff9b::7f00:1]:IN/",
    "http://[::127.0.0.1]:IN/",
    "http://[2002:7f00:1::]:IN/",
    "http://[::1%25lo]:IN/",
    "http://127.0.0.1:OWN@127.0.0.1:IN/",
    "http://user:secret@127.0.0.1:IN/",
    "http://127.0.0.1:OWN%40127.0.0.1:IN/",
    "http://127.0.0.1:OWN\\\\@127.0.0.1:IN/",
    "http://127.0.0.1:IN#@127.0.0.1:OWN/",
    "http://127.0.0.1:IN?@127.0.0.1:OWN/",
    "http://127.0.0.1%2f:IN/",
    "http://127.0.0.1%00.example:IN/",
    "http://127。0。0。1:IN/",
    "http://①②⑦.0.0.1:IN/",
    "HTTP://127.0.0.1:IN/",
    "https://127.0.0.1:OWN/",
    "http:/127.0.0.1:IN/",
    "http:127.0.0.1:IN/",
    "http:///127.0.0.1:IN/",
    " http://127.0.0.1:IN/",
    "http://127.0.0.1:OWN\\r\\nHost: x:IN/",
    "http://127.0.0.1:0/",
    "http://127.0.0.1:65616/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://metadata.google.internal/",
    "http://10.0.0.1/",
    "http://192.168.0.1/",
    "http://100.64.0.1/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:IN/_x",
    "ftp://127.0.0.1:IN/",
    "dict://127.0.0.1:IN/x",
    "unix:/run/busbar.sock",
    "",
};

inline std::string withPorts(std::string url, uint16_t own, uint16_t inside) {
  for (const auto& [name, port] : {std::pair("OWN", own), std::pair("IN", inside)}) {
    for (size_t at = url.find(name); at != std::string::npos; at = url.find(name)) {
      url.replace(at, std::string_view(name).size(), std::to_string(port));
    }
  }
  return url;
}

}  // namespace busbar::test

// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

namespace busbar::test {

// A private key and its certificate, both PEM.
struct TestIdentity {
  std::string certificate;
  std::string key;
};

// A certificate authority made for one test. Thread-compatible.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name);
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;
  ~TestAuthority();

  const std::string& certificate() const { return pem_; }
  // For `alternativeName` ("DNS:localhost", "IP:127.0.0.1"), valid from `fromDays` to `toDays`
  // counted from now.
  TestIdentity issue(const std::string& alternativeName, int fromDays = -1, int toDays = 30) const;

 private:
  struct Material;
  std::unique_ptr<Material> material_;
  std::string pem_;
};

}  // namespace busbar::test

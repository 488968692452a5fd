// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plugins/snmp/message.h"
#include "plugins/snmp/usm.h"

namespace busbar::snmp {

struct Credentials {
  Version version = Version::V2c;
  std::string community = "public";  // v1, v2c
  UsmUser user;                      // v3
  std::string contextName;           // v3
};

// One agent, one question at a time: turns a PDU into datagrams and datagrams into an answer. With
// v3 it finds the agent's engine and clock by itself, which costs up to two more datagrams. Does no
// I/O, keeps no timer: the caller sends what `begin` and `receive` give, sends it again when no
// answer comes, and gives up by `abandon`. Thread-compatible.
class Session {
 public:
  struct Step {
    enum class Kind : uint8_t {
      Ignored,   // not an answer to the open question: keep waiting
      Send,      // send `datagram` and keep waiting
      Answered,  // `pdu` is the response; its errorStatus may tell of an error
      Failed,    // `error` says why in a sentence
    };
    Kind kind = Kind::Ignored;
    std::vector<uint8_t> datagram;
    Pdu pdu;
    std::string error;
  };

  explicit Session(Credentials credentials);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Opens a question; an older one is forgotten. The request id of `pdu` is chosen here. Send or
  // Failed.
  Step begin(Pdu pdu, int64_t nowS);
  Step receive(std::span<const uint8_t> datagram, int64_t nowS);
  void abandon() { pending_.reset(); }
  bool isBusy() const { return pending_.has_value(); }

 private:
  struct Pending {
    Pdu pdu;
    int32_t messageId = 0;
    uint8_t resends = 0;
  };

  Step sendPending(Pending& pending, int64_t nowS);
  Step receiveCommunity(const Pending& pending, std::span<const uint8_t> datagram);
  Step receiveV3(Pending& pending, std::span<const uint8_t> datagram, int64_t nowS);
  Step judgeReport(Pending& pending, const Opened& opened, int64_t nowS);
  Step finish(Step step);
  int32_t nextId();

  Credentials credentials_;
  std::unique_ptr<Usm> usm_;  // v3
  std::optional<Pending> pending_;
  uint64_t ids_ = 0;
};

// The kinds of datagram that an agent refuses with a report (RFC 3414 s.5), as a sentence that says
// what to do.
std::string reportText(const Pdu& report);

// Steps through a subtree with GetNext, or GetBulk where the version has it.
class Walk {
 public:
  static constexpr size_t kMaxRows = 10'000;

  Walk(Oid root, Version version, int32_t maxRepetitions);

  // The next request; only while !isDone().
  Pdu request() const;
  // Takes an answer. Rows within the root are appended to rows(). The sentence tells of an agent
  // that reports an error or goes in circles; then, too, the walk is done. Empty means success.
  [[nodiscard]] std::string take(const Pdu& response);
  bool isDone() const { return isDone_; }
  bool isCut() const { return rows_.size() >= kMaxRows; }
  const Oid& root() const { return root_; }
  const std::vector<Binding>& rows() const { return rows_; }
  std::vector<Binding> takeRows() { return std::move(rows_); }

 private:
  Oid root_;
  Oid last_;
  Version version_;
  int32_t maxRepetitions_;
  bool isDone_ = false;
  std::vector<Binding> rows_;
};

}  // namespace busbar::snmp

// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/snmp/session.h"

#include <array>
#include <string_view>
#include <utility>

namespace busbar::snmp {
namespace {

// Engine, then clock, and each once more for an agent that restarts in between.
constexpr uint8_t kMaxResends = 4;
constexpr uint32_t kPositiveIdMask = 0x3FFFFFFF;

// usmStats (RFC 3414 s.5) and snmpMPDStats (RFC 3412) counters by their last arcs.
enum class Report : uint8_t { Level, TimeWindow, User, Engine, Digest, Decryption, Other };

constexpr std::string_view kUsmStats = "1.3.6.1.6.3.15.1.1";

Report reportKind(const Pdu& report) {
  static const Oid stats = Oid::fromText(kUsmStats).value_or(Oid());
  if (report.bindings.empty() || !report.bindings[0].oid.isWithin(stats) ||
      report.bindings[0].oid.arcs().size() == stats.arcs().size()) {
    return Report::Other;
  }
  switch (report.bindings[0].oid.arcs()[stats.arcs().size()]) {
    case 1:
      return Report::Level;
    case 2:
      return Report::TimeWindow;
    case 3:
      return Report::User;
    case 4:
      return Report::Engine;
    case 5:
      return Report::Digest;
    case 6:
      return Report::Decryption;
    default:
      return Report::Other;
  }
}

Session::Step failed(std::string error) {
  Session::Step step;
  step.kind = Session::Step::Kind::Failed;
  step.error = std::move(error);
  return step;
}

}  // namespace

std::string reportText(const Pdu& report) {
  switch (reportKind(report)) {
    case Report::Level:
      return "the agent does not offer this security level to the user "
             "(usmStatsUnsupportedSecLevels): "
             "check the auth and priv protocols";
    case Report::TimeWindow:
      return "the agent and this side do not agree on the agent's clock (usmStatsNotInTimeWindows)";
    case Report::User:
      return "the agent does not know the user (usmStatsUnknownUserNames): check the user name";
    case Report::Engine:
      return "the agent does not accept its own engine id (usmStatsUnknownEngineIDs)";
    case Report::Digest:
      return "the agent refuses the signature (usmStatsWrongDigests): check the auth password and "
             "protocol";
    case Report::Decryption:
      return "the agent cannot decrypt the request (usmStatsDecryptionErrors): check the priv "
             "password and "
             "protocol";
    case Report::Other:
      break;
  }
  if (report.bindings.empty()) {
    return "the agent reports an error without saying which";
  }
  return "the agent reports an error: " + report.bindings[0].oid.toText();
}

Session::Session(Credentials credentials) : credentials_(std::move(credentials)) {
  if (!randomNumber(ids_)) {
    ids_ = 1;  // only v3 needs ids that nobody can foresee, and Usm is not ready without random
               // numbers
  }
  if (credentials_.version == Version::V3) {
    usm_ = std::make_unique<Usm>(credentials_.user);
  }
  credentials_.user.authPassword.clear();
  credentials_.user.privPassword.clear();
}

int32_t Session::nextId() {
  return static_cast<int32_t>(++ids_ & kPositiveIdMask);
}

Session::Step Session::finish(Step step) {
  pending_.reset();
  return step;
}

Session::Step Session::begin(Pdu pdu, int64_t nowS) {
  if (usm_ != nullptr && !usm_->isReady()) {
    return failed("no keys could be made from the passwords: the cryptographic library refused");
  }
  pdu.requestId = nextId();
  pending_ = Pending{.pdu = std::move(pdu), .messageId = 0, .resends = 0};
  return sendPending(*pending_, nowS);
}

Session::Step Session::sendPending(Pending& pending, int64_t nowS) {
  Step step;
  step.kind = Step::Kind::Send;
  if (usm_ == nullptr) {
    step.datagram = encode(CommunityMessage{
        .version = credentials_.version, .community = credentials_.community, .pdu = pending.pdu});
  } else {
    pending.messageId = nextId();
    step.datagram = usm_->knowsEngine()
                        ? usm_->seal(pending.pdu, credentials_.contextName, pending.messageId, nowS)
                        : usm_->sealDiscovery(pending.messageId, pending.pdu.requestId);
  }
  if (step.datagram.empty()) {
    return finish(failed("the request could not be protected: the cryptographic library refused"));
  }
  if (step.datagram.size() > kMaxMessageBytes) {
    return finish(failed("the request is too long for a datagram"));
  }
  return step;
}

Session::Step Session::receive(std::span<const uint8_t> datagram, int64_t nowS) {
  if (!pending_) {
    return {};
  }
  return usm_ == nullptr ? receiveCommunity(*pending_, datagram)
                         : receiveV3(*pending_, datagram, nowS);
}

Session::Step Session::receiveCommunity(const Pending& pending, std::span<const uint8_t> datagram) {
  auto message = decodeCommunity(datagram);
  if (!message || message->version != credentials_.version ||
      message->community != credentials_.community || message->pdu.type != PduType::Response ||
      message->pdu.requestId != pending.pdu.requestId) {
    return {};
  }
  Step step;
  step.kind = Step::Kind::Answered;
  step.pdu = std::move(message->pdu);
  return finish(std::move(step));
}

Session::Step Session::receiveV3(Pending& pending, std::span<const uint8_t> datagram,
                                 int64_t nowS) {
  Opened opened = usm_->open(datagram, nowS);
  // The message id is fresh for each datagram, which is what refuses a replay within the time
  // window.
  if (opened.messageId != pending.messageId) {
    return {};
  }
  Pdu& pdu = opened.scoped.pdu;
  if (opened.verdict == Verdict::ReportUnproven ||
      (opened.verdict == Verdict::Accepted && pdu.type == PduType::Report)) {
    return judgeReport(pending, opened, nowS);
  }
  if (opened.verdict != Verdict::Accepted || pdu.type != PduType::Response ||
      pdu.requestId != pending.pdu.requestId) {
    return {};
  }
  Step step;
  step.kind = Step::Kind::Answered;
  step.pdu = std::move(pdu);
  return finish(std::move(step));
}

Session::Step Session::judgeReport(Pending& pending, const Opened& opened, int64_t nowS) {
  const Report kind = reportKind(opened.scoped.pdu);
  const bool isProven = opened.verdict == Verdict::Accepted;
  const bool mayResend = ++pending.resends <= kMaxResends;
  if (kind == Report::Engine && mayResend && usm_->adoptEngine(opened.engineId)) {
    return sendPending(pending, nowS);
  }
  // The clock is learnt from proven messages only, which open() has done by now.
  if (kind == Report::TimeWindow && mayResend && isProven) {
    return sendPending(pending, nowS);
  }
  return finish(failed(reportText(opened.scoped.pdu)));
}

Walk::Walk(Oid root, Version version, int32_t maxRepetitions)
    : root_(std::move(root)), last_(root_), version_(version), maxRepetitions_(maxRepetitions) {}

Pdu Walk::request() const {
  Pdu pdu;
  pdu.type = version_ == Version::V1 ? PduType::GetNext : PduType::GetBulk;
  pdu.errorIndex = version_ == Version::V1 ? 0 : maxRepetitions_;
  pdu.bindings.push_back({.oid = last_, .value = {}});
  return pdu;
}

std::string Walk::take(const Pdu& response) {
  constexpr int32_t kNoSuchName = 2;
  if (response.errorStatus == kNoSuchName && version_ == Version::V1) {
    isDone_ = true;  // how a v1 agent says that there is nothing further
    return "";
  }
  if (response.errorStatus != 0 || response.bindings.empty()) {
    isDone_ = true;
    return "the agent ended the walk of " + root_.toText() + " with " +
           (response.errorStatus != 0 ? errorStatusText(response.errorStatus)
                                      : std::string("an empty answer"));
  }
  for (const Binding& binding : response.bindings) {
    if (!binding.oid.isWithin(root_) || binding.value.type == ValueType::EndOfMibView || isCut()) {
      isDone_ = true;
      return "";
    }
    if (binding.oid <= last_) {
      isDone_ = true;
      return "the agent goes in circles at " + binding.oid.toText();
    }
    last_ = binding.oid;
    rows_.push_back(binding);
  }
  return "";
}

}  // namespace busbar::snmp

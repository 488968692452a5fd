// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/smtp_mailer.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <utility>

#include "api/triggers/mail_message.h"
#include "api/triggers/smtp_dialogue.h"
#include "sdk/base/net/curl_multi.h"
#include "sdk/base/net/http_error.h"
#include "sdk/base/net/profile_options.h"
#include "sdk/base/net/tls_material.h"
#include "sdk/base/net/url.h"

namespace busbar::triggers {
namespace {

constexpr Milliseconds kQuitTimeout{2'000};

Error badOption(std::string field, std::string message) {
  return Error::at(ErrorCode::InvalidArgument, std::move(field), std::move(message));
}

std::string machineName() {
  std::array<char, 256> name{};
  const bool isKnown = gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0';
  return isKnown ? name.data() : "localhost";
}

bool isHostName(std::string_view name) {
  return !name.empty() && name.size() <= 253 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
  });
}

Status checkOptions(const SmtpMailer::Options& options) {
  const bool isV6 = options.host.find(':') != std::string::npos;
  const auto url = Url::parse("http://" + (isV6 ? "[" + options.host + "]" : options.host) + ":" +
                              std::to_string(options.port));
  if (!url || url->target() != "/") {
    return badOption("host", "the mail server is no host and port");
  }
  if (!isMailAddress(options.from)) {
    return badOption("from", "the sender of mail is no address");
  }
  if (!options.user.empty() && options.tls == SmtpMailer::Tls::None) {
    return badOption("user", "a user of the mail server needs TLS, else its password can be read");
  }
  if (!isHostName(options.ownName)) {
    return badOption("ownName", "the name for the mail server is no host name");
  }
  return options.caPem.empty() ? Status() : checkCertificates("caPem", options.caPem);
}

size_t discard(char*, size_t size, size_t count, void*) {
  return size * count;
}

}  // namespace

class SmtpMailer::Core : public CurlMulti::Owner, public std::enable_shared_from_this<Core> {
 public:
  Core(EventLoop& loop, Resolver& resolver, Options options)
      : loop_(loop),
        resolver_(resolver),
        options_(std::move(options)),
        host_(options_.host.find(':') == std::string::npos ? options_.host
                                                           : "[" + options_.host + "]"),
        multi_(loop, *this, options_.maxConnections, sockets_) {}

  void send(const Mail& mail, Milliseconds timeout, Callback<void(Status)> done);
  void close();

 private:
  struct Delivery {
    Delivery(uint64_t number, SmtpDialogue words, Callback<void(Status)> whenDone)
        : id(number), dialogue(std::move(words)), done(std::move(whenDone)) {}
    const uint64_t id;
    SmtpDialogue dialogue;
    Callback<void(Status)> done;  // empty once told
    TimerId timer = 0;
    bool isActive = false;  // out of the queue
    CURL* easy = nullptr;
    curl_slist* resolve = nullptr;
    std::string output;
  };

  void pump();
  void resolved(uint64_t id, Result<std::vector<IpAddress>> addresses);
  void start(Delivery& delivery, const std::vector<IpAddress>& addresses);
  void setOptions(Delivery& delivery);
  static curl_socket_t onOpen(void* self, curlsocktype, curl_sockaddr* address);
  bool keeps(CURL*) const override { return true; }
  void curlEnded(CURL* easy, CURLcode code) override;
  Error errorFor(CURL* easy, CURLcode code) const;
  void exchange(uint64_t id);
  bool receive(Delivery& delivery);
  bool flush(Delivery& delivery);
  void decided(Delivery& delivery);
  void timedOut(uint64_t id);
  void tell(Delivery& delivery, Status status);
  void end(uint64_t id);
  std::string origin() const { return "smtp://" + host_ + ":" + std::to_string(options_.port); }

  EventLoop& loop_;
  Resolver& resolver_;
  const Options options_;
  const std::string host_;  // as in a URL
  size_t sockets_ = 0;
  CurlMulti multi_;
  std::map<uint64_t, Delivery> deliveries_;
  std::deque<uint64_t> queue_;
  size_t active_ = 0;
  uint64_t lastId_ = 0;
};

void SmtpMailer::Core::send(const Mail& mail, Milliseconds timeout, Callback<void(Status)> done) {
  auto message = composeMail(mail, options_.from, options_.ownName, loop_.clock().utcNs());
  const uint64_t id = ++lastId_;
  SmtpDialogue dialogue(options_.from, mail.to, message.ok() ? std::move(*message) : std::string());
  Delivery& delivery =
      deliveries_.try_emplace(id, id, std::move(dialogue), std::move(done)).first->second;
  if (!message.ok() || queue_.size() >= options_.maxQueued) {
    tell(delivery, message.ok() ? Error::because(ErrorCode::ResourceExhausted, "mail_queue_full",
                                                 "too many mails wait for the mail server")
                                : message.error());
    deliveries_.erase(id);
    return;
  }
  delivery.timer = loop_.runAfter(timeout, [this, id] { timedOut(id); });
  queue_.push_back(id);
  pump();
}

void SmtpMailer::Core::pump() {
  while (active_ < options_.maxConnections && !queue_.empty()) {
    Delivery& delivery = deliveries_.at(queue_.front());
    queue_.pop_front();
    delivery.isActive = true;
    ++active_;
    if (IpAddress::parse(options_.host)) {
      start(delivery, {});
      continue;
    }
    resolver_.resolve(options_.host, [weak = weak_from_this(),
                                      id = delivery.id](Result<std::vector<IpAddress>> addresses) {
      if (const auto core = weak.lock()) {
        core->resolved(id, std::move(addresses));
      }
    });
  }
}

void SmtpMailer::Core::resolved(uint64_t id, Result<std::vector<IpAddress>> addresses) {
  const auto found = deliveries_.find(id);
  if (found == deliveries_.end()) {
    return;
  }
  if (addresses.ok()) {
    start(found->second, *addresses);
    return;
  }
  tell(found->second, std::move(addresses).error());
  end(id);
}

void SmtpMailer::Core::start(Delivery& delivery, const std::vector<IpAddress>& addresses) {
  delivery.easy = curl_easy_init();
  BUSBAR_CHECK(delivery.easy != nullptr);
  setOptions(delivery);
  if (!addresses.empty()) {
    std::string entry = "+" + options_.host + ":" + std::to_string(options_.port);
    char separator = ':';
    for (const IpAddress& address : addresses) {
      entry += std::exchange(separator, ',') +
               (address.isIpv6() ? "[" + address.text() + "]" : address.text());
    }
    delivery.resolve = curl_slist_append(nullptr, entry.c_str());
    BUSBAR_CHECK(delivery.resolve != nullptr);
    setOption(delivery.easy, CURLOPT_RESOLVE, delivery.resolve);
  }
  multi_.add(delivery.easy);
}

// Only the connection is libcurl's: its own SMTP sends the end of a mail that was cut off, and
// waits for the answer to that and to QUIT without going back to the loop (smtp_done and
// smtp_disconnect of 7.88).
void SmtpMailer::Core::setOptions(Delivery& delivery) {
  CURL* const easy = delivery.easy;
  const bool isTls = options_.tls == Tls::Tls;
  setOption(easy, CURLOPT_URL,
            ((isTls ? "smtps://" : "smtp://") + host_ + ":" + std::to_string(options_.port) + "/" +
             options_.ownName)
                .c_str());
  setOption(easy, CURLOPT_PRIVATE, &delivery);
  setOption(easy, CURLOPT_CONNECT_ONLY, 1L);
  setOption(easy, CURLOPT_NOSIGNAL, 1L);
  setOption(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  setOption(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  setOption(easy, CURLOPT_NOPROXY, "");
  setOption(easy, CURLOPT_PROXY, "");
  setOption(easy, CURLOPT_WRITEFUNCTION, &discard);
  setOption(easy, CURLOPT_HEADERFUNCTION, &discard);
  setOption(easy, CURLOPT_OPENSOCKETFUNCTION, &Core::onOpen);
  setOption(easy, CURLOPT_OPENSOCKETDATA, this);
  setOption(easy, CURLOPT_CLOSESOCKETFUNCTION, &CurlMulti::onClose);
  setOption(easy, CURLOPT_CLOSESOCKETDATA, &multi_);
  setOption(easy, CURLOPT_USE_SSL,
            static_cast<long>(options_.tls == Tls::None ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  setOption(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  setOption(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  setOption(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options_.caPem.empty()) {
    curl_blob blob{const_cast<char*>(options_.caPem.data()),  // NOLINT: only read
                   options_.caPem.size(), CURL_BLOB_NOCOPY};
    setOption(easy, CURLOPT_CAINFO_BLOB, &blob);
    setOption(easy, CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
  if (!options_.user.empty()) {
    setOption(easy, CURLOPT_USERNAME, options_.user.c_str());
    setOption(easy, CURLOPT_PASSWORD, options_.password.c_str());
  }
}

curl_socket_t SmtpMailer::Core::onOpen(void* self, curlsocktype, curl_sockaddr* address) {
  return static_cast<Core*>(self)->multi_.open(*address);
}

void SmtpMailer::Core::curlEnded(CURL* easy, CURLcode code) {
  Delivery* delivery = nullptr;
  BUSBAR_CHECK(curl_easy_getinfo(easy, CURLINFO_PRIVATE, &delivery) == CURLE_OK);
  const uint64_t id = delivery->id;
  delivery->output = delivery->dialogue.takeOutput();
  const bool isOpen = code == CURLE_OK && multi_.handOver(easy, EPOLLIN | EPOLLOUT,
                                                          [this, id](uint32_t) { exchange(id); });
  if (!isOpen) {
    tell(*delivery, errorFor(easy, code == CURLE_OK ? CURLE_GOT_NOTHING : code));
    end(id);
  }
}

Error SmtpMailer::Core::errorFor(CURL* easy, CURLcode code) const {
  long said = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &said);
  const ErrorCode kind = said >= 500 ? ErrorCode::FailedPrecondition : ErrorCode::Unavailable;
  if (code == CURLE_LOGIN_DENIED) {
    return Error::because(kind, "mail_login_denied",
                          origin() + " refused user and password of the configuration");
  }
  if (code == CURLE_USE_SSL_FAILED) {
    return Error::because(ErrorCode::FailedPrecondition, "mail_no_tls",
                          origin() + " offers no STARTTLS, and without TLS nothing is sent");
  }
  if (said >= 400 && said < 600 &&
      (code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_REMOTE_ACCESS_DENIED)) {
    return Error::because(kind, said >= 500 ? "mail_refused" : "mail_refused_for_now",
                          origin() + " refused to talk with " + std::to_string(said));
  }
  Error error = errorOf(easy, code, origin());
  if (error.reason == "http_bad_answer") {
    return Error::because(ErrorCode::Unavailable, "mail_bad_answer",
                          origin() + " answers with what is no SMTP");
  }
  return error;
}

// The socket is ready for something: says and hears what there is.
void SmtpMailer::Core::exchange(uint64_t id) {
  Delivery& delivery = deliveries_.at(id);
  for (bool isMore = true; isMore && !delivery.dialogue.isClosed();) {
    isMore = receive(delivery);
    if (!flush(delivery) && !isMore) {
      delivery.dialogue.receive({});
    }
  }
  decided(delivery);
}

// False: nothing came.
bool SmtpMailer::Core::receive(Delivery& delivery) {
  std::array<char, 4096> bytes{};
  size_t count = 0;
  const CURLcode code = curl_easy_recv(delivery.easy, bytes.data(), bytes.size(), &count);
  if (code == CURLE_AGAIN) {
    return false;
  }
  delivery.dialogue.receive(code == CURLE_OK ? std::string_view(bytes.data(), count)
                                             : std::string_view());
  delivery.output += delivery.dialogue.takeOutput();
  return true;
}

// False: the connection is broken.
bool SmtpMailer::Core::flush(Delivery& delivery) {
  size_t sent = 0;
  while (!delivery.output.empty()) {
    const CURLcode code =
        curl_easy_send(delivery.easy, delivery.output.data(), delivery.output.size(), &sent);
    if (code != CURLE_OK && code != CURLE_AGAIN) {
      return false;
    }
    if (code == CURLE_AGAIN) {
      break;
    }
    delivery.output.erase(0, sent);
  }
  multi_.setEvents(delivery.easy,
                   delivery.output.empty() ? EPOLLIN : static_cast<uint32_t>(EPOLLIN | EPOLLOUT));
  return true;
}

void SmtpMailer::Core::decided(Delivery& delivery) {
  const uint64_t id = delivery.id;
  if (delivery.dialogue.isDecided() && delivery.done) {
    tell(delivery, delivery.dialogue.result());
    loop_.cancel(delivery.timer);
    delivery.timer = loop_.runAfter(kQuitTimeout, [this, id] { timedOut(id); });
  }
  if (delivery.dialogue.isClosed()) {
    end(id);
  }
}

void SmtpMailer::Core::timedOut(uint64_t id) {
  Delivery& delivery = deliveries_.at(id);
  delivery.timer = 0;
  if (delivery.done) {
    tell(delivery, Error::because(ErrorCode::DeadlineExceeded, "deadline_exceeded",
                                  origin() + " has not taken the mail in time"));
  }
  end(id);
}

// At the end of the turn, when neither libcurl nor this is in the middle of anything.
void SmtpMailer::Core::tell(Delivery& delivery, Status status) {
  loop_.defer([weak = weak_from_this(), done = std::exchange(delivery.done, nullptr),
               status = std::move(status)]() mutable {
    if (const auto core = weak.lock()) {
      done(std::move(status));
    }
  });
}

void SmtpMailer::Core::end(uint64_t id) {
  const auto found = deliveries_.find(id);
  Delivery& delivery = found->second;
  loop_.cancel(delivery.timer);
  if (delivery.easy != nullptr) {
    multi_.remove(delivery.easy);
    curl_easy_cleanup(delivery.easy);
    curl_slist_free_all(delivery.resolve);
  }
  if (delivery.isActive) {
    --active_;
  } else {
    std::erase(queue_, id);
  }
  deliveries_.erase(found);
  loop_.defer([weak = weak_from_this()] {
    if (const auto core = weak.lock()) {
      core->pump();
    }
  });
}

void SmtpMailer::Core::close() {
  while (!deliveries_.empty()) {
    end(deliveries_.begin()->first);
  }
}

Result<std::unique_ptr<SmtpMailer>> SmtpMailer::create(EventLoop& loop, Resolver& resolver,
                                                       Logger& logger, Options options) {
  if (options.ownName.empty()) {
    options.ownName = machineName();
  }
  BUSBAR_TRY(checkOptions(options));
  if (options.tls == Tls::None) {
    logger.warn("mail", "mail goes to its server without TLS: anybody between can read it",
                {{"host", options.host}});
  }
  return std::unique_ptr<SmtpMailer>(
      new SmtpMailer(std::make_shared<Core>(loop, resolver, std::move(options))));
}

SmtpMailer::SmtpMailer(std::shared_ptr<Core> core) : core_(std::move(core)) {}

SmtpMailer::~SmtpMailer() {
  core_->close();
}

void SmtpMailer::send(Mail mail, Milliseconds timeout, Callback<void(Status)> done) {
  core_->send(mail, timeout, std::move(done));
}

}  // namespace busbar::triggers

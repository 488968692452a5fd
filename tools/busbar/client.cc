// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/client.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <istream>
#include <memory>
#include <ostream>
#include <utility>

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SSLException.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/Timespan.h>
#include <Poco/URI.h>

#include "sdk/base/unique_fd.h"

namespace busbar::cli {
namespace {

namespace net = Poco::Net;

constexpr size_t kMaxBodyBytes = 64 << 20;
constexpr int kConnectSeconds = 10;
constexpr size_t kPageRows = 1000;
// A stream is quiet for less than this: the server sends a comment every 15 s.
constexpr int kStreamSilenceSeconds = 60;

std::unique_ptr<net::HTTPClientSession> overSocket(const std::string& dataDir) {
  // By way of the folder's descriptor: a path of more than 107 bytes does not fit (unix(7)).
  const UniqueFd folder(open(dataDir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) {
    throw Poco::FileNotFoundException("there is no folder " + dataDir);
  }
  if (faccessat(folder.get(), kControlSocketName, F_OK, 0) != 0) {
    throw Poco::FileNotFoundException("it is not running");
  }
  const std::string path =
      "/proc/self/fd/" + std::to_string(folder.get()) + "/" + kControlSocketName;
  net::StreamSocket socket;
  socket.connect(net::SocketAddress(net::SocketAddress::UNIX_LOCAL, path),
                 Poco::Timespan(kConnectSeconds, 0));
  return std::make_unique<net::HTTPClientSession>(socket);
}

std::unique_ptr<net::HTTPClientSession> overNetwork(const Connection& connection) {
  const Poco::URI url(connection.serverUrl);
  if (url.getScheme() == "http") {
    return std::make_unique<net::HTTPClientSession>(url.getHost(), url.getPort());
  }
  net::Context::Ptr context(new net::Context(net::Context::TLS_CLIENT_USE, "", "",
                                             connection.caFile, net::Context::VERIFY_STRICT, 9,
                                             connection.caFile.empty()));
  context->requireMinimumProtocol(net::Context::PROTO_TLSV1_2);
  return std::make_unique<net::HTTPSClientSession>(url.getHost(), url.getPort(), context);
}

Error unreachable(const Connection& connection, const std::string& why) {
  std::string message = "no answer from " + connection.describe() + ": " + why;
  message += connection.serverUrl.empty() ? "\nstart it with: busbard --data " + connection.dataDir
                                          : "\ncheck the address, and that busbard runs there";
  return Error::of(ErrorCode::Unavailable, std::move(message));
}

Error timedOut(const Connection& connection) {
  return Error::of(
      ErrorCode::DeadlineExceeded,
      connection.describe() + " did not answer in time\ngive it longer with --timeout");
}

// Runs `work`, turning what Poco throws into an Error.
template <class Work>
auto guarded(const Connection& connection, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const net::SSLException& e) {
    return Error::of(ErrorCode::Unauthenticated,
                     "TLS with " + connection.describe() + ": " + e.displayText() +
                         "\nis its certificate valid for this name? --ca-file FILE trusts another "
                         "authority");
  } catch (const Poco::TimeoutException&) {
    return timedOut(connection);
  } catch (const Poco::Exception& e) {
    return unreachable(connection, e.message().empty() ? e.displayText() : e.message());
  } catch (const std::exception& e) {
    return Error::of(ErrorCode::Internal, e.what());
  }
}

struct Exchange {
  std::unique_ptr<net::HTTPClientSession> session;
  net::HTTPResponse response;
  std::istream* body = nullptr;
};

void begin(Exchange& exchange, const Connection& connection, net::HTTPRequest& request,
           const std::string& body, Poco::Timespan timeout) {
  exchange.session =
      connection.serverUrl.empty() ? overSocket(connection.dataDir) : overNetwork(connection);
  exchange.session->setTimeout(Poco::Timespan(kConnectSeconds, 0), timeout, timeout);
  if (connection.serverUrl.empty()) {  // connected already: the session no longer sets them
    exchange.session->socket().setSendTimeout(timeout);
    exchange.session->socket().setReceiveTimeout(timeout);
  }
  request.setHost(connection.serverUrl.empty() ? "localhost"
                                               : Poco::URI(connection.serverUrl).getAuthority());
  request.setKeepAlive(false);
  if (!connection.key.empty()) {
    request.set("X-API-Key", connection.key);
  }
  request.setContentLength64(static_cast<Poco::Int64>(body.size()));
  exchange.session->sendRequest(request) << body;
  exchange.body = &exchange.session->receiveResponse(exchange.response);
}

Result<std::string> readAll(std::istream& body) {
  std::string text;
  char block[16 << 10];
  do {
    body.read(block, sizeof(block));
    text.append(block, static_cast<size_t>(body.gcount()));
    if (text.size() > kMaxBodyBytes) {
      return Error::of(ErrorCode::ResourceExhausted, "the answer is above 64 MiB");
    }
  } while (body);
  return text;
}

ErrorCode codeOf(int status) {
  switch (status) {
    case 400:
    case 422:
      return ErrorCode::InvalidArgument;
    case 401:
      return ErrorCode::Unauthenticated;
    case 403:
      return ErrorCode::PermissionDenied;
    case 404:
      return ErrorCode::NotFound;
    case 408:
    case 504:
      return ErrorCode::DeadlineExceeded;
    case 409:
    case 412:
      return ErrorCode::Aborted;
    case 429:
      return ErrorCode::ResourceExhausted;
    case 503:
      return ErrorCode::Unavailable;
    default:
      return ErrorCode::Internal;
  }
}

std::string firstText(const json::Value& body, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const json::Value* member = body.find(name);
    if (member != nullptr && member->asString() != nullptr && !member->asString()->empty()) {
      return *member->asString();
    }
  }
  return {};
}

std::string findingsOf(const json::Value& body) {
  const json::Value* failures = body.find("failures");
  std::string out;
  if (failures == nullptr || failures->asArray() == nullptr) {
    return out;
  }
  const std::string message = firstText(body, {"detail", "message", "error", "title"});
  for (const json::Value& failure : *failures->asArray()) {
    const std::string field = firstText(failure, {"field"});
    const std::string reason = firstText(failure, {"reason"});
    if (message.find(field + " " + reason) == std::string::npos) {  // not said already
      out += "\n" + field + ": " + reason;
    }
  }
  return out;
}

}  // namespace

Error errorOf(const Reply& reply) {
  Error error = Error::of(codeOf(reply.status), {});
  error.httpStatus = reply.status;
  const auto body = json::parse(reply.body, {kMaxBodyBytes, 64});
  if (body.ok()) {
    error.message = firstText(*body, {"detail", "message", "error", "title"});
    error.reason = firstText(*body, {"code", "reason"});
    error.field = firstText(*body, {"field", "parameter"});
    error.message += findingsOf(*body);
  }
  if (error.message.empty()) {
    error.message = "the server answered with status " + std::to_string(reply.status);
  }
  if (reply.status == 401 && error.reason != "permission_denied") {
    error.message +=
        "\ngive a key with --key-file FILE or BUSBAR_KEY; make one beside the server "
        "with: busbar --data DIR keys create NAME --role admin";
  }
  return error;
}

Result<Reply> Client::send(const std::string& method, const std::string& path, std::string body,
                           const std::string& contentType) {
  return guarded(connection_, [&]() -> Result<Reply> {
    net::HTTPRequest request(method, path, net::HTTPMessage::HTTP_1_1);
    if (!body.empty()) {
      request.setContentType(contentType);
    }
    Exchange exchange;
    begin(exchange, connection_, request, body, Poco::Timespan(timeout_.count() * 1000));
    auto text = readAll(*exchange.body);
    if (!text) {
      return text.error();
    }
    Reply reply{exchange.response.getStatus(), exchange.response.getContentType(), std::move(*text),
                -1};
    if (exchange.response.has("X-Total-Count")) {
      reply.totalCount = std::atoll(exchange.response.get("X-Total-Count").c_str());
    }
    return reply;
  });
}

Result<json::Value> Client::call(const char* method, const std::string& path, std::string body) {
  auto reply = send(method, path, std::move(body));
  if (!reply) {
    return reply.error();
  }
  if (reply->status >= 400) {
    return errorOf(*reply);
  }
  if (reply->body.empty()) {
    return json::Value();
  }
  auto value = json::parse(reply->body, {kMaxBodyBytes, 128});
  if (!value) {
    return Error::of(ErrorCode::Internal, connection_.describe() +
                                              " answered with something that is not JSON; is it a "
                                              "Busbar?");
  }
  return value;
}

Result<json::Array> Client::list(const std::string& path) {
  json::Array rows;
  while (true) {
    const std::string page = path + (path.find('?') == std::string::npos ? "?" : "&") +
                             "limit=" + std::to_string(kPageRows) +
                             "&offset=" + std::to_string(rows.size());
    auto value = get(page);
    if (!value) {
      return value.error();
    }
    json::Array* part = value->asArray();
    if (part == nullptr) {
      return Error::of(ErrorCode::Internal, connection_.describe() + " answered with no list");
    }
    const size_t count = part->size();
    std::move(part->begin(), part->end(), std::back_inserter(rows));
    if (count < kPageRows) {
      return rows;
    }
  }
}

Status Client::stream(const std::string& path, const std::string& lastEventId,
                      Callback<bool(const ServerEvent&)> onEvent) {
  return guarded(connection_, [&]() -> Status {
    net::HTTPRequest request("GET", path, net::HTTPMessage::HTTP_1_1);
    request.set("Accept", "text/event-stream");
    if (!lastEventId.empty()) {
      request.set("Last-Event-ID", lastEventId);
    }
    Exchange exchange;
    begin(exchange, connection_, request, {}, Poco::Timespan(kStreamSilenceSeconds, 0));
    if (exchange.response.getStatus() >= 400) {
      auto text = readAll(*exchange.body);
      return errorOf({exchange.response.getStatus(), {}, text ? *text : std::string(), -1});
    }
    bool goesOn = true;
    SseParser parser([&](const ServerEvent& event) { goesOn = goesOn && onEvent(event); });
    // One byte waited for, then what came with it: events are shown at once.
    while (goesOn && exchange.body->peek() != std::char_traits<char>::eof()) {
      char block[16 << 10];
      const std::streamsize count = exchange.body->readsome(block, sizeof(block));
      BUSBAR_TRY(parser.feed({block, static_cast<size_t>(count)}));
    }
    return goesOn ? Status(unreachable(connection_, "the stream ended")) : Status();
  });
}

std::string encoded(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool isUnreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') ||
                              std::string_view("-._~").find(c) != std::string_view::npos;
    if (isUnreserved) {
      out += c;
    } else {
      out += '%';
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

}  // namespace busbar::cli

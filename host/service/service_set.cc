// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/service/service_set.h"

#include <algorithm>

#include <busbar/driver.h>

namespace busbar {
int32_t statusOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidArgument:
    case ErrorCode::AlreadyExists:
      return BUSBAR_E_INVALID;
    case ErrorCode::NotFound:
      return BUSBAR_E_NOTFOUND;
    case ErrorCode::PermissionDenied:
    case ErrorCode::Unauthenticated:
      return BUSBAR_E_DENIED;
    case ErrorCode::FailedPrecondition:
      return BUSBAR_E_STATE;
    case ErrorCode::Unavailable:
      return BUSBAR_E_OFFLINE;
    case ErrorCode::DeadlineExceeded:
      return BUSBAR_E_TIMEOUT;
    case ErrorCode::ResourceExhausted:
      return BUSBAR_E_AGAIN;
    case ErrorCode::Aborted:
      return BUSBAR_E_CANCELLED;
    case ErrorCode::Unimplemented:
      return BUSBAR_E_UNSUPPORTED;
    default:
      return BUSBAR_E_INTERNAL;
  }
}

void refuse(ServiceClient& client, uint32_t eventType, uint64_t token, int32_t status,
            std::string_view code, std::string_view message) {
  wire::ServiceEvent event;
  event.type = eventType;
  event.token = token;
  event.ends = true;
  event.error.status = status;
  event.error.code = code;
  event.error.message = message;
  client.send(event);
}

void refuse(ServiceClient& client, uint32_t eventType, uint64_t token, const Error& error) {
  refuse(client, eventType, token, statusOf(error.code), error.reason, error.message);
}

ServiceSet::ServiceSet(ServiceProviders& providers, ServiceClient& client,
                       const std::vector<std::string>& granted)
    : client_(client) {
  for (ServiceProvider& provider : providers) {
    if (std::find(granted.begin(), granted.end(), provider.extension) != granted.end()) {
      entries_.push_back({&provider, nullptr});
    }
  }
}

Service& ServiceSet::serviceOf(Entry& entry) {
  if (!entry.service) {
    entry.service = entry.provider->make(client_);
  }
  return *entry.service;
}

void ServiceSet::start() {
  for (Entry& entry : entries_) {
    if (entry.provider->atStart) {
      serviceOf(entry);
    }
  }
}

bool ServiceSet::take(const wire::Frame& frame, bool& fine, std::string& why) {
  if (frame.type == wire::Type::Release) {
    uint64_t token = 0;
    fine = wire::decodeRelease(frame.payload, token);
    why = "malformed release frame";
    for (Entry& entry : entries_) {
      if (fine && entry.service) {
        entry.service->release(token);
      }
    }
    return true;
  }
  for (Entry& entry : entries_) {
    const std::vector<wire::Type>& frames = entry.provider->frames;
    if (std::find(frames.begin(), frames.end(), frame.type) != frames.end()) {
      fine = serviceOf(entry).request(frame, why);
      return true;
    }
  }
  return false;
}

void ServiceSet::configured() {
  for (Entry& entry : entries_) {
    if (entry.service) {
      entry.service->configured();
    }
  }
}

}  // namespace busbar

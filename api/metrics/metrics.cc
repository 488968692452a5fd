// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/metrics/metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <limits>
#include <map>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace busbar::api {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

constexpr Milliseconds kScrapeKept{250};

// One scrape's families, in order of first use.
class Families {
 public:
  void counter(const char* name, const char* help, double value, Labels labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.counter.value = value;
    family(name, help, MetricType::Counter).metric.push_back(std::move(metric));
  }
  void gauge(const char* name, const char* help, double value, Labels labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.gauge.value = value;
    family(name, help, MetricType::Gauge).metric.push_back(std::move(metric));
  }
  void histogram(const char* name, const char* help, const http::RouteStats& stats, Labels labels) {
    ClientMetric metric;
    metric.label = std::move(labels);
    uint64_t count = 0;
    for (size_t i = 0; i < stats.buckets.size(); ++i) {
      count += stats.buckets[i];
      ClientMetric::Bucket bucket;
      bucket.cumulative_count = count;
      bucket.upper_bound = i < http::kLatencyBoundsSeconds.size()
                               ? http::kLatencyBoundsSeconds[i]
                               : std::numeric_limits<double>::infinity();
      metric.histogram.bucket.push_back(bucket);
    }
    metric.histogram.sample_count = count;
    metric.histogram.sample_sum = stats.sumSeconds;
    family(name, help, MetricType::Histogram).metric.push_back(std::move(metric));
  }
  std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  MetricFamily& family(const char* name, const char* help, MetricType type) {
    for (MetricFamily& known : families_) {
      if (known.name == name) {
        return known;
      }
    }
    MetricFamily made;
    made.name = name;
    made.help = help;
    made.type = type;
    families_.push_back(std::move(made));
    return families_.back();
  }

  std::vector<MetricFamily> families_;
};

double toDouble(uint64_t value) {
  return static_cast<double>(value);
}

void addRequests(Families& out, const http::Router& router) {
  for (const http::RouteStats& stats : router.stats()) {
    const std::string method(http::toString(stats.method));
    for (size_t i = 0; i < stats.byStatusClass.size(); ++i) {
      if (stats.byStatusClass[i] != 0) {
        out.counter("busbar_http_requests_total", "Answered requests",
                    toDouble(stats.byStatusClass[i]),
                    {{"method", method},
                     {"route", stats.pattern},
                     {"status", std::to_string(i + 1) + "xx"}});
      }
    }
  }
  for (const http::RouteStats& stats : router.stats()) {
    if (stats.sumSeconds > 0) {
      out.histogram(
          "busbar_http_request_seconds", "Head read to answer made", stats,
          {{"method", std::string(http::toString(stats.method))}, {"route", stats.pattern}});
    }
  }
}

void addFrontStats(Families& out, const std::string& name, const http::FrontStats& stats) {
  const Labels labels{{"front", name}};
  out.counter("busbar_http_connections_total", "Accepted connections", toDouble(stats.accepted),
              labels);
  out.gauge("busbar_http_connections", "Open connections", toDouble(stats.connections), labels);
  out.counter("busbar_http_refused_connections_total", "Connections over a limit",
              toDouble(stats.refusedConnections), labels);
  out.counter("busbar_http_malformed_total", "Requests refused by the grammar",
              toDouble(stats.malformed), labels);
  out.counter("busbar_http_timeouts_total", "Requests and handshakes that took too long",
              toDouble(stats.timeouts), labels);
  out.counter("busbar_http_cut_readers_total", "Readers that were too slow",
              toDouble(stats.cutReaders), labels);
  out.counter("busbar_http_tls_failures_total", "Failed TLS handshakes",
              toDouble(stats.tlsFailures), labels);
  out.gauge("busbar_http_body_bytes", "Request bodies in memory", toDouble(stats.bodyBytesInMemory),
            labels);
}

void addHost(Families& out, Context& context) {
  const Calls::Counts calls = context.calls.counts();
  out.counter("busbar_calls_total", "Function calls begun", toDouble(calls.started));
  out.counter("busbar_calls_failed_total", "Function calls that ended with an error",
              toDouble(calls.failed));
  out.counter("busbar_calls_abandoned_total", "Function calls whose client left",
              toDouble(calls.abandoned));
  out.gauge("busbar_calls_open", "Function calls in work", toDouble(calls.open));
  std::map<std::string, size_t> states;
  double unverified = 0;
  for (const model::Module* mod : context.site.modules()) {
    const ModuleHealth health = context.host.health(mod->id);
    ++states[health.state];
    unverified += health.tlsVerifyNone ? 1 : 0;
  }
  out.gauge("busbar_modules_tls_verify_none", "Modules whose TLS links trust anybody", unverified);
  for (const auto& [state, count] : states) {
    out.gauge("busbar_modules", "Modules by state", toDouble(count), {{"state", state}});
  }
  std::map<std::string, size_t> runnerStates;
  double restarts = 0;
  double cpuSeconds = 0;
  double pssBytes = 0;
  for (const RunnerInfo& runner : context.host.runners()) {
    ++runnerStates[runner.state];
    restarts += runner.restarts;
    cpuSeconds += runner.cpuSeconds;
    pssBytes += static_cast<double>(runner.pssBytes);
  }
  for (const auto& [state, count] : runnerStates) {
    out.gauge("busbar_runners", "Runners by state", toDouble(count), {{"state", state}});
  }
  out.gauge("busbar_runner_restarts", "Restarts of the present runners", restarts);
  out.gauge("busbar_runner_cpu_seconds", "CPU time of the present runners", cpuSeconds);
  out.gauge("busbar_runner_pss_bytes", "Memory of the present runners", pssBytes);
}

void addProcess(Families& out) {
  long total = 0;
  long resident = 0;
  if (FILE* file = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(file, "%ld %ld", &total, &resident) != 2) {
      resident = 0;
    }
    std::fclose(file);
  }
  out.gauge("process_resident_memory_bytes", "Resident memory of busbard",
            static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)));
  double fds = -1;  // the listing's own descriptor
  if (DIR* folder = opendir("/proc/self/fd")) {
    while (const dirent* entry = readdir(folder)) {
      fds += entry->d_name[0] != '.' ? 1 : 0;
    }
    closedir(folder);
  }
  out.gauge("process_open_fds", "Open descriptors of busbard", fds);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  out.counter("process_cpu_seconds_total", "CPU time of busbard",
              seconds(usage.ru_utime) + seconds(usage.ru_stime));
}

}  // namespace

void Metrics::addFront(std::string name, Callback<http::FrontStats()> stats) {
  fronts_.emplace_back(std::move(name), std::move(stats));
}

void Metrics::addReadyCheck(std::string name, Callback<Status()> check) {
  checks_.emplace_back(std::move(name), std::move(check));
}

void Metrics::addFigure(std::string name, std::string help, Callback<double()> value) {
  figures_.push_back({std::move(name), std::move(help), std::move(value)});
}

void Metrics::addRoutes(http::Router& router) {
  const auth::Access open(auth::Permission::None);
  http::RouteOptions vital;
  vital.cost = http::Cost::Vital;
  router.add(
      http::Method::Get, "/livez", open,
      [](http::Request&, http::Responder responder) {
        responder.send(http::Response::text(200, "ok\n"));
      },
      vital);
  router.add(
      http::Method::Get, "/readyz", open,
      [this](http::Request& request, http::Responder responder) {
        ready(request, std::move(responder));
      },
      vital);
  router.add(
      http::Method::Get, "/metrics", open,
      [this, &router](http::Request&, http::Responder responder) {
        http::Response response(200);
        response.setBody("text/plain; version=0.0.4; charset=utf-8", scraped(router));
        responder.send(std::move(response));
      },
      vital);
}

void Metrics::ready(http::Request& request, http::Responder responder) {
  bool isReady = !isStopping_;
  std::string lines = isStopping_ ? "[-] serving: stopping\n" : "[+] serving\n";
  for (auto& [name, check] : checks_) {
    const Status status = check();
    isReady = isReady && status.ok();
    lines +=
        status.ok() ? "[+] " + name + "\n" : "[-] " + name + ": " + status.error().message + "\n";
  }
  const bool isVerbose = request.query("verbose").has_value();
  std::string text = isReady ? "ok\n" : "not ready\n";
  http::Response response =
      http::Response::text(isReady ? 200 : 503, isVerbose || !isReady ? lines + text : text);
  response.set("Cache-Control", "no-store");
  if (!isReady) {
    response.set("Retry-After", "1");
  }
  responder.send(std::move(response));
}

const std::string& Metrics::scraped(const http::Router& router) {
  if (const Instant now = context_.loop.now(); now >= keptUntil_) {
    kept_ = scrape(router);
    keptUntil_ = now + kScrapeKept;
  }
  return kept_;
}

std::string Metrics::scrape(const http::Router& router) {
  Families out;
  addRequests(out, router);
  for (auto& [name, stats] : fronts_) {
    addFrontStats(out, name, stats());
  }
  addHost(out, context_);
  const EventHub::Counts events = events_.counts();
  out.gauge("busbar_event_streams", "Open event streams", toDouble(events.streams));
  out.counter("busbar_events_total", "Host events while somebody listened",
              toDouble(events.events));
  out.counter("busbar_events_written_total", "Events written to streams", toDouble(events.written));
  out.counter("busbar_events_conflated_total", "Values that gave way to newer ones",
              toDouble(events.conflated));
  out.counter("busbar_event_streams_cut_total", "Streams cut because their reader was too slow",
              toDouble(events.cut));
  out.gauge("busbar_configuration_position", "Changes of the configuration so far",
            toDouble(context_.site.position()));
  out.gauge("busbar_config_writes_open", "Changes waiting for the store",
            toDouble(context_.writer.open()));
  for (Figure& figure : figures_) {
    constexpr std::string_view kCounter = "_total";
    const bool isCounter =
        figure.name.size() > kCounter.size() &&
        figure.name.compare(figure.name.size() - kCounter.size(), kCounter.size(), kCounter) == 0;
    if (isCounter) {
      out.counter(figure.name.c_str(), figure.help.c_str(), figure.value());
    } else {
      out.gauge(figure.name.c_str(), figure.help.c_str(), figure.value());
    }
  }
  addProcess(out);
  return out.text();
}

}  // namespace busbar::api

// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/install/inspector.h"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <utility>

namespace busbar {
namespace {

constexpr Milliseconds kLimit{10'000};
constexpr size_t kMaxAnswerBytes = 4U << 20U;
constexpr int kLibraryFd = 8;

// The sentences of a report that refuses the file. Shape: host/inspect/README.md "Report".
std::string problemsOf(const json::Value& report) {
  std::string out;
  const json::Value* problems = report.find("problems");
  for (const json::Value& problem : problems != nullptr && problems->asArray() != nullptr
                                        ? *problems->asArray()
                                        : json::Array()) {
    const json::Value* message = problem.find("message");
    if (message != nullptr && message->asString() != nullptr) {
      out += (out.empty() ? "" : "; ") + *message->asString();
    }
  }
  return out.empty() ? "is not a driver" : out;
}

}  // namespace

// One inspection; owns itself until it has answered.
class SandboxInspector::Inspection {
 public:
  Inspection(EventLoop& loop, Done done) : loop_(loop), done_(std::move(done)) {}

  static void start(const std::shared_ptr<Inspection>& self,
                    Result<std::unique_ptr<sandbox::RunnerProcess>> process) {
    if (!process) {
      self->answer(std::move(process).error());
      return;
    }
    self->process_ = std::move(*process);
    self->stdout_ = self->process_->takeStdout();
    fcntl(self->stdout_.get(), F_SETFL, O_NONBLOCK);
    // The watch keeps the inspection alive; answer() ends it.
    auto watch =
        self->loop_.watch(self->stdout_.get(), EPOLLIN, [self](uint32_t) { self->readAnswer(); });
    if (!watch) {
      self->answer(std::move(watch).error());
      return;
    }
    self->watch_ = std::move(*watch);
    self->timer_ = self->loop_.runAfter(kLimit, [self] {
      self->timer_ = 0;
      self->answer(Error::of(ErrorCode::InvalidArgument, "the library could not be read in 10 s"));
    });
  }

 private:
  void readAnswer() {
    std::array<char, 65536> buffer;
    while (true) {
      const ssize_t n = ::read(stdout_.get(), buffer.data(), buffer.size());
      if (n < 0 && errno == EAGAIN) {
        return;
      }
      if (n <= 0) {
        finish();
        return;
      }
      text_.append(buffer.data(), static_cast<size_t>(n));
      if (text_.size() > kMaxAnswerBytes) {
        answer(Error::of(ErrorCode::InvalidArgument,
                         "the library describes itself with more than 4 MiB"));
        return;
      }
    }
  }

  void finish() {
    auto value = json::parse(text_, {.maxBytes = kMaxAnswerBytes});
    if (!value || value->asObject() == nullptr) {
      answer(Error::of(ErrorCode::InvalidArgument, "the library could not be read"));
    } else if (const json::Value* ok = value->find("ok");
               ok == nullptr || ok->asBool() == nullptr || !*ok->asBool()) {
      answer(Error::of(ErrorCode::InvalidArgument, problemsOf(*value)));
    } else {
      answer(std::move(*value));
    }
  }

  void answer(Result<json::Value> result) {
    if (!done_) {
      return;
    }
    loop_.cancel(timer_);
    Done done = std::move(done_);
    // Ended at the end of the turn: this may run inside the watch's handler, which holds `this`.
    loop_.post([watch = std::make_shared<FdWatch>(std::move(watch_)),
                process = std::shared_ptr<sandbox::RunnerProcess>(std::move(process_))] {});
    done(std::move(result));
  }

  EventLoop& loop_;
  Done done_;
  std::unique_ptr<sandbox::RunnerProcess> process_;
  UniqueFd stdout_;
  FdWatch watch_;
  TimerId timer_ = 0;
  std::string text_;
};

void SandboxInspector::inspect(UniqueFd library, Done done) {
  sandbox::RunnerSpec spec;
  spec.name = "inspect-" + std::to_string(next_++);
  spec.arguments = {"--inspect", "fd:" + std::to_string(kLibraryFd)};
  spec.fds.push_back({kLibraryFd, std::move(library)});
  spec.policy.memoryBytes = 128ULL << 20U;
  spec.policy.require = sandbox::Tier::SeccompOnly;
  auto inspection = std::make_shared<Inspection>(loop_, std::move(done));
  spawner_.spawn(std::move(spec),
                 [inspection](Result<std::unique_ptr<sandbox::RunnerProcess>> process) {
                   Inspection::start(inspection, std::move(process));
                 });
}

}  // namespace busbar

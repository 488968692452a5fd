// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <exception>
#include <memory>
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>

#include <busbar/detail/manifest_types.hpp>
#include <busbar/driver.hpp>

// Registration of functions, their check against the manifest, and the C table of a driver.
namespace busbar {

template <class Method>
struct Fn {
  const char* name;
  Method method;
};

// Registers a member function under its name in manifest.json. Its parameters follow the manifest's
// positional order. A Call as first parameter means that it answers later.
template <class Method>
constexpr Fn<Method> fn(const char* name, Method method) {
  return {name, method};
}

namespace glue {

template <class Method>
struct MethodTraits;

template <class Class, class R, class... Args>
struct MethodTraits<R (Class::*)(Args...)> {
  using Result = R;
  using Values = std::tuple<std::decay_t<Args>...>;
  static constexpr bool kAnswersLater = false;
};
template <class Class, class R, class... Args>
struct MethodTraits<R (Class::*)(Call, Args...)> {
  using Result = R;
  using Values = std::tuple<std::decay_t<Args>...>;
  static constexpr bool kAnswersLater = true;
};
template <class Class, class R, class... Args>
struct MethodTraits<R (Class::*)(Args...) const> : MethodTraits<R (Class::*)(Args...)> {};

enum class Mismatch {
  None,
  NotInManifest,
  ParameterCount,
  ParameterType,
  ParameterMayBeAbsent,
  ResultType,
  LaterWithResult,
  NotRegistered,
};

// Parameter `index` of the manifest must only hold what the C++ type can take.
template <class T>
constexpr Mismatch checkParam(const ParamSpec& spec) {
  constexpr unsigned kTypes = Convert<T>::kTypes;
  if ((spec.types & ~kTypes) != 0) {
    return Mismatch::ParameterType;
  }
  return spec.given || (kTypes & kNull) != 0 ? Mismatch::None : Mismatch::ParameterMayBeAbsent;
}

template <class Values, size_t... I>
constexpr Mismatch checkParams(const FunctionSpec& spec, std::index_sequence<I...>) {
  Mismatch found = Mismatch::None;
  const auto note = [&found](Mismatch next) { found = found == Mismatch::None ? next : found; };
  (note(checkParam<std::tuple_element_t<I, Values>>(spec.params[I])), ...);
  (void)note;
  (void)spec;
  return found;
}

template <class Method>
constexpr Mismatch checkFunction(const Fn<Method>& function, const ManifestSpec& manifest) {
  using Traits = MethodTraits<Method>;
  constexpr size_t kCount = std::tuple_size_v<typename Traits::Values>;
  const size_t place = manifest.find(function.name);
  if (place == manifest.functionCount) {
    return Mismatch::NotInManifest;
  }
  const FunctionSpec& spec = manifest.functions[place];
  if (spec.paramCount != kCount) {
    return Mismatch::ParameterCount;
  }
  const Mismatch params =
      checkParams<typename Traits::Values>(spec, std::make_index_sequence<kCount>{});
  if (params != Mismatch::None) {
    return params;
  }
  if (Traits::kAnswersLater) {
    return std::is_void_v<typename Traits::Result> ? Mismatch::None : Mismatch::LaterWithResult;
  }
  constexpr unsigned kResult = Written<std::decay_t<typename Traits::Result>>::kTypes;
  // JsonText and the like may hold anything; what they hold is the driver's word.
  const bool fits = kResult == kAny || (kResult & ~spec.resultTypes) == 0;
  return fits ? Mismatch::None : Mismatch::ResultType;
}

struct CheckResult {
  Mismatch mismatch;
  size_t index;  // in functions(), or in the manifest for NotRegistered
};

template <class Functions, size_t... I>
constexpr CheckResult checkAll(const Functions& functions, const ManifestSpec& manifest,
                               std::index_sequence<I...>) {
  CheckResult result{Mismatch::None, 0};
  const auto note = [&result](Mismatch mismatch, size_t index) {
    if (result.mismatch == Mismatch::None && mismatch != Mismatch::None) {
      result = {mismatch, index};
    }
  };
  (note(checkFunction(std::get<I>(functions), manifest), I), ...);
  for (size_t i = 0; i < manifest.functionCount; ++i) {
    const std::string_view name = manifest.functions[i].name;
    bool registered = false;
    ((registered = registered || name == std::get<I>(functions).name), ...);
    (void)functions;
    note(registered ? Mismatch::None : Mismatch::NotRegistered, i);
  }
  return result;
}

// `Index` shows in the compiler's message: the place in functions(), for NotRegistered the place
// among the manifest's functions in alphabetical order.
template <Mismatch Found, size_t Index>
struct Verified {
  static_assert(Found != Mismatch::NotInManifest, "functions() names one that manifest.json lacks");
  static_assert(Found != Mismatch::ParameterCount,
                "a function has other parameters in manifest.json");
  static_assert(Found != Mismatch::ParameterType,
                "manifest.json allows JSON types that the C++ parameter cannot take");
  static_assert(
      Found != Mismatch::ParameterMayBeAbsent,
      "manifest.json neither requires the parameter nor gives a default: use std::optional");
  static_assert(Found != Mismatch::ResultType, "the result has another type in manifest.json");
  static_assert(Found != Mismatch::LaterWithResult, "a function that takes a Call returns void");
  static_assert(Found != Mismatch::NotRegistered,
                "manifest.json has a function that is not registered");
  static constexpr bool kOk = Found == Mismatch::None;
};

// While it lives, a Call that an exception destroys comes back to `call`.
class AnsweringScope {
 public:
  explicit AnsweringScope(Call& call)
      : running_{&call, call.id(), std::uncaught_exceptions()}, before_(answering) {
    answering = &running_;
  }
  AnsweringScope(const AnsweringScope&) = delete;
  AnsweringScope& operator=(const AnsweringScope&) = delete;
  ~AnsweringScope() { answering = before_; }

 private:
  Answering running_;
  Answering* before_;
};

// Runs the method with arguments by name and answers the call, unless it answers itself.
template <class D, class Method, size_t... I>
void invoke(D& driver, const Fn<Method>& function, const FunctionSpec& spec, const Json& args,
            Call call, std::index_sequence<I...>) {
  using Traits = MethodTraits<Method>;
  using Values = typename Traits::Values;
  const auto read = [&](auto index) {
    using T = std::tuple_element_t<decltype(index)::value, Values>;
    const char* name = spec.params[decltype(index)::value].name;
    try {
      return Convert<T>::from(args[name]);
    } catch (const Failure& failure) {
      throw Failure(failure.status(), "/" + std::string(name) + " " + failure.message());
    }
  };
  (void)read;
  (void)args;
  (void)spec;
  try {
    // Braces read the arguments in order.
    Values values{read(std::integral_constant<size_t, I>{})...};
    if constexpr (Traits::kAnswersLater) {
      const AnsweringScope scope(call);
      (driver.*function.method)(std::move(call), std::move(std::get<I>(values))...);
    } else if constexpr (std::is_void_v<typename Traits::Result>) {
      (driver.*function.method)(std::move(std::get<I>(values))...);
      call.complete();
    } else {
      call.complete((driver.*function.method)(std::move(std::get<I>(values))...));
    }
    (void)values;
  } catch (const Failure& failure) {
    call.fail(failure);
  } catch (const std::exception& e) {
    call.fail(Failure(BUSBAR_E_INTERNAL, e.what()));
  } catch (...) {
    call.fail(Failure(BUSBAR_E_INTERNAL, "unknown exception"));
  }
}

}  // namespace glue

// The C table of the driver class D. Every entry is noexcept and catches what the driver throws.
template <class D>
struct Table {
  static D& self(busbar_state* state) { return *reinterpret_cast<D*>(state); }

  static busbar_status create(const busbar_host* host, busbar_instance* instance,
                              const busbar_create_info* info, busbar_state** state) noexcept {
    std::string message;
    try {
      const JsonDocument settings = JsonDocument::parse(info->settings);
      auto driver = std::make_unique<D>(CreateInfo{host, instance, info, settings.root()});
      *state = reinterpret_cast<busbar_state*>(driver.release());
      return BUSBAR_OK;
    } catch (const Failure& failure) {
      logCreateFailure(host, instance, failure.what());
      return failure.status();
    } catch (const std::exception& e) {
      logCreateFailure(host, instance, e.what());
    } catch (...) {
      logCreateFailure(host, instance, "unknown exception");
    }
    return BUSBAR_E_INTERNAL;
  }

  static void logCreateFailure(const busbar_host* host, busbar_instance* instance,
                               std::string_view message) noexcept {
    busbar_log_record record{};
    record.struct_size = sizeof(record);
    record.level = BUSBAR_LOG_ERROR;
    record.message = {message.data(), message.size()};
    host->log(instance, &record);
  }

  // Runs f and turns what it throws into a status, with a line in the log.
  template <class F>
  static busbar_status run(busbar_state* state, const char* where, F f) noexcept {
    busbar_status status = BUSBAR_E_INTERNAL;
    self(state).Driver::guarded(where, [&] {
      try {
        status = f(self(state));
      } catch (const Failure& failure) {
        status = failure.status();
        throw;
      }
    });
    return status;
  }

  static busbar_status start(busbar_state* state) noexcept {
    return run(state, "start", [](D& d) {
      d.onStart();
      return BUSBAR_OK;
    });
  }
  static busbar_status stop(busbar_state* state, const busbar_stop_info* info) noexcept {
    return run(state, "stop", [&](D& d) { return d.onStop(*info) ? BUSBAR_OK : BUSBAR_PENDING; });
  }
  static void destroy(busbar_state* state) noexcept { delete &self(state); }

  static busbar_status onSettings(busbar_state* state, const busbar_settings* settings) noexcept {
    return run(state, "settings", [&](D& d) {
      const JsonDocument merged = JsonDocument::parse(settings->settings);
      const JsonDocument changed = JsonDocument::parse(settings->changed_keys);
      const SettingsAnswer answer = d.onSettings(merged.root(), changed.root());
      return answer == SettingsAnswer::Applied ? BUSBAR_OK : BUSBAR_E_UNSUPPORTED;
    });
  }
  static void connected(busbar_state* state, const busbar_link_info* info) noexcept {
    (void)run(state, "connected", [&](D& d) {
      d.Driver::deliverLink(*info, true);
      return BUSBAR_OK;
    });
  }
  static void disconnected(busbar_state* state, const busbar_link_info* info) noexcept {
    (void)run(state, "disconnected", [&](D& d) {
      d.Driver::deliverLink(*info, false);
      return BUSBAR_OK;
    });
  }
  static int64_t frame(busbar_state* state, const busbar_frame_input* input) noexcept {
    int64_t length = -static_cast<int64_t>(input->bytes.len);  // what throws is dropped
    self(state).Driver::guarded("frame", [&] { length = self(state).onFrame(*input); });
    return length;
  }
  static busbar_status received(busbar_state* state, const busbar_received* received) noexcept {
    self(state).Driver::guarded("received",
                                [&] { self(state).Driver::deliverReceived(*received); });
    return BUSBAR_OK;
  }
  static void cancelled(busbar_state* state, busbar_id call) noexcept {
    self(state).Driver::guarded("cancelled", [&] {
      self(state).Driver::dropRequestsOf(call);
      self(state).onCancelled(call);
    });
  }
  static void event(busbar_state* state, const busbar_event* event) noexcept {
    self(state).Driver::guarded("event", [&] { self(state).Driver::deliverEvent(*event); });
  }

  template <size_t... I>
  static bool dispatch(D& driver, const busbar_call& raw, const glue::ManifestSpec& manifest,
                       std::index_sequence<I...>) {
    constexpr auto kFunctions = D::functions();
    const std::string_view name(raw.function.ptr, raw.function.len);
    const auto tryOne = [&](const auto& function) {
      if (name != function.name) {
        return false;
      }
      using Method = std::decay_t<decltype(function.method)>;
      constexpr size_t kCount = std::tuple_size_v<typename glue::MethodTraits<Method>::Values>;
      const JsonDocument args = JsonDocument::parse(raw.args);
      glue::invoke(driver, function, manifest.functions[manifest.find(name)], args.root(),
                   Call(driver.Driver::host_, driver.Driver::instance_, raw.call_id),
                   std::make_index_sequence<kCount>{});
      return true;
    };
    (void)tryOne;
    return (tryOne(std::get<I>(kFunctions)) || ...);
  }

  static busbar_status execute(busbar_state* state, const busbar_call* call,
                               const glue::ManifestSpec& manifest) noexcept {
    D& driver = self(state);
    driver.Driver::currentCall_ = call;
    const busbar_status status = run(state, "execute", [&](D& d) {
      constexpr size_t kCount = std::tuple_size_v<decltype(D::functions())>;
      const bool known = dispatch(d, *call, manifest, std::make_index_sequence<kCount>{});
      return known ? BUSBAR_OK : BUSBAR_E_NOTFOUND;
    });
    driver.Driver::currentCall_ = nullptr;
    return status;
  }
};

namespace glue {

template <class D>
busbar_driver makeTable() {
  using T = Table<D>;
  busbar_driver table{};
  table.struct_size = sizeof(table);
  table.abi_minor = BUSBAR_TARGET_MINOR;
  table.create = &T::create;
  table.start = &T::start;
  table.stop = &T::stop;
  table.destroy = &T::destroy;
  table.on_settings = &T::onSettings;
  table.connected = &T::connected;
  table.disconnected = &T::disconnected;
  table.frame = &T::frame;
  table.received = &T::received;
  table.cancelled = &T::cancelled;
  table.event = &T::event;
  return table;
}

}  // namespace glue
}  // namespace busbar

// Ends a driver's one source that includes "busbar_manifest.hpp": checks the class against
// manifest.json and defines the entry.
#define BUSBAR_DRIVER(Class)                                                                 \
  namespace {                                                                                \
  constexpr auto busbarFunctions = Class::functions();                                       \
  constexpr ::busbar::glue::CheckResult busbarCheck = ::busbar::glue::checkAll(              \
      busbarFunctions, ::busbar::glue::kManifest,                                            \
      std::make_index_sequence<std::tuple_size_v<decltype(Class::functions())>>{});          \
  static_assert(::busbar::glue::Verified<busbarCheck.mismatch, busbarCheck.index>::kOk, ""); \
  busbar_status busbarExecute(busbar_state* state, const busbar_call* call) noexcept {       \
    return ::busbar::Table<Class>::execute(state, call, ::busbar::glue::kManifest);          \
  }                                                                                          \
  }                                                                                          \
  extern "C" const busbar_driver* busbar_entry_1(uint32_t, uint32_t) noexcept {              \
    static busbar_driver table = ::busbar::glue::makeTable<Class>();                         \
    table.execute = &busbarExecute;                                                          \
    table.manifest = busbar_manifest();                                                      \
    return &table;                                                                           \
  }

// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <type_traits>

#include <busbar/driver.hpp>

namespace busbar {

// What a StatusKey publishes again when the host was busy.
class StatusBase {
 public:
  StatusBase(const StatusBase&) = delete;
  StatusBase& operator=(const StatusBase&) = delete;

 protected:
  explicit StatusBase(Driver& driver) : driver_(driver) {}
  virtual ~StatusBase();
  // Keeps this key for the next try.
  void publishLater();
  busbar_status put(const char* key, const busbar_value& value);
  Driver& driver_;

 private:
  friend class Driver;
  virtual busbar_status publishNow() = 0;
};

namespace glue {

// The C++ type of a status by its JSON types in the manifest.
template <unsigned Types>
struct StatusType {
  static constexpr unsigned kPlain = Types & ~static_cast<unsigned>(kNull);
  using type = std::conditional_t<
      kPlain == kBoolean, bool,
      std::conditional_t<
          kPlain == kInteger, int64_t,
          std::conditional_t<kPlain == (kInteger | kNumber), double,
                             std::conditional_t<kPlain == kString, std::string, JsonText>>>>;
};

}  // namespace glue

// A status of the manifest: `busbar::StatusKey<busbar::keys::power> power_{*this};` then
// `power_ = true;`. The type follows from the manifest; a key that is not there does not compile.
// Publishes only what differs from the last value.
template <const glue::StatusSpec& Spec>
class StatusKey : public StatusBase {
 public:
  using Value = typename glue::StatusType<Spec.types>::type;

  explicit StatusKey(Driver& driver) : StatusBase(driver) {}

  StatusKey& operator=(Value value) {
    set(std::move(value));
    return *this;
  }
  void set(Value value) {
    if (!value_ || !same(*value_, value)) {
      value_ = std::move(value);
      publishAgain();
    }
  }
  // Publishes null: the status is not known.
  void clear() {
    if (value_ || !published_) {
      value_.reset();
      publishAgain();
    }
  }
  // What a device may not be able to tell: nothing clears. Into JsonText goes what toJson() takes.
  template <class T>
  void show(const std::optional<T>& value) {
    if (!value) {
      clear();
    } else if constexpr (std::is_same_v<Value, JsonText> && !std::is_same_v<T, JsonText>) {
      set(JsonText{toJson(*value)});
    } else {
      set(*value);
    }
  }
  // For keys of kind event: publishes even what equals the last value.
  void emit(Value value) {
    value_ = std::move(value);
    publishAgain();
  }
  const std::optional<Value>& value() const { return value_; }

 private:
  static bool same(const Value& a, const Value& b) {
    if constexpr (std::is_same_v<Value, JsonText>) {
      return a.text == b.text;
    } else if constexpr (std::is_same_v<Value, double>) {
      return !(a < b) && !(a > b);
    } else {
      return a == b;
    }
  }
  void publishAgain() {
    published_ = true;
    if (publishNow() == BUSBAR_E_AGAIN) {
      publishLater();
    }
  }
  busbar_status publishNow() override;

  std::optional<Value> value_;
  bool published_ = false;
};

}  // namespace busbar

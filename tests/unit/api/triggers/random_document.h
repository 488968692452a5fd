// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <random>
#include <string>

#include "registry/model/records.h"

namespace busbar::triggers {

// Random conditions about status x of two modules and of two interfaces ("none/1" has nobody), in
// times of some seconds around noon of 2025-06-02 UTC.
class RandomDocument {
 public:
  struct Shape {
    int quantumMs = 1;  // durations are multiples of it
    const char* first = "A_1";
    const char* second = "B_1";
  };

  explicit RandomDocument(unsigned seed) : RandomDocument(seed, Shape()) {}
  RandomDocument(unsigned seed, Shape shape) : shape_(shape), random_(seed) {}

  // 0 to `sides` - 1.
  int roll(int sides) { return static_cast<int>(random_() % static_cast<unsigned>(sides)); }
  model::Trigger trigger();
  // Null pointer: none.
  const char* value();

 private:
  std::string pick(std::initializer_list<const char*> words);
  std::string duration(int ms);
  std::string one();
  std::string several(bool isChange);
  std::string compare(bool mayHold);
  std::string hold();
  std::string node(int depth);
  std::string plain();
  std::string group(int depth);

  const Shape shape_;
  std::mt19937 random_;
  bool isPulseHeld_ = false;
  bool hasWebhook_ = false;
};

}  // namespace busbar::triggers

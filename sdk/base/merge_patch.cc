// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/merge_patch.h"

namespace busbar::json {

void mergePatch(Value& document, const Value& patch) {
  const Object* changes = patch.asObject();
  if (changes == nullptr) {
    document = patch;
    return;
  }
  if (document.asObject() == nullptr) {
    document = Object();
  }
  for (const auto& [name, change] : *changes) {
    Object& object = *document.asObject();
    if (change.isNull()) {
      object.erase(name);
      continue;
    }
    if (!object.contains(name)) {
      object.set(name, Value());
    }
    mergePatch(*object.find(name), change);
  }
}

}  // namespace busbar::json

// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/model/records.h"
#include "sdk/base/json.h"
#include "sdk/base/result.h"

namespace busbar::model {

// The stored form of a record: one JSON object with every member under its REST name ("driver_id"),
// also those that the REST API hides. Shape: registry/KEYS.md "documents".
json::Object toDocument(const Record& record);

// Reads what toDocument() wrote, now or in an earlier version: absent members keep their defaults,
// unknown ones are ignored. DataLoss, with the member as field, when one has the wrong type.
Result<Record> fromDocument(Table table, const json::Value& document);

}  // namespace busbar::model

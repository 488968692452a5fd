// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "registry/model/records.h"
#include "registry/store/secret_box.h"
#include "sdk/base/result.h"

// The document column: a record as JSON text, its secret sealed and bound to the row: the text of
// settings above EncryptionLevel::None, a user's password hash, a domain's internals, the secret of
// a trigger's instance. Shapes: KEYS.md "documents", "sealed text".
namespace busbar {

Result<std::string> sealDocument(const SecretBox& box, const model::Record& record);

// DataLoss when the text is no document of the table or does not unseal.
Result<model::Record> openDocument(const SecretBox& box, model::Table table, std::string_view text);

}  // namespace busbar

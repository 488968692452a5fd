// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sdk/base/result.h"

namespace busbar {

// InvalidArgument at `field` unless `pem` holds at least one certificate and every block is one.
Status checkCertificates(const std::string& field, const std::string& pem);
// InvalidArgument unless `keyPem` is the unencrypted private key of the first certificate. Says
// nothing of the key's bytes.
Status checkKeyPair(const std::string& certificatePem, const std::string& keyPem);

// "sha256//BASE64" over the SubjectPublicKeyInfo of the first certificate (RFC 7469 s. 2.4).
Result<std::string> publicKeyPin(const std::string& certificatePem);
bool isPublicKeyPin(std::string_view text);

}  // namespace busbar

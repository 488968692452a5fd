// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/secret_box.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <vector>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "sdk/base/unique_fd.h"

namespace busbar {
namespace {

constexpr std::string_view kVersion = "v1.";
constexpr size_t kKeyIdLength = 16;
constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;
constexpr size_t kMaxPlainBytes = 16 << 20;

using Bytes = std::vector<uint8_t>;
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const uint8_t* bytesOf(std::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}

Error wrongFile(const std::string& path, const std::string& what) {
  return Error::because(ErrorCode::FailedPrecondition, "key_file",
                        "key file " + path + ": " + what);
}

std::string toBase64(const Bytes& in) {
  std::string out((in.size() + 2) / 3 * 4 + 1, '\0');  // EVP adds a terminator
  const int n = EVP_EncodeBlock(reinterpret_cast<uint8_t*>(out.data()), in.data(),
                                static_cast<int>(in.size()));
  out.resize(static_cast<size_t>(n));
  return out;
}

// Empty when `in` is no base64, or not the one way to write its bytes.
Bytes fromBase64(std::string_view in) {
  if (in.empty() || in.size() % 4 != 0 || in.size() > 2 * kMaxPlainBytes) {
    return {};
  }
  Bytes out(in.size() / 4 * 3);
  const int n = EVP_DecodeBlock(out.data(), bytesOf(in), static_cast<int>(in.size()));
  if (n < 0) {
    return {};
  }
  const size_t padding = in.ends_with("==") ? 2 : in.ends_with('=') ? 1 : 0;
  out.resize(static_cast<size_t>(n) - padding);
  return toBase64(out) == in ? out : Bytes();
}

Status writeAll(int fd, std::span<const uint8_t> bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) {
      return Error::fromErrno(errno, "write " + path);
    }
    bytes = bytes.subspan(n < 0 ? 0 : static_cast<size_t>(n));
  }
  return {};
}

Status syncFolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) {
    return Error::fromErrno(errno, "sync " + folder);
  }
  return {};
}

// Written aside and linked into place: a crash leaves either no key file or a whole one, and a key
// that another process made meanwhile is never replaced.
Status createKeyFile(const std::string& path) {
  const std::string aside = path + ".new";
  ::unlink(aside.c_str());
  std::array<uint8_t, SecretBox::kKeyBytes> key{};
  if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1) {
    return Error::of(ErrorCode::Internal, "make a key: no random bytes");
  }
  const UniqueFd fd(
      ::open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) {
    return Error::fromErrno(errno, "create " + aside);
  }
  Status written = writeAll(fd.get(), key, aside);
  OPENSSL_cleanse(key.data(), key.size());
  if (written.ok() && ::fsync(fd.get()) != 0) {
    written = Error::fromErrno(errno, "sync " + aside);
  }
  if (written.ok() && ::link(aside.c_str(), path.c_str()) != 0 && errno != EEXIST) {
    written = Error::fromErrno(errno, "create " + path);
  }
  ::unlink(aside.c_str());
  BUSBAR_TRY(std::move(written));
  return syncFolderOf(path);
}

Status checkKeyFile(int fd, const std::string& path) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) {
    return Error::fromErrno(errno, "stat " + path);
  }
  if (!S_ISREG(info.st_mode)) {
    return wrongFile(path, "not a regular file");
  }
  if ((info.st_mode & 077) != 0) {
    return wrongFile(path, "others may read it; make it mode 0600");
  }
  if (info.st_uid != ::geteuid()) {
    return wrongFile(path, "belongs to another user");
  }
  if (info.st_size != static_cast<off_t>(SecretBox::kKeyBytes)) {
    return wrongFile(path, "must hold exactly 32 bytes, has " + std::to_string(info.st_size));
  }
  return {};
}

}  // namespace

void SecretBox::WipeKey::operator()(Key* key) const {
  OPENSSL_cleanse(key->data(), key->size());
  delete key;
}

SecretBox::SecretBox(std::unique_ptr<Key, WipeKey> key) : key_(std::move(key)) {
  // A second hash keeps the id from being the key's own digest, which other tools may use as a key.
  constexpr std::string_view kLabel = "busbar key id";
  Bytes input(kLabel.begin(), kLabel.end());
  input.insert(input.end(), key_->begin(), key_->end());
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest{};
  BUSBAR_CHECK(SHA256(input.data(), input.size(), digest.data()) != nullptr);
  OPENSSL_cleanse(input.data(), input.size());
  constexpr std::string_view kHex = "0123456789abcdef";
  for (size_t i = 0; i < kKeyIdLength / 2; ++i) {
    keyId_ += kHex[digest[i] >> 4];
    keyId_ += kHex[digest[i] & 15];
  }
}

SecretBox SecretBox::fromKey(std::span<const uint8_t, kKeyBytes> key) {
  std::unique_ptr<Key, WipeKey> copy(new Key);
  std::copy(key.begin(), key.end(), copy->begin());
  return SecretBox(std::move(copy));
}

Result<SecretBox> SecretBox::open(const std::string& keyPath, IfMissing ifMissing) {
  UniqueFd fd(::open(keyPath.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd && errno == ENOENT && ifMissing == IfMissing::Create) {
    BUSBAR_TRY(createKeyFile(keyPath));
    fd.reset(::open(keyPath.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  }
  if (!fd && errno == ENOENT) {
    return wrongFile(keyPath, "missing; the secrets in the database cannot be read without it");
  }
  if (!fd) {
    return Error::fromErrno(errno, "open key file " + keyPath);
  }
  BUSBAR_TRY(checkKeyFile(fd.get(), keyPath));
  std::unique_ptr<Key, WipeKey> key(new Key);
  size_t have = 0;
  while (have < kKeyBytes) {
    const ssize_t n = ::read(fd.get(), key->data() + have, kKeyBytes - have);
    if (n == 0 || (n < 0 && errno != EINTR)) {
      return Error::fromErrno(n == 0 ? EIO : errno, "read key file " + keyPath);
    }
    have += n < 0 ? 0 : static_cast<size_t>(n);
  }
  return SecretBox(std::move(key));
}

Result<std::string> SecretBox::seal(std::string_view plain, std::string_view context) const {
  if (plain.size() > kMaxPlainBytes) {
    return Error::of(ErrorCode::ResourceExhausted, "encrypt: text too long");
  }
  Bytes out(kNonceBytes + kTagBytes + plain.size());
  uint8_t* nonce = out.data();
  uint8_t* tag = nonce + kNonceBytes;
  uint8_t* cipher = tag + kTagBytes;
  const Cipher ctx(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int n = 0;
  const bool good =
      ctx && RAND_bytes(nonce, kNonceBytes) == 1 &&
      EVP_EncryptInit_ex(ctx.get(), EVP_aes_256_gcm(), nullptr, key_->data(), nonce) == 1 &&
      EVP_EncryptUpdate(ctx.get(), nullptr, &n, bytesOf(context),
                        static_cast<int>(context.size())) == 1 &&
      EVP_EncryptUpdate(ctx.get(), cipher, &n, bytesOf(plain), static_cast<int>(plain.size())) ==
          1 &&
      EVP_EncryptFinal_ex(ctx.get(), cipher + n, &n) == 1 &&
      EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, tag) == 1;
  if (!good) {
    return Error::of(ErrorCode::Internal, "encrypt: OpenSSL refused");
  }
  return std::string(kVersion) + keyId_ + "." + toBase64(out);
}

Result<std::string> SecretBox::unseal(std::string_view sealed, std::string_view context) const {
  const size_t head = kVersion.size() + kKeyIdLength + 1;
  if (!sealed.starts_with(kVersion) || sealed.size() <= head || sealed[head - 1] != '.') {
    return Error::of(ErrorCode::DataLoss, "decrypt: not a sealed text");
  }
  const std::string_view id = sealed.substr(kVersion.size(), kKeyIdLength);
  if (id != keyId_) {
    return Error::because(ErrorCode::DataLoss, "wrong_key",
                          "decrypt: sealed with key " + std::string(id) + ", this is " + keyId_);
  }
  Bytes in = fromBase64(sealed.substr(head));
  if (in.size() < kNonceBytes + kTagBytes) {
    return Error::of(ErrorCode::DataLoss, "decrypt: truncated");
  }
  const uint8_t* nonce = in.data();
  uint8_t* tag = in.data() + kNonceBytes;
  const uint8_t* cipher = tag + kTagBytes;
  const size_t length = in.size() - kNonceBytes - kTagBytes;
  std::string plain(length + 1, '\0');  // data() must be writable for zero bytes too
  auto* out = reinterpret_cast<uint8_t*>(plain.data());
  const Cipher ctx(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int n = 0;
  const bool good =
      ctx && EVP_DecryptInit_ex(ctx.get(), EVP_aes_256_gcm(), nullptr, key_->data(), nonce) == 1 &&
      EVP_DecryptUpdate(ctx.get(), nullptr, &n, bytesOf(context),
                        static_cast<int>(context.size())) == 1 &&
      EVP_DecryptUpdate(ctx.get(), out, &n, cipher, static_cast<int>(length)) == 1 &&
      EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag) == 1 &&
      EVP_DecryptFinal_ex(ctx.get(), out + n, &n) == 1;
  if (!good) {
    OPENSSL_cleanse(plain.data(), plain.size());
    return Error::of(ErrorCode::DataLoss, "decrypt: the text was altered or moved");
  }
  plain.resize(length);
  return plain;
}

}  // namespace busbar

// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/model/password_rules.h"

#include <algorithm>

#include "registry/model/checker.h"
#include "sdk/base/ascii.h"
#include "sdk/base/json.h"

namespace busbar::model {
namespace {

constexpr std::string_view kWords[] = {
#include "registry/model/common_passwords.inc"
};
// Both directions, and from any place in them to any other.
constexpr std::string_view kRuns[] = {"abcdefghijklmnopqrstuvwxyz",
                                      "01234567890123456789",
                                      "qwertyuiop",
                                      "asdfghjkl",
                                      "zxcvbnm",
                                      "qwertzuiop",
                                      "yxcvbnm",
                                      "azertyuiop",
                                      "qsdfghjklm",
                                      "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
                                      "1q2w3e4r5t6y7u8i9o0p",
                                      "qazwsxedcrfvtgbyhnujm"};
constexpr size_t kMaxPiece = 4;
constexpr size_t kMinRun = 4;

// Lower case, and the letters that signs and digits are commonly written for.
char fold(char c) {
  switch (c) {
    case '0':
      return 'o';
    case '1':
    case '!':
      return 'i';
    case '3':
      return 'e';
    case '4':
    case '@':
      return 'a';
    case '5':
    case '$':
      return 's';
    case '7':
      return 't';
    default:
      return asciiLower(c);
  }
}

bool isLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

bool isWord(std::string_view text) {
  return std::find(std::begin(kWords), std::end(kWords), text) != std::end(kWords);
}

// One or two common words and nothing else.
bool isMadeOfWords(std::string_view text) {
  if (isWord(text)) {
    return true;
  }
  for (size_t cut = 2; cut + 2 <= text.size(); ++cut) {
    if (isWord(text.substr(0, cut)) && isWord(text.substr(cut))) {
      return true;
    }
  }
  return false;
}

// What is left when the digits and signs that were added at the ends are taken off.
std::string_view withoutAdded(std::string_view password) {
  while (!password.empty() && !isLetter(password.back())) {
    password.remove_suffix(1);
  }
  while (!password.empty() && !isLetter(password.front())) {
    password.remove_prefix(1);
  }
  return password;
}

std::string folded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const char letter = fold(c);
    if (letter >= 'a' && letter <= 'z') {
      out += letter;
    }
  }
  return out;
}

bool isRepeated(std::string_view text) {
  for (size_t piece = 1; piece <= kMaxPiece && piece < text.size(); ++piece) {
    if (text.substr(piece) == text.substr(0, text.size() - piece)) {
      return true;
    }
  }
  return false;
}

bool isRun(std::string_view text) {
  const std::string backwards(text.rbegin(), text.rend());
  return std::any_of(std::begin(kRuns), std::end(kRuns), [&](std::string_view run) {
    return run.find(text) != std::string_view::npos ||
           run.find(backwards) != std::string_view::npos;
  });
}

size_t charactersOf(std::string_view utf8) {
  return static_cast<size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string lowered(std::string text) {
  lower(text);
  return text;
}

bool isOf(std::string_view password, const User& user) {
  const std::string given = lowered(std::string(password));
  const std::string local = user.email.substr(0, user.email.find('@'));
  for (const std::string& own :
       {user.email, local, user.name, user.loginName, user.nickname, user.staffId}) {
    if (!own.empty() && given == lowered(own)) {
      return true;
    }
  }
  std::string plain = lowered(user.name);
  std::erase(plain, ' ');
  return !plain.empty() && given == plain;
}

}  // namespace

bool isCommonPassword(std::string_view password) {
  const std::string lower = lowered(std::string(password));
  if (isRepeated(lower) || isRun(lower)) {
    return true;
  }
  const std::string_view core = withoutAdded(lower);
  return (core.size() >= kMinRun && isRun(core)) || isMadeOfWords(folded(core)) ||
         isMadeOfWords(folded(lower));
}

std::optional<std::string> findPasswordFault(std::string_view password, const User& user) {
  // Bounded before it is looked at: a character has at most four bytes.
  if (password.size() > 4 * kMaxPasswordCharacters ||
      charactersOf(password) > kMaxPasswordCharacters) {
    return "must have at most 256 characters";
  }
  if (!json::isUtf8(password)) {
    return "must be UTF-8";
  }
  if (charactersOf(password) < kMinPasswordCharacters) {
    return "must have at least 10 characters";
  }
  if (isOf(password, user)) {
    return "must not be the name or the e-mail address";
  }
  if (isCommonPassword(password)) {
    return "must not be one that everybody tries first; a few unrelated words are good";
  }
  return std::nullopt;
}

}  // namespace busbar::model

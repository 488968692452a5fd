/* SPDX-FileCopyrightText: The Busbar authors
 * SPDX-License-Identifier: Apache-2.0 */
#include "args.h"

#include <string.h>

#include <stdbool.h>

typedef struct cursor {
  const uint8_t* at;
  const uint8_t* end;
} cursor;

static bool is_space(uint8_t c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_spaces(cursor* c) {
  while (c->at < c->end && is_space(*c->at)) {
    c->at++;
  }
}

static bool take(cursor* c, uint8_t expected) {
  skip_spaces(c);
  if (c->at == c->end || *c->at != expected) {
    return false;
  }
  c->at++;
  return true;
}

/* Moves past the string that begins at the cursor, quotes included. */
static bool skip_string(cursor* c) {
  if (!take(c, '"')) {
    return false;
  }
  while (c->at < c->end) {
    const size_t left = (size_t)(c->end - c->at);
    const uint8_t* quote = memchr(c->at, '"', left);
    const uint8_t* end = quote == NULL ? c->end : quote;
    const uint8_t* escape = memchr(c->at, '\\', (size_t)(end - c->at));
    if (escape == NULL) {
      c->at = end;
      return take(c, '"');
    }
    c->at = c->end - escape > 1 ? escape + 2 : c->end;
  }
  return false;
}

/* Moves past one value: nesting is counted, strings are skipped whole. */
static bool skip_value(cursor* c) {
  const uint8_t* begin = c->at;
  int depth = 0;
  while (c->at < c->end) {
    const uint8_t b = *c->at;
    if (depth == 0 && (b == ',' || b == '}' || b == ']')) {
      break;
    }
    if (b == '"') {
      if (!skip_string(c)) {
        return false;
      }
      continue;
    }
    depth += (b == '{' || b == '[') ? 1 : (b == '}' || b == ']') ? -1 : 0;
    c->at++;
  }
  return depth == 0 && c->at > begin;
}

busbar_doc args_find(busbar_doc args, const char* name) {
  busbar_doc found = {NULL, 0, BUSBAR_ENC_JSON, 0};
  if (args.ptr == NULL) {
    return found;
  }
  cursor c = {args.ptr, args.ptr + args.len};
  const size_t length = strlen(name);
  bool more = take(&c, '{');
  while (more) {
    skip_spaces(&c);
    const uint8_t* key = c.at;
    if (!skip_string(&c)) {
      break;
    }
    const bool match = (size_t)(c.at - key) == length + 2 && memcmp(key + 1, name, length) == 0;
    if (!take(&c, ':')) {
      break;
    }
    skip_spaces(&c);
    const uint8_t* value = c.at;
    if (!skip_value(&c)) {
      break;
    }
    if (match) {
      const uint8_t* end = c.at;
      while (end > value && is_space(end[-1])) {
        end--;
      }
      found.ptr = value;
      found.len = (size_t)(end - value);
      break;
    }
    more = take(&c, ',');
  }
  return found;
}

/* The code unit of the four digits of a \u escape, or -1. */
static int32_t read_hex4(cursor* c) {
  int32_t unit = 0;
  if (c->end - c->at < 4) {
    return -1;
  }
  for (int i = 0; i < 4; i++) {
    const uint8_t b = *c->at++;
    const uint8_t lower = b | 0x20;
    if (b >= '0' && b <= '9') {
      unit = unit * 16 + (b - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      unit = unit * 16 + (lower - 'a' + 10);
    } else {
      return -1;
    }
  }
  return unit;
}

/* The character of the escape after a backslash, or -1. Surrogates come in pairs (RFC 8259 s.7). */
static int32_t read_escape(cursor* c) {
  static const char kNames[] = "\"\\/bfnrt";
  static const char kValues[] = "\"\\/\b\f\n\r\t";
  if (c->at == c->end) {
    return -1;
  }
  const uint8_t b = *c->at++;
  if (b != 'u') {
    const char* name = b == 0 ? NULL : strchr(kNames, b);
    return name == NULL ? -1 : kValues[name - kNames];
  }
  const int32_t high = read_hex4(c);
  if (high < 0xD800 || high > 0xDFFF) {
    return high;
  }
  if (high > 0xDBFF || c->end - c->at < 6 || c->at[0] != '\\' || c->at[1] != 'u') {
    return -1;
  }
  c->at += 2;
  const int32_t low = read_hex4(c);
  return low < 0xDC00 || low > 0xDFFF ? -1 : 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

static size_t put_utf8(int32_t character, uint8_t out[4]) {
  const uint32_t c = (uint32_t)character;
  if (c < 0x80) {
    out[0] = (uint8_t)c;
    return 1;
  }
  if (c < 0x800) {
    out[0] = (uint8_t)(0xC0 | c >> 6);
    out[1] = (uint8_t)(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    out[0] = (uint8_t)(0xE0 | c >> 12);
    out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
    out[2] = (uint8_t)(0x80 | (c & 0x3F));
    return 3;
  }
  out[0] = (uint8_t)(0xF0 | c >> 18);
  out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
  out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
  out[3] = (uint8_t)(0x80 | (c & 0x3F));
  return 4;
}

int64_t args_string(busbar_doc text, char* out, size_t capacity) {
  if (text.ptr == NULL || text.len < 2 || text.ptr[0] != '"' || text.ptr[text.len - 1] != '"') {
    return -1;
  }
  cursor c = {text.ptr + 1, text.ptr + text.len - 1};
  size_t used = 0;
  while (c.at < c.end) {
    uint8_t bytes[4] = {*c.at++, 0, 0, 0};
    size_t count = 1;
    if (bytes[0] == '\\') {
      const int32_t character = read_escape(&c);
      if (character < 0) {
        return -1;
      }
      count = put_utf8(character, bytes);
    }
    if (capacity - used < count) {
      return -1;
    }
    memcpy(out + used, bytes, count);
    used += count;
  }
  return (int64_t)used;
}

int64_t args_count(busbar_doc text) {
  const int64_t limit = INT64_C(1) << 53;
  int64_t value = 0;
  if (text.ptr == NULL || text.len == 0) {
    return -1;
  }
  for (size_t i = 0; i < text.len; i++) {
    if (text.ptr[i] < '0' || text.ptr[i] > '9') {
      return -1;
    }
    value = value * 10 + (text.ptr[i] - '0');
    if (value > limit) {
      return -1;
    }
  }
  return value;
}

// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/pattern.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

namespace busbar::runner {

// Reads one pattern from left to right.
class PatternParser {
 public:
  explicit PatternParser(std::string_view text) : text_(text) {}

  Result<Pattern> run() {
    out_.fromStart_ = accept('^');
    while (at_ < text_.size()) {
      if (text_[at_] == '$' && at_ + 1 == text_.size()) {
        out_.toEnd_ = true;
        ++at_;
        break;
      }
      BUSBAR_TRY(atom());
    }
    return std::move(out_);
  }

 private:
  using Set = Pattern::Set;

  bool accept(char c) {
    const bool found = at_ < text_.size() && text_[at_] == c;
    at_ += found ? 1 : 0;
    return found;
  }
  Error fail(std::string why) const {
    return Error::of(ErrorCode::InvalidArgument,
                     "key pattern, offset " + std::to_string(at_) + ": " + std::move(why));
  }
  static void addRange(Set& set, unsigned first, unsigned last) {
    for (unsigned c = first; c <= last; ++c) {
      set.set(c);
    }
  }

  // After a backslash. Classes fill `set` and return nothing; else the escaped byte.
  Result<std::optional<unsigned char>> escape(Set& set) {
    if (at_ == text_.size()) {
      return fail("ends in a backslash");
    }
    const auto c = static_cast<unsigned char>(text_[at_++]);
    switch (c) {
      case 'd':
        addRange(set, '0', '9');
        return std::optional<unsigned char>();
      case 'w':
        addRange(set, '0', '9');
        addRange(set, 'A', 'Z');
        addRange(set, 'a', 'z');
        set.set('_');
        return std::optional<unsigned char>();
      case 's':
        addRange(set, '\t', '\r');
        set.set(' ');
        return std::optional<unsigned char>();
      default:
        break;
    }
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) {
      --at_;
      return fail("unknown escape");
    }
    return std::optional<unsigned char>(c);
  }

  // One byte or escape inside of brackets; nothing when it was a class, which `set` then holds.
  Result<std::optional<unsigned char>> classMember(Set& set) {
    const auto c = static_cast<unsigned char>(text_[at_++]);
    return c == '\\' ? escape(set) : Result<std::optional<unsigned char>>(std::optional(c));
  }

  Status bracket(Set& set) {
    const bool negated = accept('^');
    while (!accept(']')) {
      if (at_ == text_.size()) {
        return fail("unclosed [");
      }
      const auto first = classMember(set);
      BUSBAR_TRY(first);
      if (!first->has_value()) {
        continue;
      }
      const unsigned low = first->value();
      unsigned high = low;
      if (at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']') {
        ++at_;
        const auto last = classMember(set);
        BUSBAR_TRY(last);
        high = last->value_or(0);
        if (high < low) {
          return fail("range out of order");
        }
      }
      addRange(set, low, high);
    }
    if (negated) {
      set.flip();
    }
    return {};
  }

  Status oneSet(Set& set) {
    const auto c = static_cast<unsigned char>(text_[at_++]);
    switch (c) {
      case '.':
        set.set();
        set.reset('\n');
        set.reset('\r');
        return {};
      case '[':
        return bracket(set);
      case '\\': {
        const auto escaped = escape(set);
        BUSBAR_TRY(escaped);
        if (escaped->has_value()) {
          set.set(escaped->value());
        }
        return {};
      }
      case '(':
      case ')':
      case '|':
      case '*':
      case '+':
      case '?':
      case '{':
      case '}':
      case ']':
      case '^':
      case '$':
        --at_;
        return fail("'" + std::string(1, static_cast<char>(c)) + "' is not understood here");
      default:
        set.set(c);
        return {};
    }
  }

  // {n} {n,} {n,m} after the opening brace. `most` nothing: without bound.
  Status counts(unsigned& least, std::optional<unsigned>& most) {
    BUSBAR_TRY(number(least));
    most = least;
    if (accept(',')) {
      most.reset();
      if (at_ < text_.size() && text_[at_] != '}') {
        unsigned m = 0;
        BUSBAR_TRY(number(m));
        most = m;
      }
    }
    if (!accept('}')) {
      return fail("unclosed {");
    }
    return most && *most < least ? Status(fail("counts out of order")) : Status();
  }
  Status number(unsigned& value) {
    const char* const first = text_.data() + at_;
    const auto [end, code] = std::from_chars(first, text_.data() + text_.size(), value);
    if (code != std::errc() || value > Pattern::kMaxAtoms) {
      return fail("needs a count of at most " + std::to_string(Pattern::kMaxAtoms));
    }
    at_ += static_cast<size_t>(end - first);
    return {};
  }

  Status atom() {
    Set set;
    BUSBAR_TRY(oneSet(set));
    unsigned least = 1;
    std::optional<unsigned> most = 1;
    if (accept('*')) {
      least = 0;
      most.reset();
    } else if (accept('+')) {
      most.reset();
    } else if (accept('?')) {
      least = 0;
    } else if (accept('{')) {
      BUSBAR_TRY(counts(least, most));
    }
    const size_t written = most ? *most : least + 1U;
    if (out_.atoms_.size() + written > Pattern::kMaxAtoms) {
      return fail("longer than " + std::to_string(Pattern::kMaxAtoms) + " atoms");
    }
    const auto index = static_cast<uint16_t>(out_.sets_.size());
    out_.sets_.push_back(set);
    out_.atoms_.insert(out_.atoms_.end(), least, {index, Pattern::Repeat::Once});
    if (most) {
      out_.atoms_.insert(out_.atoms_.end(), *most - least, {index, Pattern::Repeat::Optional});
    } else {
      out_.atoms_.push_back({index, Pattern::Repeat::Star});
    }
    return {};
  }

  std::string_view text_;
  size_t at_ = 0;
  Pattern out_;
};

Result<Pattern> Pattern::compile(std::string_view text) {
  return PatternParser(text).run();
}

// Thompson's simulation: bit i means "atoms before i are satisfied".
bool Pattern::matches(std::string_view text) const {
  const size_t end = atoms_.size();
  std::bitset<kMaxAtoms + 1> active;
  std::bitset<kMaxAtoms + 1> next;
  const auto close = [&](std::bitset<kMaxAtoms + 1>& states) {
    for (size_t i = 0; i < end; ++i) {
      if (states[i] && atoms_[i].repeat != Repeat::Once) {
        states.set(i + 1);
      }
    }
  };
  active.set(0);
  close(active);
  for (const char raw : text) {
    if (active[end] && !toEnd_) {
      return true;
    }
    const auto c = static_cast<unsigned char>(raw);
    next.reset();
    for (size_t i = 0; i < end; ++i) {
      if (active[i] && sets_[atoms_[i].set][c]) {
        next.set(atoms_[i].repeat == Repeat::Star ? i : i + 1);
      }
    }
    if (!fromStart_) {
      next.set(0);
    }
    close(next);
    active = next;
  }
  return active[end];
}

}  // namespace busbar::runner

// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/pattern.h"

#include <algorithm>

#include "sdk/base/code_point.h"

namespace busbar {

bool Pattern::CharSet::contains(char32_t c) const {
  const bool listed = std::any_of(ranges.begin(), ranges.end(), [c](const auto& range) {
    return c >= range.first && c <= range.second;
  });
  return listed != negated;
}

bool Pattern::isAnchored() const {
  const size_t size = expression_.size();
  if (size < 2 || expression_.front() != '^' || expression_.back() != '$') {
    return false;
  }
  const size_t plain = expression_.find_last_not_of('\\', size - 2);
  const size_t backslashes = size - 2 - plain;
  // An odd number of backslashes escapes the $; an alternative at the top does not begin with
  // Begin.
  return backslashes % 2 == 0 && (program_.empty() || program_.front().op == Op::Begin);
}

// The set of steps that the automaton is in, before one code point.
class Pattern::Run {
 public:
  explicit Run(const Pattern& pattern)
      : pattern_(pattern), mark_(pattern.program_.size(), SIZE_MAX) {}

  // Adds `step` and all it reaches without reading. `position` numbers the code point.
  void enter(uint32_t step, size_t position, bool atBegin, bool atEnd) {
    stack_.push_back(step);
    while (!stack_.empty()) {
      const uint32_t index = stack_.back();
      stack_.pop_back();
      if (mark_[index] == position) {
        continue;
      }
      mark_[index] = position;
      const Step& at = pattern_.program_[index];
      switch (at.op) {
        case Op::Set:
          active_.push_back(index);
          break;
        case Op::Split:
          stack_.push_back(at.y);
          stack_.push_back(at.x);
          break;
        case Op::Jump:
          stack_.push_back(at.x);
          break;
        case Op::Begin:
        case Op::End:
          if (at.op == Op::Begin ? atBegin : atEnd) {
            stack_.push_back(index + 1);
          }
          break;
        case Op::Match:
          matched_ = true;
          break;
      }
    }
  }
  bool matched() const { return matched_; }
  std::vector<uint32_t>& active() { return active_; }

 private:
  const Pattern& pattern_;
  std::vector<size_t> mark_;
  std::vector<uint32_t> stack_;
  std::vector<uint32_t> active_;
  bool matched_ = false;
};

bool Pattern::matches(std::string_view text) const {
  if (text.size() > kMaxTextBytes) {
    return false;
  }
  Run run(*this);
  run.enter(0, 0, true, text.empty());
  std::vector<uint32_t> before;
  for (size_t at = 0; at < text.size() && !run.matched();) {
    const char32_t c = nextCodePoint(text, at);
    before.swap(run.active());
    run.active().clear();
    const bool atEnd = at >= text.size();
    for (const uint32_t step : before) {
      if (sets_[program_[step].x].contains(c)) {
        run.enter(step + 1, at, false, atEnd);
      }
    }
    run.enter(0, at, false, atEnd);
  }
  return run.matched();
}

}  // namespace busbar

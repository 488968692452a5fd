// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <optional>

#include "sdk/base/code_point.h"
#include "sdk/base/pattern.h"

namespace busbar {
namespace {

constexpr unsigned kMaxNesting = 32;
constexpr uint32_t kMaxRepeat = 1000;
constexpr uint32_t kUnbounded = UINT32_MAX;
constexpr char32_t kLastCodePoint = 0x10FFFF;

struct Node {
  enum class Kind { Set, Begin, End, Sequence, Either, Repeat };
  Kind kind = Kind::Sequence;
  uint32_t set = 0;
  uint32_t least = 0;
  uint32_t most = 0;
  std::vector<std::unique_ptr<Node>> parts;
};
using NodePtr = std::unique_ptr<Node>;

NodePtr makeNode(Node::Kind kind) {
  auto node = std::make_unique<Node>();
  node->kind = kind;
  return node;
}

using Ranges = std::vector<std::pair<char32_t, char32_t>>;

// The ranges of \d \w \s; nullopt for other letters.
std::optional<Ranges> classRanges(char letter) {
  switch (letter) {
    case 'd':
      return Ranges{{'0', '9'}};
    case 'w':
      return Ranges{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
    case 's':
      return Ranges{{'\t', '\r'}, {' ', ' '}, {0xA0, 0xA0}, {0x2028, 0x2029}, {0xFEFF, 0xFEFF}};
    default:
      return std::nullopt;
  }
}

// What `ranges` leaves out. They must be sorted.
Ranges complement(const Ranges& ranges) {
  Ranges rest;
  char32_t next = 0;
  for (const auto& [first, last] : ranges) {
    if (first > next) {
      rest.emplace_back(next, first - 1);
    }
    next = last + 1;
  }
  rest.emplace_back(next, kLastCodePoint);
  return rest;
}

// Recursive descent over the expression; the first mistake ends it.
class Parser {
 public:
  Parser(std::string_view text, std::vector<Pattern::CharSet>& sets) : text_(text), sets_(sets) {}

  NodePtr parse() {
    NodePtr node = alternatives(0);
    if (node && at_ < text_.size()) {
      fail("unmatched )");
    }
    return failed() ? nullptr : std::move(node);
  }
  bool failed() const { return !reason_.empty(); }
  std::string failure() const { return "at byte " + std::to_string(at_) + ": " + reason_; }

 private:
  bool atEnd() const { return at_ >= text_.size(); }
  bool peek(char c) const { return !atEnd() && text_[at_] == c; }
  bool take(char c) {
    if (!peek(c)) {
      return false;
    }
    ++at_;
    return true;
  }
  NodePtr fail(std::string reason) {
    if (!failed()) {
      reason_ = std::move(reason);
    }
    return nullptr;
  }

  NodePtr alternatives(unsigned depth) {
    if (depth > kMaxNesting) {
      return fail("nested too deep");
    }
    NodePtr either = makeNode(Node::Kind::Either);
    do {
      NodePtr branch = sequence(depth);
      if (!branch) {
        return nullptr;
      }
      either->parts.push_back(std::move(branch));
    } while (take('|'));
    return either->parts.size() == 1 ? std::move(either->parts.front()) : std::move(either);
  }

  NodePtr sequence(unsigned depth) {
    NodePtr node = makeNode(Node::Kind::Sequence);
    while (!atEnd() && !peek('|') && !peek(')')) {
      NodePtr part = atom(depth);
      part = part ? quantified(std::move(part)) : nullptr;
      if (!part) {
        return nullptr;
      }
      node->parts.push_back(std::move(part));
    }
    return node;
  }

  NodePtr atom(unsigned depth) {
    if (take('^')) {
      return makeNode(Node::Kind::Begin);
    }
    if (take('$')) {
      return makeNode(Node::Kind::End);
    }
    if (take('(')) {
      if (take('?') && !take(':')) {
        return fail("look-around and named groups are not supported");
      }
      NodePtr inner = alternatives(depth + 1);
      return inner && !take(')') ? fail("missing )") : std::move(inner);
    }
    if (take('[')) {
      return charClass();
    }
    if (take('.')) {
      return set({{{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}, true});
    }
    if (take('\\')) {
      Ranges ranges;
      return escape(ranges) ? set({std::move(ranges), false}) : nullptr;
    }
    if (peek('*') || peek('+') || peek('?') || peek('{')) {
      return fail("nothing to repeat");
    }
    const char32_t c = nextCodePoint(text_, at_);
    return set({{{c, c}}, false});
  }

  NodePtr quantified(NodePtr part) {
    uint32_t least = 1;
    uint32_t most = 1;
    if (take('*')) {
      least = 0;
      most = kUnbounded;
    } else if (take('+')) {
      most = kUnbounded;
    } else if (take('?')) {
      least = 0;
    } else if (take('{')) {
      if (!bounds(least, most)) {
        return nullptr;
      }
    } else {
      return part;
    }
    take('?');  // lazy or greedy makes no difference to whether there is a match
    if (peek('*') || peek('+') || peek('?') || peek('{')) {
      return fail("nothing to repeat");
    }
    NodePtr repeat = makeNode(Node::Kind::Repeat);
    repeat->least = least;
    repeat->most = most;
    repeat->parts.push_back(std::move(part));
    return repeat;
  }

  bool number(uint32_t& value) {
    const size_t begin = at_;
    value = 0;
    while (!atEnd() && text_[at_] >= '0' && text_[at_] <= '9' && value <= kMaxRepeat) {
      value = value * 10 + static_cast<uint32_t>(text_[at_++] - '0');
    }
    return at_ > begin && value <= kMaxRepeat;
  }

  bool bounds(uint32_t& least, uint32_t& most) {
    if (!number(least)) {
      return fail("a repeat count is a number up to 1000") != nullptr;
    }
    most = least;
    if (take(',')) {
      most = kUnbounded;
      if (!peek('}') && !number(most)) {
        return fail("a repeat count is a number up to 1000") != nullptr;
      }
    }
    if (!take('}') || most < least) {
      return fail("malformed repeat count") != nullptr;
    }
    return true;
  }

  NodePtr set(Pattern::CharSet chars) {
    NodePtr node = makeNode(Node::Kind::Set);
    node->set = static_cast<uint32_t>(sets_.size());
    sets_.push_back(std::move(chars));
    return node;
  }

  bool hexDigits(int count, char32_t& value) {
    value = 0;
    for (int i = 0; i < count; ++i) {
      const char c = atEnd() ? '\0' : text_[at_];
      const char lower = static_cast<char>(c | 0x20);
      const bool digit = c >= '0' && c <= '9';
      if (!digit && (lower < 'a' || lower > 'f')) {
        return fail("malformed hexadecimal escape") != nullptr;
      }
      value = value * 16 + static_cast<char32_t>(digit ? c - '0' : lower - 'a' + 10);
      ++at_;
    }
    return true;
  }

  // After the backslash: appends what it stands for.
  bool escape(Ranges& ranges) {
    if (atEnd()) {
      return fail("nothing follows the backslash") != nullptr;
    }
    const char c = text_[at_++];
    if (auto known = classRanges(c)) {
      ranges.insert(ranges.end(), known->begin(), known->end());
      return true;
    }
    if (auto known = classRanges(static_cast<char>(c | 0x20)); known && c >= 'A' && c <= 'Z') {
      const Ranges rest = complement(*known);
      ranges.insert(ranges.end(), rest.begin(), rest.end());
      return true;
    }
    constexpr std::string_view kControlNames = "tnrfv0";
    constexpr std::string_view kControls("\t\n\r\f\v\0", 6);
    char32_t value = static_cast<unsigned char>(c);
    if (const size_t i = kControlNames.find(c); i != std::string_view::npos) {
      value = static_cast<unsigned char>(kControls[i]);
    } else if (c == 'x' || c == 'u') {
      if (!hexDigits(c == 'x' ? 2 : 4, value)) {
        return false;
      }
    } else if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) {
      return fail("\\" + std::string(1, c) + " is not supported") != nullptr;
    }
    ranges.emplace_back(value, value);
    return true;
  }

  NodePtr charClass() {
    Pattern::CharSet chars;
    chars.negated = take('^');
    while (!peek(']')) {
      if (atEnd()) {
        return fail("missing ]");
      }
      const size_t before = chars.ranges.size();
      if (!classItem(chars.ranges)) {
        return nullptr;
      }
      const bool single = chars.ranges.size() == before + 1 &&
                          chars.ranges[before].first == chars.ranges[before].second;
      if (!single || !peek('-') || at_ + 1 >= text_.size() || text_[at_ + 1] == ']') {
        continue;
      }
      ++at_;
      Ranges last;
      if (!classItem(last)) {
        return nullptr;
      }
      if (last.size() != 1 || last[0].second < chars.ranges[before].first) {
        return fail("range out of order");
      }
      chars.ranges[before].second = last[0].second;
    }
    ++at_;
    return set(std::move(chars));
  }

  bool classItem(Ranges& ranges) {
    if (take('\\')) {
      return escape(ranges);
    }
    const char32_t c = nextCodePoint(text_, at_);
    ranges.emplace_back(c, c);
    return true;
  }

  std::string_view text_;
  std::vector<Pattern::CharSet>& sets_;
  size_t at_ = 0;
  std::string reason_;
};

// Emits steps for a tree; stops when the program is full.
class Emitter {
 public:
  explicit Emitter(std::vector<Pattern::Step>& program) : program_(program) {}

  bool emit(const Node& node) {
    switch (node.kind) {
      case Node::Kind::Set:
        return add({Pattern::Op::Set, node.set, 0});
      case Node::Kind::Begin:
        return add({Pattern::Op::Begin, 0, 0});
      case Node::Kind::End:
        return add({Pattern::Op::End, 0, 0});
      case Node::Kind::Sequence:
        return std::all_of(node.parts.begin(), node.parts.end(),
                           [this](const NodePtr& part) { return emit(*part); });
      case Node::Kind::Either:
        return either(node);
      case Node::Kind::Repeat:
        return repeat(node);
    }
    return false;
  }
  bool add(Pattern::Step step) {
    program_.push_back(step);
    return program_.size() <= Pattern::kMaxSteps;
  }

 private:
  uint32_t here() const { return static_cast<uint32_t>(program_.size()); }

  bool either(const Node& node) {
    std::vector<size_t> jumps;
    for (size_t i = 0; i + 1 < node.parts.size(); ++i) {
      const size_t split = program_.size();
      if (!add({Pattern::Op::Split, here() + 1, 0}) || !emit(*node.parts[i])) {
        return false;
      }
      jumps.push_back(program_.size());
      if (!add({Pattern::Op::Jump, 0, 0})) {
        return false;
      }
      program_[split].y = here();
    }
    const bool fits = emit(*node.parts.back());
    for (const size_t jump : jumps) {
      program_[jump].x = here();
    }
    return fits;
  }

  bool repeat(const Node& node) {
    const Node& part = *node.parts.front();
    for (uint32_t i = 0; i < node.least; ++i) {
      if (!emit(part)) {
        return false;
      }
    }
    if (node.most == kUnbounded) {
      const uint32_t split = here();
      if (!add({Pattern::Op::Split, split + 1, 0}) || !emit(part) ||
          !add({Pattern::Op::Jump, split, 0})) {
        return false;
      }
      program_[split].y = here();
      return true;
    }
    std::vector<size_t> splits;
    for (uint32_t i = node.least; i < node.most; ++i) {
      splits.push_back(program_.size());
      if (!add({Pattern::Op::Split, here() + 1, 0}) || !emit(part)) {
        return false;
      }
    }
    for (const size_t split : splits) {
      program_[split].y = here();
    }
    return true;
  }

  std::vector<Pattern::Step>& program_;
};

}  // namespace

Result<Pattern> Pattern::compile(std::string_view expression) {
  const auto refuse = [](std::string why) {
    return Error::of(ErrorCode::InvalidArgument, "malformed pattern " + std::move(why));
  };
  if (expression.size() > kMaxExpressionBytes) {
    return refuse("of more than 1024 bytes");
  }
  Pattern pattern;
  pattern.expression_ = expression;
  Parser parser(expression, pattern.sets_);
  const NodePtr tree = parser.parse();
  if (!tree) {
    return refuse(parser.failure());
  }
  Emitter emitter(pattern.program_);
  if (!emitter.emit(*tree) || !emitter.add({Op::Match, 0, 0})) {
    return refuse("that repeats too much");
  }
  return pattern;
}

}  // namespace busbar

// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/settings/pattern.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "sdk/base/json.h"

namespace busbar {
namespace {

constexpr size_t kMaxExpressionBytes = 1024;
constexpr size_t kMaxProgram = 2048;
constexpr unsigned kMaxDepth = 32;
constexpr unsigned kMaxRepeat = 256;
constexpr char32_t kLastCodePoint = 0x10FFFF;
constexpr char32_t kNone = 0xFFFFFFFF;

// Decodes the code point at `at` of valid UTF-8 and moves past it.
char32_t nextCodePoint(std::string_view text, size_t& at) {
  const auto byte = [&text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at++);
  const int more = lead < 0x80 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  char32_t c = more == 0 ? lead : static_cast<char32_t>(lead & (0x3F >> more));
  for (int i = 0; i < more && at < text.size(); ++i) {
    c = c << 6 | (byte(at++) & 0x3F);
  }
  return c;
}

struct Node {
  enum class Kind { Empty, Char, Begin, End, Concat, Either, Repeat };
  Kind kind = Kind::Empty;
  uint32_t set = 0;
  unsigned min = 0;
  unsigned max = 0;  // kUnlimited: no bound
  std::vector<std::unique_ptr<Node>> children;
};
using NodePtr = std::unique_ptr<Node>;
constexpr unsigned kUnlimited = ~0U;

NodePtr makeNode(Node::Kind kind) {
  auto node = std::make_unique<Node>();
  node->kind = kind;
  return node;
}

class Parser {
 public:
  Parser(std::string_view text, std::vector<Pattern::CharSet>& sets) : text_(text), sets_(sets) {}

  Result<NodePtr> parse() {
    NodePtr node = either(0);
    if (error_.empty() && at_ < text_.size()) {
      fail("an unmatched ')'");
    }
    if (!error_.empty()) {
      return Error::of(ErrorCode::InvalidArgument,
                       "pattern: " + error_ + " at byte " + std::to_string(at_));
    }
    return node;
  }

 private:
  bool more() const { return error_.empty() && at_ < text_.size(); }
  char peek() const { return text_[at_]; }
  bool eat(char c) {
    if (more() && peek() == c) {
      ++at_;
      return true;
    }
    return false;
  }
  void fail(std::string what) {
    if (error_.empty()) {
      error_ = std::move(what);
    }
  }

  NodePtr either(unsigned depth) {
    if (depth > kMaxDepth) {
      fail("nested too deep");
      return makeNode(Node::Kind::Empty);
    }
    NodePtr node = makeNode(Node::Kind::Either);
    do {
      node->children.push_back(sequence(depth));
    } while (eat('|'));
    return node;
  }

  NodePtr sequence(unsigned depth) {
    NodePtr node = makeNode(Node::Kind::Concat);
    while (more() && peek() != '|' && peek() != ')') {
      node->children.push_back(quantified(depth));
    }
    return node;
  }

  NodePtr quantified(unsigned depth) {
    NodePtr atom = this->atom(depth);
    if (!more()) {
      return atom;
    }
    unsigned min = 0;
    unsigned max = kUnlimited;
    if (eat('+')) {
      min = 1;
    } else if (eat('?')) {
      max = 1;
    } else if (peek() == '{') {
      braces(min, max);
    } else if (!eat('*')) {
      return atom;
    }
    eat('?');  // lazy: the same texts match
    if (atom->kind == Node::Kind::Begin || atom->kind == Node::Kind::End) {
      fail("a quantifier after an anchor");
    }
    if (more() && (peek() == '*' || peek() == '+' || peek() == '?')) {
      fail("two quantifiers in a row");
    }
    NodePtr node = makeNode(Node::Kind::Repeat);
    node->min = min;
    node->max = max;
    node->children.push_back(std::move(atom));
    return node;
  }

  void braces(unsigned& min, unsigned& max) {
    ++at_;
    const auto first = number();
    min = first.value_or(0);
    max = min;
    if (eat(',')) {
      const auto second = number();
      max = second.value_or(kUnlimited);
    }
    if (!first || !eat('}') || max < min) {
      fail("a malformed {…} quantifier");
    }
  }

  std::optional<unsigned> number() {
    std::optional<unsigned> n;
    while (more() && peek() >= '0' && peek() <= '9') {
      n = n.value_or(0) * 10 + static_cast<unsigned>(peek() - '0');
      if (*n > kMaxRepeat) {
        fail("a repeat count above " + std::to_string(kMaxRepeat));
        return std::nullopt;
      }
      ++at_;
    }
    return n;
  }

  NodePtr atom(unsigned depth) {
    const char c = peek();
    switch (c) {
      case '(':
        return group(depth);
      case '[':
        ++at_;
        return charNode(charClass());
      case '.':
        ++at_;
        return charNode({{{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}, true});
      case '^':
        ++at_;
        return makeNode(Node::Kind::Begin);
      case '$':
        ++at_;
        return makeNode(Node::Kind::End);
      case '*':
      case '+':
      case '?':
      case '{':
      case '}':
      case ']':
        fail(std::string("a bare '") + c + "'");
        return makeNode(Node::Kind::Empty);
      case '\\': {
        ++at_;
        Pattern::CharSet set;
        const char32_t single = escape(set);
        if (single != kNone) {
          set.ranges = {{single, single}};
        }
        return charNode(std::move(set));
      }
      default: {
        const char32_t literal = nextCodePoint(text_, at_);
        return charNode({{{literal, literal}}, false});
      }
    }
  }

  NodePtr group(unsigned depth) {
    ++at_;
    if (eat('?') && !eat(':')) {
      fail("look-around and named groups are not supported");
    }
    NodePtr node = either(depth + 1);
    if (!eat(')')) {
      fail("an unclosed '('");
    }
    return node;
  }

  NodePtr charNode(Pattern::CharSet set) {
    NodePtr node = makeNode(Node::Kind::Char);
    node->set = static_cast<uint32_t>(sets_.size());
    sets_.push_back(std::move(set));
    return node;
  }

  // After a backslash: one code point, or kNone with a class in `set`.
  char32_t escape(Pattern::CharSet& set) {
    if (!more()) {
      fail("a backslash at the end");
      return kNone;
    }
    const char c = text_[at_++];
    switch (c) {
      case 'd':
      case 'D':
        set = {{{'0', '9'}}, c == 'D'};
        return kNone;
      case 'w':
      case 'W':
        set = {{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}, c == 'W'};
        return kNone;
      case 's':
      case 'S':
        set = {{{'\t', '\r'}, {' ', ' '}, {0xA0, 0xA0}, {0x2028, 0x2029}, {0xFEFF, 0xFEFF}},
               c == 'S'};
        return kNone;
      case 't':
        return '\t';
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 'f':
        return '\f';
      case 'v':
        return '\v';
      case 'x':
        return hex(2);
      case 'u':
        return hex(4);
      default:
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
            static_cast<unsigned char>(c) >= 0x80) {
          fail(std::string("the escape \\") + c + " is not supported");
        }
        return static_cast<char32_t>(c);
    }
  }

  char32_t hex(int digits) {
    char32_t value = 0;
    for (int i = 0; i < digits; ++i) {
      constexpr std::string_view kHex = "0123456789abcdef";
      const char low = more() ? static_cast<char>(peek() | 0x20) : '?';
      const size_t digit = kHex.find(low);
      if (digit == std::string_view::npos) {
        fail("a malformed hexadecimal escape");
        return 0;
      }
      value = value * 16 + static_cast<char32_t>(digit);
      ++at_;
    }
    return value;
  }

  // After '['.
  Pattern::CharSet charClass() {
    Pattern::CharSet set;
    set.negated = eat('^');
    while (more() && peek() != ']') {
      const char32_t from = classMember(set);
      if (from == kNone) {
        continue;
      }
      char32_t to = from;
      if (more() && peek() == '-' && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
        ++at_;
        Pattern::CharSet ignored;
        to = classMember(ignored);
        if (to == kNone || to < from) {
          fail("a malformed range in a class");
          to = from;
        }
      }
      set.ranges.push_back({from, to});
    }
    if (!eat(']')) {
      fail("an unclosed '['");
    }
    return set;
  }

  // One code point, or kNone after adding a class such as \d to `set`.
  char32_t classMember(Pattern::CharSet& set) {
    if (!eat('\\')) {
      return nextCodePoint(text_, at_);
    }
    if (eat('b')) {
      return '\b';
    }
    Pattern::CharSet inner;
    const char32_t single = escape(inner);
    if (single != kNone) {
      return single;
    }
    if (!inner.negated) {
      set.ranges.insert(set.ranges.end(), inner.ranges.begin(), inner.ranges.end());
      return kNone;
    }
    char32_t next = 0;  // the gaps of the sorted ranges
    for (const Pattern::Range& range : inner.ranges) {
      if (range.from > next) {
        set.ranges.push_back({next, range.from - 1});
      }
      next = range.to + 1;
    }
    set.ranges.push_back({next, kLastCodePoint});
    return kNone;
  }

  std::string_view text_;
  std::vector<Pattern::CharSet>& sets_;
  size_t at_ = 0;
  std::string error_;
};

// Writes the program of a tree; stops adding at the limit.
class Compiler {
 public:
  explicit Compiler(std::vector<Pattern::Instruction>& program) : program_(program) {}

  bool emit(const Node& node) {
    if (program_.size() > kMaxProgram) {
      return false;
    }
    switch (node.kind) {
      case Node::Kind::Empty:
        return true;
      case Node::Kind::Char:
        add(Pattern::Op::Char, node.set);
        return true;
      case Node::Kind::Begin:
        add(Pattern::Op::Begin);
        return true;
      case Node::Kind::End:
        add(Pattern::Op::End);
        return true;
      case Node::Kind::Concat:
        return std::all_of(node.children.begin(), node.children.end(),
                           [this](const NodePtr& child) { return emit(*child); });
      case Node::Kind::Either:
        return emitEither(node);
      case Node::Kind::Repeat:
        return emitRepeat(node);
    }
    return false;
  }

 private:
  size_t add(Pattern::Op op, uint32_t a = 0, uint32_t b = 0) {
    program_.push_back({op, a, b});
    return program_.size() - 1;
  }
  uint32_t here() const { return static_cast<uint32_t>(program_.size()); }

  bool emitEither(const Node& node) {
    std::vector<size_t> jumps;
    for (size_t i = 0; i < node.children.size(); ++i) {
      const bool last = i + 1 == node.children.size();
      const size_t split = last ? 0 : add(Pattern::Op::Split, here() + 1);
      if (!emit(*node.children[i])) {
        return false;
      }
      if (!last) {
        jumps.push_back(add(Pattern::Op::Jump));
        program_[split].b = here();
      }
    }
    for (const size_t jump : jumps) {
      program_[jump].a = here();
    }
    return true;
  }

  bool emitRepeat(const Node& node) {
    const Node& atom = *node.children.front();
    for (unsigned i = 0; i < node.min; ++i) {
      if (!emit(atom)) {
        return false;
      }
    }
    if (node.max == kUnlimited) {
      const size_t split = add(Pattern::Op::Split, here() + 1);
      if (!emit(atom)) {
        return false;
      }
      add(Pattern::Op::Jump, static_cast<uint32_t>(split));
      program_[split].b = here();
      return true;
    }
    std::vector<size_t> splits;
    for (unsigned i = node.min; i < node.max; ++i) {
      splits.push_back(add(Pattern::Op::Split, here() + 1));
      if (!emit(atom)) {
        return false;
      }
    }
    for (const size_t split : splits) {
      program_[split].b = here();
    }
    return true;
  }

  std::vector<Pattern::Instruction>& program_;
};

}  // namespace

bool Pattern::CharSet::contains(char32_t c) const {
  const bool inside = std::any_of(ranges.begin(), ranges.end(), [c](const Range& range) {
    return range.from <= c && c <= range.to;
  });
  return inside != negated;
}

Result<Pattern> Pattern::compile(std::string_view expression) {
  if (expression.size() > kMaxExpressionBytes || !json::isUtf8(expression)) {
    return Error::of(ErrorCode::InvalidArgument, "pattern: longer than 1024 bytes or not UTF-8");
  }
  Pattern pattern;
  auto tree = Parser(expression, pattern.sets_).parse();
  if (!tree.ok()) {
    return std::move(tree).error();
  }
  if (!Compiler(pattern.program_).emit(**tree)) {
    return Error::of(ErrorCode::InvalidArgument,
                     "pattern: too large when its repeats are written out");
  }
  pattern.program_.push_back({Op::Match});
  return pattern;
}

// Adds the state at `at` and all that follow from it without a character. Iterative: programs may
// have thousands of jumps in a row.
void Pattern::follow(size_t at, bool atBegin, bool atEnd, std::vector<size_t>& states,
                     std::vector<bool>& on) const {
  std::vector<size_t> open{at};
  while (!open.empty()) {
    const size_t state = open.back();
    open.pop_back();
    if (on[state]) {
      continue;
    }
    on[state] = true;
    const Instruction& instruction = program_[state];
    switch (instruction.op) {
      case Op::Jump:
        open.push_back(instruction.a);
        break;
      case Op::Split:
        open.push_back(instruction.b);
        open.push_back(instruction.a);
        break;
      case Op::Begin:
      case Op::End:
        if (instruction.op == Op::Begin ? atBegin : atEnd) {
          open.push_back(state + 1);
        }
        break;
      case Op::Char:
      case Op::Match:
        states.push_back(state);
        break;
    }
  }
}

bool Pattern::matches(std::string_view text) const {
  std::vector<size_t> states;
  std::vector<size_t> next;
  std::vector<bool> on(program_.size(), false);
  size_t at = 0;
  while (true) {
    // A match may start at every place.
    follow(0, at == 0, at == text.size(), states, on);
    for (const size_t state : states) {
      if (program_[state].op == Op::Match) {
        return true;
      }
    }
    if (at == text.size()) {
      return false;
    }
    const char32_t c = nextCodePoint(text, at);
    next.clear();
    on.assign(program_.size(), false);
    for (const size_t state : states) {
      if (program_[state].op == Op::Char && sets_[program_[state].a].contains(c)) {
        follow(state + 1, false, at == text.size(), next, on);
      }
    }
    states.swap(next);
  }
}

}  // namespace busbar

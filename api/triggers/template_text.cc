// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/template_text.h"

#include <algorithm>
#include <utility>

#include "api/triggers/template.h"

namespace busbar::triggers {
namespace {

Error broken(std::string reason) {
  return Error::of(ErrorCode::InvalidArgument, std::move(reason));
}

struct Root {
  std::string_view name;
  std::vector<std::string_view> members;
  bool goesOn = false;  // its facts are of any type, so paths may lead into them
};
const std::vector<Root>& roots() {
  static const std::vector<Root> kRoots{
      {"trigger", {"id", "name"}},         {"instance", {"id"}},
      {"system", {"id", "name"}},          {"zone", {"id", "name"}},
      {"firing", {"id", "time", "retry"}}, {"cause", {"key", "left", "module"}, true},
  };
  return kRoots;
}

// As names of modules, statuses and members of JSON are; '/' is in the keys of conditions.
bool isNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '/' || static_cast<unsigned char>(c) >= 0x80;
}

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  const size_t last = text.find_last_not_of(" \t");
  return first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, last - first + 1);
}

Result<std::vector<std::string>> readPath(std::string_view text) {
  std::vector<std::string> path;
  for (size_t at = 0; at <= text.size();) {
    const size_t point = std::min(text.find('.', at), text.size());
    const std::string_view name = text.substr(at, point - at);
    if (name.empty() || !std::all_of(name.begin(), name.end(), isNameCharacter)) {
      return broken("has a template that is no path such as {{ trigger.name }}");
    }
    if (path.size() == kMaxTemplateMembers) {
      return broken("has a template with more than " + std::to_string(kMaxTemplateMembers) +
                    " members");
    }
    path.emplace_back(name);
    at = point + 1;
  }
  return path;
}

// From behind the opening braces; `end` becomes the place behind the closing ones.
Result<TemplatePiece> readTemplate(std::string_view text, size_t begin, size_t& end) {
  TemplatePiece piece;
  piece.isTemplate = true;
  const size_t first = text.find_first_not_of(" \t", begin);
  if (first != std::string_view::npos && text[first] == '"') {
    const size_t quote = text.find('"', first + 1);
    const size_t close =
        quote == std::string_view::npos ? quote : text.find_first_not_of(" \t", quote + 1);
    if (close == std::string_view::npos || text.substr(close, 2) != "}}") {
      return broken("has a text in a template without its closing quote and braces");
    }
    piece.text = text.substr(first + 1, quote - first - 1);
    end = close + 2;
    return piece;
  }
  const size_t close = text.find("}}", begin);
  if (close == std::string_view::npos) {
    return broken(R"(has {{ without }}; to mean the braces themselves, write {{"{{"}})");
  }
  piece.text = trimmed(text.substr(begin, close - begin));
  auto path = readPath(piece.text);
  if (!path) {
    return path.error();
  }
  piece.path = std::move(*path);
  end = close + 2;
  return piece;
}

std::string listOf(const std::vector<std::string_view>& names) {
  std::string out;
  for (const std::string_view name : names) {
    out += (out.empty() ? "" : ", ") + std::string(name);
  }
  return out;
}

Status checkMember(const std::vector<std::string>& path, size_t at, std::string_view of,
                   const std::vector<std::string_view>& members) {
  if (path.size() <= at || std::find(members.begin(), members.end(), path[at]) == members.end()) {
    return broken("has a template {{ " + std::string(of) +
                  "… }} without one of its members: " + listOf(members));
  }
  return {};
}

Status checkLength(const std::vector<std::string>& path, size_t most, std::string_view text) {
  return path.size() > most
             ? broken("has a template with a member that cannot be: " + std::string(text))
             : Status();
}

Status checkCondition(const std::vector<std::string>& path, std::string_view text) {
  if (path.size() < 2) {
    return broken("has a template {{ condition }} without the key of a condition");
  }
  BUSBAR_TRY(checkMember(path, 2, "condition." + path[1] + ".", {"left", "right", "is_true"}));
  return path[2] == "is_true" ? checkLength(path, 3, text) : Status();
}

Status checkWebhook(const std::vector<std::string>& path, std::string_view text) {
  BUSBAR_TRY(checkMember(path, 1, "webhook.", {"method", "body", "query"}));
  if (path[1] == "query" && path.size() != 3) {
    return broken("has a template {{ webhook.query }} that names no single parameter");
  }
  return path[1] == "method" ? checkLength(path, 2, text) : Status();
}

}  // namespace

Result<std::vector<TemplatePiece>> parseTemplate(std::string_view text) {
  std::vector<TemplatePiece> pieces;
  size_t templates = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t open = std::min(text.find("{{", at), text.size());
    if (open > at) {
      pieces.push_back({std::string(text.substr(at, open - at)), {}, false});
    }
    if (open == text.size()) {
      break;
    }
    if (++templates > kMaxTemplates) {
      return broken("has more than " + std::to_string(kMaxTemplates) + " templates");
    }
    auto piece = readTemplate(text, open + 2, at);
    if (!piece) {
      return piece.error();
    }
    pieces.push_back(std::move(*piece));
  }
  return pieces;
}

Status checkTemplatePath(const TemplatePiece& piece) {
  const auto& path = piece.path;
  if (path.empty()) {
    return {};
  }
  if (path.front() == "condition") {
    return checkCondition(path, piece.text);
  }
  if (path.front() == "webhook") {
    return checkWebhook(path, piece.text);
  }
  if (path.front() == "status") {
    return path.size() >= 3
               ? Status()
               : broken("has a template that is no status such as {{ status.Display_1.power }}");
  }
  for (const Root& root : roots()) {
    if (root.name == path.front()) {
      BUSBAR_TRY(checkMember(path, 1, std::string(root.name) + ".", root.members));
      return root.goesOn ? Status() : checkLength(path, 2, piece.text);
    }
  }
  return broken("has a template that begins with \"" + path.front() +
                "\"; there are trigger, instance, system, zone, firing, cause, condition, webhook "
                "and status");
}

}  // namespace busbar::triggers

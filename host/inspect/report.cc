// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/inspect/report.h"

#include <algorithm>
#include <optional>

#include "sdk/base/json.h"

namespace busbar::elf {
namespace {

constexpr std::string_view kEntry = "busbar_entry_1";
constexpr std::string_view kManifestSection = ".busbar.manifest";
constexpr uint32_t kAbiMajor = 1;
constexpr size_t kMaxManifestBytes = 1U << 20U;

// Search paths may name places within the driver's own folder only.
bool isWithinOrigin(std::string_view path) {
  constexpr std::string_view kOrigin = "$ORIGIN";
  if (path.substr(0, kOrigin.size()) != kOrigin) {
    return false;
  }
  path.remove_prefix(kOrigin.size());
  return (path.empty() || path.front() == '/') && path.find("..") == std::string_view::npos &&
         path.find('$') == std::string_view::npos;
}

std::optional<Problem> judgeManifest(const Image& image) {
  const auto text = image.section(kManifestSection);
  if (!text) {
    return Problem{"no_manifest", "it has no section .busbar.manifest"};
  }
  if (text->size() > kMaxManifestBytes) {
    return Problem{"bad_manifest", "its manifest is longer than 1 MiB"};
  }
  if (const Status status = json::check(*text, {kMaxManifestBytes, 32}); !status.ok()) {
    return Problem{"bad_manifest", "its manifest is not JSON: " + status.error().message};
  }
  return std::nullopt;
}

void judgeExports(const Facts& facts, std::vector<Problem>& problems) {
  if (std::find(facts.exports.begin(), facts.exports.end(), kEntry) == facts.exports.end()) {
    problems.push_back({"no_entry", "it does not export busbar_entry_1"});
  }
  if (facts.exportCount > 1) {
    std::string others;
    for (const std::string& name : facts.exports) {
      others += name == kEntry ? "" : " " + name;
    }
    problems.push_back({"more_exports", "it exports more than busbar_entry_1:" + others});
  }
}

json::Value strings(const std::vector<std::string>& list) {
  json::Array array;
  for (const std::string& s : list) {
    // Names come from the file as they are; JSON wants UTF-8.
    array.emplace_back(json::isUtf8(s) ? s : std::string("(not UTF-8)"));
  }
  return array;
}

json::Value problemList(const std::vector<Problem>& problems) {
  json::Array array;
  for (const Problem& problem : problems) {
    json::Object entry;
    entry.set("code", problem.code);
    entry.set("message", problem.message);
    array.emplace_back(std::move(entry));
  }
  return array;
}

json::Value abiOf(const Facts& facts) {
  if (!facts.abiNote) {
    return nullptr;
  }
  json::Object abi;
  abi.set("major", int64_t{facts.abiNote->major});
  abi.set("target_minor", int64_t{facts.abiNote->targetMinor});
  abi.set("sdk_build", int64_t{facts.abiNote->sdkBuild});
  return abi;
}

}  // namespace

std::vector<Problem> judgeDriver(const Image& image) {
  const Facts& facts = image.facts();
  std::vector<Problem> problems;
  judgeExports(facts, problems);
  if (auto problem = judgeManifest(image)) {
    problems.push_back(std::move(*problem));
  }
  if (!facts.abiNote) {
    problems.push_back({"no_abi_note", "it has no note .note.busbar; build it with the SDK"});
  } else if (facts.abiNote->major != kAbiMajor) {
    problems.push_back(
        {"wrong_abi", "it is for ABI major " + std::to_string(facts.abiNote->major)});
  }
  if (facts.execStack) {
    problems.push_back({"exec_stack", "it asks for an executable stack"});
  }
  if (facts.textRelocations) {
    problems.push_back({"text_relocations", "it has text relocations; build it with -fPIC"});
  }
  if (facts.writableCode) {
    problems.push_back({"writable_code", "it has a segment that is writable and executable"});
  }
  for (const std::string& path : facts.searchPaths) {
    if (!isWithinOrigin(path)) {
      problems.push_back({"search_path", "it looks for libraries outside of its folder: " + path});
    }
  }
  return problems;
}

std::string writeReport(const Result<Image>& image) {
  json::Object report;
  report.set("format", 1);
  if (!image.ok()) {
    report.set("ok", false);
    report.set("problems", problemList({{"not_a_library", image.error().message}}));
    return json::write(std::move(report)) + "\n";
  }
  const Facts& facts = image->facts();
  const std::vector<Problem> problems = judgeDriver(*image);
  report.set("ok", problems.empty());
  report.set("problems", problemList(problems));
  report.set("machine", toString(facts.machine));
  report.set("soname", json::isUtf8(facts.soname) ? facts.soname : std::string());
  report.set("needed", strings(facts.needed));
  report.set("search_paths", strings(facts.searchPaths));
  report.set("exports", strings(facts.exports));
  report.set("export_count", static_cast<int64_t>(facts.exportCount));
  report.set("exec_stack", facts.execStack);
  report.set("text_relocations", facts.textRelocations);
  report.set("writable_code", facts.writableCode);
  report.set("glibc_floor", facts.glibcFloor);
  report.set("build_id", facts.buildId);
  report.set("abi", abiOf(facts));
  const std::string_view manifest =
      judgeManifest(*image) ? std::string_view() : image->section(kManifestSection).value_or("");
  report.set("manifest_bytes", static_cast<int64_t>(manifest.size()));
  if (!manifest.empty()) {
    report.set("manifest", manifest);
  }
  return json::write(std::move(report)) + "\n";
}

}  // namespace busbar::elf

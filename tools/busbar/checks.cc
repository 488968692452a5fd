// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/checks.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>

#include <sqlite3.h>

#include "sdk/base/version.h"
#include "tools/busbar/output.h"

namespace busbar::cli {
namespace {

using Outcome = Check::Outcome;

constexpr rlim_t kEnoughFiles = 4096;

std::string octal(mode_t mode) {
  char text[8];
  const int count = std::snprintf(text, sizeof(text), "%04o", mode & 07777);
  return std::string(text, static_cast<size_t>(count));
}

Check checkMode(const std::string& name, const std::string& path, bool isFolder) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) {
    return {name, Outcome::Bad, Error::fromErrno(errno, path).message,
            "run this as the user of busbard, or give the right --data"};
  }
  if ((info.st_mode & 077) != 0) {
    return {name, Outcome::Bad, path + " has mode " + octal(info.st_mode) + ": others may read it",
            std::string("chmod ") + (isFolder ? "700 " : "600 ") + path};
  }
  if (info.st_uid != geteuid() && geteuid() != 0) {
    return {name, Outcome::Bad, path + " belongs to user " + std::to_string(info.st_uid),
            "run this as that user"};
  }
  return {name, Outcome::Good, path + ", mode " + octal(info.st_mode), {}};
}

int collectRow(void* out, int columns, char** values, char**) {
  if (columns > 0 && values[0] != nullptr) {
    auto& text = *static_cast<std::string*>(out);
    text += (text.empty() ? "" : "; ") + std::string(values[0]);
  }
  return 0;
}

}  // namespace

std::string_view toString(Check::Outcome outcome) {
  switch (outcome) {
    case Outcome::Good:
      return "ok";
    case Outcome::Weak:
      return "weak";
    case Outcome::Bad:
      break;
  }
  return "bad";
}

json::Value toJson(const Check& check) {
  json::Object object;
  object.set("id", check.name);
  object.set("outcome", toString(check.outcome));
  object.set("detail", check.detail);
  object.set("remedy", check.remedy);
  return object;
}

std::vector<Check> checkDataFolder(const std::string& dataDir) {
  std::vector<Check> checks{checkMode("data folder", dataDir, true)};
  if (checks.front().outcome != Outcome::Good) {
    return checks;
  }
  checks.push_back(checkMode("secret key", dataDir + "/secret.key", false));
  checks.push_back(checkDatabase(dataDir + "/config.db"));
  return checks;
}

Check checkDatabase(const std::string& path) {
  struct Closer {
    void operator()(sqlite3* db) const { sqlite3_close(db); }
  };
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READONLY, nullptr);
  const std::unique_ptr<sqlite3, Closer> db(raw);
  const std::string remedy = "stop busbard, keep a copy of the folder, and restore a backup";
  if (opened != SQLITE_OK) {
    return {"database", Outcome::Bad, path + ": " + sqlite3_errstr(opened),
            "start busbard once on this folder; it makes the file"};
  }
  sqlite3_busy_timeout(db.get(), 5000);
  std::string answer;
  const int done =
      sqlite3_exec(db.get(), "PRAGMA integrity_check(10)", collectRow, &answer, nullptr);
  if (done != SQLITE_OK) {
    return {"database", Outcome::Bad, path + ": " + sqlite3_errmsg(db.get()), remedy};
  }
  if (answer != "ok") {
    return {"database", Outcome::Bad, path + ": " + answer, remedy};
  }
  return {"database", Outcome::Good, path + ", integrity_check ok", {}};
}

Check checkClock() {
  timex state{};
  const int outcome = adjtimex(&state);
  if (outcome < 0 || (state.status & STA_UNSYNC) != 0) {
    return {"clock", Outcome::Weak, "not synchronised with a time server",
            "install chrony or systemd-timesyncd; certificates and logs depend on the time"};
  }
  return {"clock", Outcome::Good, "synchronised", {}};
}

Check checkLimits() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  const std::string detail = "open files: " + std::to_string(files.rlim_max);
  if (files.rlim_max < kEnoughFiles) {
    return {"limits", Outcome::Weak, detail,
            "raise it for many modules and clients: LimitNOFILE= in the service, or ulimit -n"};
  }
  return {"limits", Outcome::Good, detail, {}};
}

std::vector<Check> checkStatus(const json::Value& status) {
  std::vector<Check> checks;
  const std::string version = cellText(status, "version");
  if (version == versionText()) {
    checks.push_back({"version", Outcome::Good, "busbar and busbard " + version, {}});
  } else {
    checks.push_back({"version", Outcome::Weak,
                      "busbar " + std::string(versionText()) + ", busbard " + version,
                      "install both from one release"});
  }
  if (const json::Value* setUp = status.find("set_up");
      setUp != nullptr && setUp->asBool() != nullptr && !*setUp->asBool()) {
    checks.push_back({"first start", Check::Outcome::Weak,
                      "there is no admin yet: only this machine reaches busbard",
                      "make one: busbar keys create NAME --role admin, or with the setup-token of "
                      "the data folder; then the configured addresses are opened"});
  }
  const bool isUnsigned = cellText(status, "allow_unsigned") == "yes";
  checks.push_back({"drivers", isUnsigned ? Outcome::Weak : Outcome::Good,
                    isUnsigned ? "any driver is loaded (--allow-unsigned)"
                               : "only drivers that were built with this Busbar are loaded",
                    isUnsigned ? "start busbard without it once your drivers are signed" : ""});
  if (const json::Value* count = status.find("modules_tls_verify_none");
      count != nullptr && count->asInt() != nullptr && *count->asInt() > 0) {
    checks.push_back(
        {"tls", Outcome::Weak,
         std::to_string(*count->asInt()) + " modules trust any certificate (tls_verify_none)",
         "set busbar.tls.verify of each to full or pin"});
  }
  return checks;
}

}  // namespace busbar::cli

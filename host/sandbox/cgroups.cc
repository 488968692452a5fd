// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/sandbox/cgroups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <map>
#include <sstream>
#include <utility>

#include "host/sandbox/small_file.h"

namespace busbar::sandbox {
namespace {

constexpr const char* kPrefix = "busbar-";

// One line of /proc/self/mountinfo that is a cgroup file system (man 5 proc).
struct CgroupMount {
  std::string root;  // which part of the hierarchy is mounted
  std::string at;
  std::string options;  // controllers, for version 1
  bool isV2 = false;
};

std::vector<CgroupMount> cgroupMounts() {
  std::vector<CgroupMount> mounts;
  std::istringstream lines(readSmallFile("/proc/self/mountinfo").value_or(std::string()));
  for (std::string line; std::getline(lines, line);) {
    const size_t dash = line.find(" - cgroup");
    if (dash == std::string::npos) {
      continue;
    }
    CgroupMount mount;
    std::string skip;
    std::istringstream words(line);
    words >> skip >> skip >> skip >> mount.root >> mount.at;
    std::string type;
    std::istringstream tail(line.substr(dash + 3));
    tail >> type >> skip >> mount.options;
    mount.isV2 = type == "cgroup2";
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

// Controller list ("" for version 2) to this process's path in that hierarchy.
std::map<std::string, std::string> ownPaths() {
  std::map<std::string, std::string> paths;
  std::istringstream lines(readSmallFile("/proc/self/cgroup").value_or(std::string()));
  for (std::string line; std::getline(lines, line);) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first != std::string::npos && second != std::string::npos) {
      paths[line.substr(first + 1, second - first - 1)] = line.substr(second + 1);
    }
  }
  return paths;
}

// Where this process's own group is visible: the mount may show only a part of the hierarchy.
std::string visiblePath(const CgroupMount& mount, const std::string& own) {
  std::string below = own;
  if (mount.root != "/" && own.compare(0, mount.root.size(), mount.root) == 0) {
    below = own.substr(mount.root.size());
  }
  const std::string path = mount.at + (below == "/" ? std::string() : below);
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 ? path : mount.at;
}

bool listHas(const std::string& list, const std::string& word) {
  for (size_t at = list.find(word); at != std::string::npos; at = list.find(word, at + 1)) {
    const auto isEdge = [&list](size_t i) {
      return i >= list.size() || list[i] == ',' || list[i] == ' ' || list[i] == '\n';
    };
    if ((at == 0 || isEdge(at - 1)) && isEdge(at + word.size())) {
      return true;
    }
  }
  return false;
}

std::vector<std::string> subfolders(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(path.c_str()), &::closedir);
  while (dir != nullptr) {
    const dirent* entry = ::readdir(dir.get());
    if (entry == nullptr) {
      break;
    }
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.') {
      names.emplace_back(entry->d_name);
    }
  }
  return names;
}

UniqueFd lockFolder(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    fd.reset();
  }
  return fd;
}

// A folder whose lock is free belongs to a busbard that was killed. Its runners died with it.
void removeAbandoned(const std::string& group) {
  for (const std::string& name : subfolders(group)) {
    if (name.rfind(kPrefix, 0) != 0) {
      continue;
    }
    const std::string path = group + "/" + name;
    if (const UniqueFd lock = lockFolder(path)) {
      for (const std::string& runner : subfolders(path)) {
        ::rmdir((path + "/" + runner).c_str());
      }
      ::rmdir(path.c_str());
    }
  }
}

// Makes and locks busbard's own folder under a name that no other process has.
bool makeOwnFolder(const std::string& group, std::string& path, UniqueFd& lock) {
  for (int attempt = 0; attempt < 3; ++attempt) {
    uint32_t random = 0;
    if (::getrandom(&random, sizeof(random), 0) != ssize_t{sizeof(random)}) {
      return false;
    }
    path = group + "/" + kPrefix + std::to_string(::getpid()) + "-" + std::to_string(random);
    if (::mkdir(path.c_str(), 0755) != 0) {
      return false;
    }
    lock = lockFolder(path);
    if (lock) {
      return true;  // else another busbard took it for abandoned
    }
  }
  return false;
}

std::optional<uint64_t> wordAfter(const std::string& text, const std::string& key) {
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (word == key) {
      uint64_t value = 0;
      if (words >> value) {
        return value;
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::unique_ptr<Cgroups> Cgroups::find(std::string& whyNone) {
  std::unique_ptr<Cgroups> groups(new Cgroups);
  const std::vector<CgroupMount> mounts = cgroupMounts();
  const std::map<std::string, std::string> own = ownPaths();
  for (const CgroupMount& mount : mounts) {
    if (mount.isV2 && own.count("") == 1 &&
        groups->useV2(mount.at, visiblePath(mount, own.at("")), whyNone)) {
      return groups;
    }
  }
  for (const CgroupMount& mount : mounts) {
    for (const auto& [controllers, path] : own) {
      const std::string first = controllers.substr(0, controllers.find(','));
      if (!mount.isV2 && !first.empty() && listHas(mount.options, first)) {
        groups->addV1(visiblePath(mount, path), controllers);
      }
    }
  }
  if (groups->folderWith(&Folder::memory) != nullptr &&
      groups->folderWith(&Folder::pids) != nullptr) {
    groups->mode_ = CgroupMode::V1;
  } else if (whyNone.empty()) {
    whyNone = "no cgroup with memory and pids is writable for busbard";
  }
  return groups;
}

bool Cgroups::useV2(const std::string& mount, const std::string& own, std::string& why) {
  const std::string available = readSmallFile(own + "/cgroup.controllers").value_or(std::string());
  if (!listHas(available, "memory") || !listHas(available, "pids")) {
    why = "cgroup v2 at " + own + " has no memory and pids controllers";
    return false;
  }
  const bool cpu = listHas(available, "cpu");
  const std::string wanted = cpu ? "+memory +pids +cpu" : "+memory +pids";
  const std::string control = own + "/cgroup.subtree_control";
  removeAbandoned(own);
  if (!writeSmallFile(control, wanted)) {
    // A group with processes cannot hand controllers down; busbard moves into a leaf of its own.
    const std::string leaf = own + "/busbard";
    if (own == mount || (::mkdir(leaf.c_str(), 0755) != 0 && errno != EEXIST) ||
        !writeSmallFile(leaf + "/cgroup.procs", "0") || !writeSmallFile(control, wanted)) {
      why = "cgroup v2 at " + own + " is not delegated to busbard (Delegate=yes in its unit)";
      return false;
    }
  }
  Folder folder;
  if (!makeOwnFolder(own, folder.path, folder.lock) ||
      !writeSmallFile(folder.path + "/cgroup.subtree_control", wanted)) {
    why = "cgroup v2 at " + own + ": no folder can be made in it";
    return false;
  }
  folder.memory = folder.pids = folder.cpuAccounting = true;
  folder.cpu = cpu;
  folders_.push_back(std::move(folder));
  mode_ = CgroupMode::V2;
  return true;
}

bool Cgroups::addV1(const std::string& group, const std::string& controllers) {
  Folder folder;
  folder.memory = listHas(controllers, "memory");
  folder.pids = listHas(controllers, "pids");
  folder.cpu = listHas(controllers, "cpu");
  folder.cpuAccounting = listHas(controllers, "cpuacct");
  if (!folder.memory && !folder.pids && !folder.cpu && !folder.cpuAccounting) {
    return false;
  }
  removeAbandoned(group);
  if (!makeOwnFolder(group, folder.path, folder.lock)) {
    return false;
  }
  folders_.push_back(std::move(folder));
  return true;
}

Cgroups::~Cgroups() {
  for (const Folder& folder : folders_) {
    for (const std::string& name : subfolders(folder.path)) {
      ::rmdir((folder.path + "/" + name).c_str());
    }
    ::rmdir(folder.path.c_str());
  }
}

const Cgroups::Folder* Cgroups::folderWith(bool Folder::* controller) const {
  for (const Folder& folder : folders_) {
    if (folder.*controller) {
      return &folder;
    }
  }
  return nullptr;
}

Status Cgroups::create(const std::string& name, const RunnerPolicy& policy) const {
  constexpr uint64_t kPeriodUs = 100'000;
  const std::string memory = std::to_string(policy.memoryBytes);
  const uint64_t quotaUs = policy.cpuPercent * kPeriodUs / 100;
  for (const Folder& folder : folders_) {
    const std::string path = folder.path + "/" + name;
    if (::mkdir(path.c_str(), 0755) != 0) {
      return Error::fromErrno(errno, "make cgroup " + path);
    }
    if (folder.memory && mode_ == CgroupMode::V1) {
      BUSBAR_TRY(writeSmallFile(path + "/memory.limit_in_bytes", memory));
      // Absent where swap is not counted.
      (void)writeSmallFile(path + "/memory.memsw.limit_in_bytes", memory);
    } else if (folder.memory) {
      BUSBAR_TRY(writeSmallFile(path + "/memory.max", memory));
      (void)writeSmallFile(path + "/memory.swap.max", "0");
    }
    if (folder.pids) {
      BUSBAR_TRY(writeSmallFile(path + "/pids.max", std::to_string(policy.tasks)));
    }
    if (folder.cpu && policy.cpuPercent != 0) {
      BUSBAR_TRY(mode_ == CgroupMode::V1
                     ? writeSmallFile(path + "/cpu.cfs_quota_us", std::to_string(quotaUs))
                     : writeSmallFile(path + "/cpu.max",
                                      std::to_string(quotaUs) + " " + std::to_string(kPeriodUs)));
    }
  }
  return {};
}

Status Cgroups::attach(const std::string& name, pid_t pid) const {
  for (const Folder& folder : folders_) {
    BUSBAR_TRY(writeSmallFile(folder.path + "/" + name + "/cgroup.procs", std::to_string(pid)));
  }
  return {};
}

bool Cgroups::remove(const std::string& name) const {
  bool done = true;
  for (const Folder& folder : folders_) {
    done &= ::rmdir((folder.path + "/" + name).c_str()) == 0 || errno == ENOENT;
  }
  return done;
}

std::optional<double> Cgroups::cpuSeconds(const std::string& name) const {
  const Folder* folder = folderWith(&Folder::cpuAccounting);
  if (folder == nullptr) {
    return std::nullopt;
  }
  const std::string path = folder->path + "/" + name;
  if (mode_ == CgroupMode::V2) {
    const auto text = readSmallFile(path + "/cpu.stat");
    const auto us = text ? wordAfter(*text, "usage_usec") : std::nullopt;
    return us ? std::optional<double>(static_cast<double>(*us) / 1e6) : std::nullopt;
  }
  const auto text = readSmallFile(path + "/cpuacct.usage");
  uint64_t ns = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), ns).ec != std::errc()) {
    return std::nullopt;
  }
  return static_cast<double>(ns) / 1e9;
}

std::optional<uint64_t> Cgroups::oomKills(const std::string& name) const {
  const Folder* folder = folderWith(&Folder::memory);
  if (folder == nullptr) {
    return std::nullopt;
  }
  const auto text =
      readSmallFile(folder->path + "/" + name +
                    (mode_ == CgroupMode::V2 ? "/memory.events" : "/memory.oom_control"));
  return text ? wordAfter(*text, "oom_kill") : std::nullopt;
}

}  // namespace busbar::sandbox

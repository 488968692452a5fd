// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/faulty_vfs.h"

#include <atomic>
#include <cstring>

#include <sqlite3.h>

namespace busbar::test {

struct FaultyVfs::Shim {
  sqlite3_vfs vfs{};
  sqlite3_vfs* real = nullptr;
  std::string name;
  std::atomic<long> countdown{0};  // 0: not armed
  std::atomic<Fault> fault{Fault::IoError};
  std::atomic<bool> hit{false};
  std::atomic<bool> full{false};

  // SQLITE_OK, or what this operation answers.
  int next(int ioError, bool isWrite) {
    if (isWrite && full) {
      return SQLITE_FULL;
    }
    if (countdown.load() == 0 || countdown.fetch_sub(1) != 1) {
      return SQLITE_OK;
    }
    hit = true;
    return isWrite && fault.load() == Fault::DiskFull ? SQLITE_FULL : ioError;
  }
};

namespace {

using Shim = FaultyVfs::Shim;

// What SQLite allocates for each open file: ours, then the real one.
struct File {
  sqlite3_file base;
  Shim* shim;
};

sqlite3_file* realOf(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + sizeof(File));
}
Shim& shimOf(sqlite3_file* file) {
  return *reinterpret_cast<File*>(file)->shim;
}
Shim& shimOf(sqlite3_vfs* vfs) {
  return *static_cast<Shim*>(vfs->pAppData);
}

int fileClose(sqlite3_file* f) {
  return realOf(f)->pMethods->xClose(realOf(f));
}
int fileRead(sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
  return realOf(f)->pMethods->xRead(realOf(f), to, n, at);
}
int fileWrite(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
  const int rc = shimOf(f).next(SQLITE_IOERR_WRITE, true);
  if (rc != SQLITE_OK && n > 1) {
    // Half of it reaches the disk, as it does when a disk fills up or breaks.
    realOf(f)->pMethods->xWrite(realOf(f), from, n / 2, at);
  }
  return rc != SQLITE_OK ? rc : realOf(f)->pMethods->xWrite(realOf(f), from, n, at);
}
int fileTruncate(sqlite3_file* f, sqlite3_int64 size) {
  const int rc = shimOf(f).next(SQLITE_IOERR_TRUNCATE, false);
  return rc != SQLITE_OK ? rc : realOf(f)->pMethods->xTruncate(realOf(f), size);
}
int fileSync(sqlite3_file* f, int flags) {
  const int rc = shimOf(f).next(SQLITE_IOERR_FSYNC, false);
  return rc != SQLITE_OK ? rc : realOf(f)->pMethods->xSync(realOf(f), flags);
}
int fileSize(sqlite3_file* f, sqlite3_int64* size) {
  return realOf(f)->pMethods->xFileSize(realOf(f), size);
}
int fileLock(sqlite3_file* f, int level) {
  return realOf(f)->pMethods->xLock(realOf(f), level);
}
int fileUnlock(sqlite3_file* f, int level) {
  return realOf(f)->pMethods->xUnlock(realOf(f), level);
}
int fileCheckLock(sqlite3_file* f, int* out) {
  return realOf(f)->pMethods->xCheckReservedLock(realOf(f), out);
}
int fileControl(sqlite3_file* f, int op, void* arg) {
  return realOf(f)->pMethods->xFileControl(realOf(f), op, arg);
}
int fileSector(sqlite3_file* f) {
  return realOf(f)->pMethods->xSectorSize(realOf(f));
}
int fileTraits(sqlite3_file* f) {
  return realOf(f)->pMethods->xDeviceCharacteristics(realOf(f));
}
int fileShmMap(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
  return realOf(f)->pMethods->xShmMap(realOf(f), page, size, extend, out);
}
int fileShmLock(sqlite3_file* f, int offset, int n, int flags) {
  return realOf(f)->pMethods->xShmLock(realOf(f), offset, n, flags);
}
void fileShmBarrier(sqlite3_file* f) {
  realOf(f)->pMethods->xShmBarrier(realOf(f));
}
int fileShmUnmap(sqlite3_file* f, int remove) {
  return realOf(f)->pMethods->xShmUnmap(realOf(f), remove);
}

const sqlite3_io_methods kMethods = {
    2,           fileClose,      fileRead,      fileWrite,   fileTruncate, fileSync,   fileSize,
    fileLock,    fileUnlock,     fileCheckLock, fileControl, fileSector,   fileTraits, fileShmMap,
    fileShmLock, fileShmBarrier, fileShmUnmap,  nullptr,     nullptr};

int vfsOpen(sqlite3_vfs* vfs, sqlite3_filename path, sqlite3_file* f, int flags, int* outFlags) {
  Shim& shim = shimOf(vfs);
  reinterpret_cast<File*>(f)->shim = &shim;
  f->pMethods = nullptr;
  if (const int rc = shim.next(SQLITE_CANTOPEN, false); rc != SQLITE_OK) {
    return rc;
  }
  std::memset(realOf(f), 0, static_cast<size_t>(shim.real->szOsFile));
  const int rc = shim.real->xOpen(shim.real, path, realOf(f), flags, outFlags);
  if (realOf(f)->pMethods != nullptr) {
    f->pMethods = &kMethods;
  }
  return rc;
}
int vfsDelete(sqlite3_vfs* vfs, const char* path, int syncDir) {
  return shimOf(vfs).real->xDelete(shimOf(vfs).real, path, syncDir);
}
int vfsAccess(sqlite3_vfs* vfs, const char* path, int flags, int* out) {
  return shimOf(vfs).real->xAccess(shimOf(vfs).real, path, flags, out);
}
int vfsFullPath(sqlite3_vfs* vfs, const char* path, int n, char* out) {
  return shimOf(vfs).real->xFullPathname(shimOf(vfs).real, path, n, out);
}
int vfsRandom(sqlite3_vfs* vfs, int n, char* out) {
  return shimOf(vfs).real->xRandomness(shimOf(vfs).real, n, out);
}
int vfsSleep(sqlite3_vfs* vfs, int us) {
  return shimOf(vfs).real->xSleep(shimOf(vfs).real, us);
}
int vfsTime(sqlite3_vfs* vfs, double* out) {
  return shimOf(vfs).real->xCurrentTime(shimOf(vfs).real, out);
}
// The shim's own failures leave no errno; a stale one of the real file system must not be read
// instead.
int vfsLastError(sqlite3_vfs*, int, char*) {
  return 0;
}

}  // namespace

FaultyVfs::FaultyVfs() : shim_(std::make_unique<Shim>()) {
  static std::atomic<int> number{0};
  Shim& shim = *shim_;
  shim.name = "faulty-" + std::to_string(++number);
  shim.real = sqlite3_vfs_find(nullptr);
  shim.vfs.iVersion = 1;
  shim.vfs.szOsFile = static_cast<int>(sizeof(File)) + shim.real->szOsFile;
  shim.vfs.mxPathname = shim.real->mxPathname;
  shim.vfs.zName = shim.name.c_str();
  shim.vfs.pAppData = &shim;
  shim.vfs.xOpen = vfsOpen;
  shim.vfs.xDelete = vfsDelete;
  shim.vfs.xAccess = vfsAccess;
  shim.vfs.xFullPathname = vfsFullPath;
  shim.vfs.xRandomness = vfsRandom;
  shim.vfs.xSleep = vfsSleep;
  shim.vfs.xCurrentTime = vfsTime;
  shim.vfs.xGetLastError = vfsLastError;
  sqlite3_vfs_register(&shim.vfs, 0);
}

FaultyVfs::~FaultyVfs() {
  sqlite3_vfs_unregister(&shim_->vfs);
}

const std::string& FaultyVfs::name() const {
  return shim_->name;
}

void FaultyVfs::failNth(long n, Fault fault) {
  shim_->hit = false;
  shim_->fault = fault;
  shim_->countdown = n;
}

bool FaultyVfs::hit() const {
  return shim_->hit;
}

void FaultyVfs::setFull(bool full) {
  shim_->full = full;
}

}  // namespace busbar::test

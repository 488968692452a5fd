// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

namespace busbar::test {

// An SQLite VFS over the default one that fails on demand, as disks do: the N-th operation that
// changes the disk (write, sync, truncate, opening a file), or every write as on a full disk.
// Registered while it lives; open databases by name(). Thread-safe.
class FaultyVfs {
 public:
  enum class Fault {
    IoError,   // EIO
    DiskFull,  // ENOSPC, for writes; syncs and opens then give an I/O error
  };

  FaultyVfs();
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;
  ~FaultyVfs();

  const std::string& name() const;
  // Fails the n-th operation from now on, counted from 1; once.
  void failNth(long n, Fault fault = Fault::IoError);
  // True when the armed fault was met.
  bool hit() const;
  // Every write fails until it is cleared; what is there stays readable.
  void setFull(bool full);

  struct Shim;

 private:
  std::unique_ptr<Shim> shim_;
};

}  // namespace busbar::test

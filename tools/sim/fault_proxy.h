// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <unordered_map>

#include "tools/sim/net.h"

namespace sim {

// What happens to bytes on their way. Set while it runs; flows that are open follow at once.
struct Fault {
  enum class Kind : uint8_t {
    None,
    Delay,    // `value` ms later
    Drop,     // a TCP connection is reset at its next bytes; a datagram is lost
    Stall,    // nothing passes; connections stay open
    Corrupt,  // one byte in `value` has a bit turned over
    Refuse,   // TCP: nothing listens and all connections are reset; UDP: as Drop
    Cut,      // TCP: reset after `value` further bytes; UDP: datagrams are cut to `value` bytes
  };
  Kind kind = Kind::None;
  int64_t value = 0;

  // "none", "drop", "stall", "refuse", "delay=MS", "corrupt=N", "cut=BYTES"; false when it is none
  // of them.
  static bool fromText(const std::string& text, Fault& out);
};

// Forwards TCP connections or UDP datagrams from one address to another, and spoils them on demand.
// One thread.
class FaultProxy {
 public:
  static constexpr size_t kMaxFlows = 4096;
  static constexpr size_t kMaxPendingBytes = 4 << 20;

  // Exits with code 2 and a sentence when `listen` cannot be had.
  FaultProxy(const std::string& listen, const std::string& to, bool isUdp);

  // Prints "ready PORT", then serves and obeys lines of stdin until "quit".
  int run();

 private:
  // One TCP connection, or one peer of the UDP port. Side 0 is the client's, 1 the server's.
  struct Flow {
    Socket sockets[2];   // UDP: only 1
    std::string out[2];  // what waits to be written to the side
    Address peer;        // UDP
    int64_t passedBytes = 0;
  };
  struct Chunk {
    int64_t dueMs = 0;
    uint64_t flow = 0;
    int side = 0;  // where it goes
    std::string bytes;
  };

  void watch(int fd, uint32_t events, int operation);
  void listenOn();
  void accept();
  void takeDatagram();
  void open(Flow flow);
  void readFrom(int fd);
  void pass(uint64_t id, int side, std::string bytes);
  void deliver(Chunk chunk);
  void flush(uint64_t id, int side);
  void close(uint64_t id);
  void closeAll();
  bool spoil(Flow& flow, std::string& bytes);
  std::string obey(const std::string& line);
  void readCommands();
  int waitMs() const;

  Address listenAddress_;
  Address serverAddress_;
  bool isUdp_;
  Socket epoll_;
  Socket listener_;
  Fault fault_;
  std::map<uint64_t, Flow> flows_;
  std::unordered_map<int, uint64_t> flowOf_;  // by fd
  std::map<std::string, uint64_t> peers_;     // UDP: by the bytes of the peer's address
  std::deque<Chunk> delayed_;
  std::minstd_rand random_{11};  // the same bytes are spoilt in every run
  uint64_t nextFlow_ = 1;
  uint64_t total_ = 0;
  bool isRunning_ = true;
};

}  // namespace sim

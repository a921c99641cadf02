// A Server on a thread of its own, stopped by an eventfd, with a log that a test can wait for.
// Not for: GoogleTest; failures are values here.
#pragma once

#include <sys/eventfd.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "echo/peer_test.h"
#include "echo/server.h"

namespace verbatim {

struct LogEntry {
  enum Kind { kConnected, kEnded, kFull } kind;
  SocketAddress peer;
  uint64_t received_bytes = 0;
  uint64_t sent_bytes = 0;
  int error = 0;
};

// Keeps what a server tells. For any thread.
class TestLog : public ServerLog {
 public:
  using Entries = std::vector<LogEntry>;

  void Connected(const SocketAddress& peer) override { Add({LogEntry::kConnected, peer}); }
  void Ended(const SocketAddress& peer, uint64_t received_bytes, uint64_t sent_bytes,
             int error) override {
    Add({LogEntry::kEnded, peer, received_bytes, sent_bytes, error});
  }
  void Full(int error) override { Add({LogEntry::kFull, {}, 0, 0, error}); }

  // The entries of that kind, once there are `count`; fewer if that takes kGiveUpMs.
  Entries WaitForKind(LogEntry::Kind kind, size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(kGiveUpMs),
                      [&] { return OfKind(kind).size() >= count; });
    return OfKind(kind);
  }

 private:
  void Add(const LogEntry& entry) {
    const std::lock_guard<std::mutex> lock(mutex_);
    entries_.push_back(entry);
    changed_.notify_all();
  }
  Entries OfKind(LogEntry::Kind kind) const {
    Entries found;
    for (const LogEntry& entry : entries_) {
      if (entry.kind == kind) found.push_back(entry);
    }
    return found;
  }

  std::mutex mutex_;  // guards entries_
  std::condition_variable changed_;
  Entries entries_;
};

// Where a test's server listens, or receives.
struct Place {
  Place(const SocketAddress& at, Transport by = Transport::kTcp)  // NOLINT: plain addresses are TCP
      : address(at), transport(by) {}
  SocketAddress address;
  Transport transport;
};

template <Kernel K>
class ServerThread {
 public:
  // Serves at each of `places` until Stop() or Drain(). `kernel` must outlive it.
  ServerThread(K* kernel, const std::vector<Place>& places, ServerOptions options = {})
      : server_(kernel, &log_, options) {
    for (const Place& place : places) Add(Listen(*kernel, place.transport, place.address, 1024));
    Start();
  }
  // Serves a socket that is there.
  ServerThread(K* kernel, Listening<K> socket, ServerOptions options = {})
      : server_(kernel, &log_, options) {
    Add(std::move(socket));
    Start();
  }
  ~ServerThread() { Stop().IgnoreError(); }

  // What Listen said, or Run.
  absl::Status Stop() {
    ::eventfd_write(stop_.get(), 1);
    return Wait();
  }
  void Drain() { ::eventfd_write(drain_.get(), 1); }
  // Until it has ended by itself, or drained.
  absl::Status Wait() {
    if (thread_.joinable()) thread_.join();
    return status_;
  }

  const std::vector<SocketAddress>& addresses() const { return addresses_; }
  UniqueFd Connect(size_t listener = 0) const {
    return listener < addresses_.size() ? ConnectTo(addresses_[listener], types_[listener])
                                        : UniqueFd();
  }
  TestLog& log() { return log_; }

 private:
  void Add(absl::StatusOr<Listening<K>> listening) {
    status_.Update(listening.status());
    if (!status_.ok()) return;
    addresses_.push_back(listening->address);
    types_.push_back(SocketType(listening->transport));
    status_ = server_.Add(*std::move(listening));
  }
  void Start() {
    if (!status_.ok()) return;
    thread_ = std::thread([this] { status_ = server_.Run(drain_.get(), stop_.get()); });
  }

  const UniqueFd stop_ = UniqueFd(::eventfd(0, EFD_CLOEXEC));
  const UniqueFd drain_ = UniqueFd(::eventfd(0, EFD_CLOEXEC));
  TestLog log_;
  Server<K> server_;
  std::vector<SocketAddress> addresses_;
  std::vector<int> types_;
  absl::Status status_;
  std::thread thread_;
};

}  // namespace verbatim

// What the defects of content make of the bytes of one connection.
// Not for: sockets (plain_server.h).
#pragma once

#include <cstdint>
#include <string>

#include "properties/mutants/mutants.h"

namespace verbatim {

class Mangler {
 public:
  explicit Mangler(Defect defect) : defect_(defect) {}

  // What a server with this defect sends back for what one read returned. Nothing is changed by a
  // defect that is not about content.
  std::string Read(std::string data);
  // What it adds at end-of-file.
  std::string End();
  // It has taken a byte for the end of the connection.
  bool ended() const { return ended_; }
  // In all, counting what the last Read was given.
  uint64_t received_bytes() const { return received_bytes_; }

  static constexpr char kMagic = 0x1D;
  static constexpr uint64_t kFlipEvery = 1 << 20;

 private:
  std::string UpTo(std::string data, char end);

  const Defect defect_;
  uint64_t received_bytes_ = 0;
  std::string withheld_;
  bool ended_ = false;
};

// The size of a server's buffer. Small where the defect is about a full one.
size_t BufferBytes(Defect defect);

}  // namespace verbatim

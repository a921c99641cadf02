// Mutants: echo servers and clients with one real-world defect each, by which the checker is
// graded. Not for: serving anybody. The sound ones are in echo/.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/endpoint.h"
#include "core/posix_kernel.h"
#include "echo/sockets.h"
#include "properties/scenario/family.h"

namespace verbatim {

class ClientHooks;
class DatagramClientHooks;
class DatagramHooks;
class StreamHooks;

enum class Defect {
  kNone,
  kNoneForking,  // none, with a process for each connection
  kShortWriteIgnored,
  kPrefixSentTwice,
  kEagainFatal,
  kEagainBusyLoop,
  kWriteInterestDropped,
  kLostWakeUp,
  kHangUpFirst,
  kEmfileSpin,
  kAcceptLoopEnds,
  kSigpipeDeath,
  kEintrFatal,
  kErrnoClobbered,
  kResetEndsServer,
  kBothClosedOnEof,
  kQueueDiscardedOnEof,
  kResetOnClose,
  kBufferReused,
  kInterleavedWriters,
  kNoBackPressure,
  kNulTruncation,
  kByte255IsEof,
  kStdioBuffering,
  kMagicByte,
  kForkLeaksDescriptor,
  kFdSetOverflow,
  kDelayedAckStall,
  kSlowClientBlocksAll,
  kOffByOneWhenFull,
  kNewlineTranslation,
  kBanner,
  kLeakToOther,
  kIdleTimeOut,
  kBitFlip,
  kLastByteWithheld,
  kResetLeaksDescriptor,
  kZombies,
  kOneWaitForEach,
  kHooked,  // in the functions of a class of its own: one of the four hooks of Mutant
};

struct Mutant {
  Defect defect;
  int number;                                // in the list of defects
  absl::string_view name;                    // of --mutant
  absl::string_view what;                    // the defect
  absl::string_view seen_in;                 // where it was met
  std::vector<absl::string_view> caught_by;  // ids of the requirements that are about it: one at
                                             // least must catch it, with every seed
  // It shows only where system calls are made to fail: it can't be served yet.
  bool waits_for_faults = false;
  Family family = Family::kStream;
  std::unique_ptr<StreamHooks> (*stream_hooks)() = nullptr;      // hooked_server.h
  std::unique_ptr<DatagramHooks> (*datagram_hooks)() = nullptr;  // plain_datagram.h
  std::unique_ptr<ClientHooks> (*client_hooks)() = nullptr;      // plain_client.h
  std::unique_ptr<DatagramClientHooks> (*datagram_client_hooks)() =
      nullptr;  // plain_datagram_client.h
};

// In the order of their numbers. From 101 on they were written from the requirements' sentences
// alone, without a look at how those are checked.
const std::vector<Mutant>& StreamMutants();

// Likewise, from 37 to 44 and from 201 on. Three of them share the number 37.
const std::vector<Mutant>& DatagramMutants();

// Clients, from 45 to 50 and from 301 on; those of datagrams, from 401 on.
const std::vector<Mutant>& ClientMutants();
const std::vector<Mutant>& DatagramClientMutants();

// The servers and clients that the mutants are made from, and some of other designs, without a
// defect: what fails on one of these is no defect of a mutant. They have no number, and nothing may
// catch them.
const std::vector<Mutant>& SoundServers();
const std::vector<Mutant>& SoundDatagramServers();
const std::vector<Mutant>& SoundClients();
const std::vector<Mutant>& SoundDatagramClients();

// Of all eight; nullptr if there is none of this name.
const Mutant* FindMutant(absl::string_view name);

// Serves on the endpoint's first address, as a plain server with this defect, until it is ended.
// Returns kInvalidArgument iff it can't be served: the defect waits for faults, or the endpoint is
// not of the mutant's family (streams; or udp and unixgram); else the failing call iff it can't
// listen or wait, or the defect ends it.
absl::Status ServeMutant(const Mutant& mutant, const Endpoint& endpoint);

// The same on a socket that listens already.
absl::Status ServeMutant(const Mutant& mutant, Listening<PosixKernel> listening);

// Runs a client with this defect: `input` goes to the endpoint, and what comes back to `output`.
// Returns kInvalidArgument iff it can't be run there: it is no client, or the endpoint is not of
// its family (streams; or udp and unixgram); else what a client of this defect says: OK is its
// status 0.
absl::Status RunClientMutant(const Mutant& mutant, const Endpoint& endpoint, int input, int output);

}  // namespace verbatim

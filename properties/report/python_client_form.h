// What the parts of a client's script in the long form have in common.
// Not for: any of their lines (python_client_full.cc, python_client_serve.cc,
// python_client_steps.cc).
#pragma once

#include <sys/socket.h>

#include <string>

#include "absl/strings/string_view.h"
#include "properties/report/python_parts.h"

namespace verbatim::python {

class FullClientForm {
 public:
  // All must outlive it.
  FullClientForm(const Plan& plan, const PythonOptions& options, Lines* lines)
      : plan_(plan),
        rules_(options.rules),
        options_(options),
        datagrams_(SocketType(options.endpoint.transport) == SOCK_DGRAM),
        large_(IsLargeForClient(plan)),
        lines_(*lines) {}

 protected:
  bool Has(Step::Kind kind) const { return plan_.Has(kind); }
  std::string Wait() const { return Seconds(options_.deadline_ms); }
  // What is there once it has begun.
  absl::string_view Begun() const { return datagrams_ ? "peer" : "connection"; }
  // Says what the requirement is about, or leaves it open.
  absl::string_view Missing() const { return rules_.complete ? "fail" : "leave"; }

  const Plan& plan_;
  const Rules rules_;
  const PythonOptions& options_;
  const bool datagrams_, large_;
  Lines& lines_;
};

}  // namespace verbatim::python

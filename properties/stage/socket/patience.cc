// Reading the pressure on the processors, and how quiet it has been beside it.
#include "properties/stage/socket/patience.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "properties/stage/socket/quiet.h"

namespace verbatim {

int64_t StalledMs() {
  constexpr absl::string_view kTotal = "total=";
  std::ifstream file("/proc/pressure/cpu");
  std::string line;
  std::getline(file, line);  // "some avg10=0.00 avg60=0.00 avg300=0.00 total=0", microseconds
  const size_t at = absl::string_view(line).rfind(kTotal);
  int64_t total_us = 0;
  if (at == absl::string_view::npos) return 0;
  const absl::string_view number = absl::string_view(line).substr(at + kTotal.size());
  return absl::SimpleAtoi(number, &total_us) ? total_us / 1000 : 0;
}

int64_t NowUs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

int64_t Patience::Take(int64_t wanted_ms) {
  return std::clamp<int64_t>(left_ms_.fetch_sub(wanted_ms), 0, wanted_ms);
}

void Quiet::Moved() {
  since_us_ = Now();
  looked_ = false;
  granted_ms_ = 0;
}

int64_t Quiet::LeftMs(int64_t limit_ms) {
  const int64_t quiet_ms = (Now() - since_us_) / 1000;
  if (patience_ == nullptr) return limit_ms - quiet_ms;
  // Most answers come long before that, and cost no look.
  if (!looked_ && quiet_ms < limit_ms / 4) return limit_ms / 4 - quiet_ms;
  if (looked_ && quiet_ms < WaitedMs(limit_ms)) return WaitedMs(limit_ms) - quiet_ms;
  const int64_t stalled_ms = patience_->clocks().stalled_ms();
  // Who comes late to the first look was not let run.
  const int64_t lost_ms = looked_ ? stalled_ms - stalled_ms_ : quiet_ms - limit_ms / 4;
  looked_ = true;
  stalled_ms_ = stalled_ms;
  // Less would change nothing, and be asked for without end.
  if (lost_ms > limit_ms / 8) granted_ms_ += patience_->Take(lost_ms);
  return WaitedMs(limit_ms) - quiet_ms;
}

}  // namespace verbatim

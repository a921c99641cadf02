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

std::optional<int64_t> StalledMs() {
  constexpr absl::string_view kTotal = "total=";
  std::ifstream file("/proc/pressure/cpu");
  std::string line;
  std::getline(file, line);  // "some avg10=0.00 avg60=0.00 avg300=0.00 total=0", microseconds
  const size_t at = absl::string_view(line).rfind(kTotal);
  int64_t total_us = 0;
  if (at == absl::string_view::npos) return std::nullopt;
  const absl::string_view number = absl::string_view(line).substr(at + kTotal.size());
  if (!absl::SimpleAtoi(number, &total_us)) return std::nullopt;
  return total_us / 1000;
}

int64_t NowUs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

int64_t Patience::Take(int64_t wanted_ms) {
  int64_t left_ms = left_ms_;
  int64_t taken_ms = 0;
  do {
    taken_ms = std::clamp<int64_t>(wanted_ms, 0, left_ms);
  } while (!left_ms_.compare_exchange_weak(left_ms, left_ms - taken_ms));
  return taken_ms;
}

void Quiet::Moved() {
  if (granted_ms_ > 0) {
    const int64_t late_ms = PassedMs() - limit_ms_;
    patience_->GiveBack(granted_ms_ - std::clamp<int64_t>(late_ms, 0, granted_ms_));
  }
  since_us_ = Now();
  looked_ = false;
  granted_ms_ = 0;
}

int64_t Quiet::LeftMs(int64_t limit_ms) {
  const int64_t quiet_ms = PassedMs();
  if (patience_ == nullptr) return limit_ms - quiet_ms;
  // Most answers come long before that, and cost no look.
  if (!looked_ && quiet_ms < limit_ms / 4) return limit_ms / 4 - quiet_ms;
  if (looked_ && quiet_ms < WaitedMs(limit_ms)) return WaitedMs(limit_ms) - quiet_ms;
  const std::optional<int64_t> stalled_ms = patience_->clocks().stalled_ms();
  int64_t lost_ms = quiet_ms - limit_ms / 4;  // who comes late to the first look was not let run
  if (looked_) lost_ms = stalled_ms && stalled_ms_ ? *stalled_ms - *stalled_ms_ : 0;
  looked_ = true;
  stalled_ms_ = stalled_ms;
  limit_ms_ = limit_ms;
  // So little is not worth another wait, and there must be an end to them.
  if (lost_ms > limit_ms / 8) {
    granted_ms_ += patience_->Take(std::min(lost_ms, patience_->each_ms() - granted_ms_));
  }
  return WaitedMs(limit_ms) - quiet_ms;
}

}  // namespace verbatim

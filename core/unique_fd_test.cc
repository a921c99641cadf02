// Tests of UniqueFd: each descriptor is closed once, by its last owner.
#include "core/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <type_traits>
#include <utility>
#include <vector>

namespace verbatim {
namespace {

// Writes down what it is asked to close.
struct NotingCloser {
  std::vector<int>* closed = nullptr;
  void operator()(int fd) const { closed->push_back(fd); }
};
using NotedFd = BasicUniqueFd<NotingCloser>;
using Closed = std::vector<int>;

static_assert(!std::is_copy_constructible_v<UniqueFd> && !std::is_copy_assignable_v<UniqueFd>);
static_assert(std::is_nothrow_move_constructible_v<UniqueFd>);
static_assert(sizeof(UniqueFd) == sizeof(int), "the closer costs nothing");

bool IsOpen(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(UniqueFd, NoneIsMinusOneAndClosesNothing) {
  Closed closed;
  {
    NotedFd none(-1, {&closed});
    EXPECT_FALSE(none);
    EXPECT_EQ(none.get(), -1);
    EXPECT_FALSE(UniqueFd());
  }
  EXPECT_EQ(closed, Closed{});
}

TEST(UniqueFd, DescriptorZeroIsADescriptor) {
  Closed closed;
  { EXPECT_TRUE(NotedFd(0, {&closed})); }
  EXPECT_EQ(closed, Closed{0});
}

TEST(UniqueFd, TheEndOfScopeClosesARealDescriptor) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  {
    const UniqueFd read_end(pipe_ends[0]);
    const UniqueFd write_end(pipe_ends[1]);
    EXPECT_TRUE(IsOpen(pipe_ends[0]));
  }
  EXPECT_FALSE(IsOpen(pipe_ends[0]));
  EXPECT_FALSE(IsOpen(pipe_ends[1]));
}

TEST(UniqueFd, AMoveHandsOverWithoutClosing) {
  Closed closed;
  {
    NotedFd first(5, {&closed});
    const NotedFd second(std::move(first));
    EXPECT_EQ(first.get(), -1);  // NOLINT(bugprone-use-after-move): that is what is promised
    EXPECT_EQ(second.get(), 5);
    EXPECT_EQ(closed, Closed{});
  }
  EXPECT_EQ(closed, Closed{5});
}

TEST(UniqueFd, AnAssignmentClosesWhatWasThereWithItsOwnCloser) {
  Closed old_closed, new_closed;
  {
    NotedFd target(5, {&old_closed});
    target = NotedFd(6, {&new_closed});
    EXPECT_EQ(target.get(), 6);
    EXPECT_EQ(old_closed, Closed{5});
    EXPECT_EQ(new_closed, Closed{});
  }
  EXPECT_EQ(old_closed, Closed{5});
  EXPECT_EQ(new_closed, Closed{6});
}

TEST(UniqueFd, AnAssignmentToItselfKeepsIt) {
  Closed closed;
  NotedFd fd(5, {&closed});
  NotedFd& same = fd;
  fd = std::move(same);
  EXPECT_EQ(fd.get(), 5);
  EXPECT_EQ(closed, Closed{});
}

TEST(UniqueFd, AReleasedDescriptorIsTheCallersToClose) {
  Closed closed;
  {
    NotedFd fd(5, {&closed});
    EXPECT_EQ(fd.Release(), 5);
    EXPECT_FALSE(fd);
  }
  EXPECT_EQ(closed, Closed{});
}

TEST(UniqueFd, ResetClosesOnce) {
  Closed closed;
  {
    NotedFd fd(5, {&closed});
    fd.Reset();
    fd.Reset();
    EXPECT_EQ(fd.get(), -1);
  }
  EXPECT_EQ(closed, Closed{5});
}

}  // namespace
}  // namespace verbatim

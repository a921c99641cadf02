// A client's prompts are left out, whatever they are cut into, and nothing else is.
#include "properties/stage/socket/client_output.h"

#include <gtest/gtest.h>

namespace verbatim {
namespace {

Payload Replied(std::string bytes) {
  PayloadSpec spec;
  spec.literal = true;
  spec.bytes = std::move(bytes);
  return Payload(spec, 1, {});
}

// What is left of `printed`, taken in pieces of `piece` bytes.
std::string Left(const std::string& prefix, const std::string& replied, absl::string_view printed,
                 size_t piece) {
  const Payload payload = Replied(replied);
  ClientOutput output(prefix, payload);
  std::string left;
  while (!printed.empty()) {
    const absl::string_view taken = output.Take(printed.substr(0, piece), false);
    left.append(taken.data(), taken.size());
    printed.remove_prefix(std::min(piece, printed.size()));
  }
  const absl::string_view rest = output.Take("", true);
  return left.append(rest.data(), rest.size());
}

TEST(ClientOutput, PromptsAreLeftOutWhereverTheyAreCut) {
  for (size_t piece = 1; piece <= 20; ++piece) {
    EXPECT_EQ(Left("> ", "one\ntwo\n", "> one\n> two\n> ", piece), "one\ntwo\n") << piece;
    EXPECT_EQ(Left("reply: ", "ab", "reply: areply: b", piece), "ab") << piece;
  }
}

TEST(ClientOutput, WhatIsDueIsNoPrompt) {
  EXPECT_EQ(Left("> ", "> x\n", "> > x\n", 1), "> x\n")
      << "where both are possible, what is due comes first, and the second one is the prompt";
  EXPECT_EQ(Left("a", "aaa", "aaa", 2), "aaa");
}

TEST(ClientOutput, HalfAPromptAtTheEndIsOutput) { EXPECT_EQ(Left("> ", "x", "> x>", 1), "x>"); }

TEST(ClientOutput, WithoutAPromptNothingIsTouched) { EXPECT_EQ(Left("", "x", "> x>", 3), "> x>"); }

}  // namespace
}  // namespace verbatim

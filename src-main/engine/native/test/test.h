// A very small test runner: TEST(name) { ... } registers a test, CHECK and CHECK_CLOSE fail it.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace grpo_test {

struct Test {
  const char* name;
  void (*body)();
};

inline std::vector<Test>& Tests() {
  static std::vector<Test> tests;
  return tests;
}

struct Registration {
  Registration(const char* name, void (*body)()) { Tests().push_back({name, body}); }
};

// `count` numbers between -1 and 1, the same in every run.
inline std::vector<float> Numbers(int64_t count, uint32_t seed) {
  std::vector<float> values(static_cast<size_t>(count));
  uint32_t state = seed * 2654435761u + 1;
  for (float& value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(state >> 8) / 8388608.0f - 1.0f;
  }
  return values;
}

[[noreturn]] inline void Fail(const char* file, int line, const char* what) {
  std::fprintf(stderr, "%s:%d: %s\n", file, line, what);
  std::exit(1);
}

inline void CheckClose(const char* file, int line, double actual, double expected, double tolerance) {
  if (std::fabs(actual - expected) <= tolerance * (1 + std::fabs(expected))) return;
  std::fprintf(stderr, "%s:%d: got %.9g, expected %.9g\n", file, line, actual, expected);
  std::exit(1);
}

}  // namespace grpo_test

#define TEST(name)                                                   \
  static void Test_##name();                                         \
  static grpo_test::Registration registration_##name(#name, Test_##name); \
  static void Test_##name()

#define CHECK(condition) \
  if (!(condition)) grpo_test::Fail(__FILE__, __LINE__, #condition " is false")

#define CHECK_CLOSE(actual, expected, tolerance) grpo_test::CheckClose(__FILE__, __LINE__, actual, expected, tolerance)

// Runs every registered test on one thread and on four. Built and run by scripts/sanitize-native.mjs.
#include "isa.h"
#include "test.h"
#include "thread_pool.h"

int main() {
  for (int threads : {1, 4}) {
    grpo::SetThreads(threads);
    for (const grpo_test::Test& test : grpo_test::Tests()) test.body();
  }
  std::printf("%d tests passed with %s kernels\n", static_cast<int>(grpo_test::Tests().size()), grpo::IsaName());
  return 0;
}

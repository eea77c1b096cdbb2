#include "thread_pool.h"

#include <atomic>
#include <thread>

#include "test.h"

using grpo::ParallelFor;

TEST(EveryIndexIsVisitedOnce) {
  for (int64_t n : {0, 1, 2, 7, 64, 1000}) {
    for (int64_t grain : {0, 1, 3, 100}) {
      std::vector<int> visits(static_cast<size_t>(n), 0);
      ParallelFor(n, grain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) visits[static_cast<size_t>(i)]++;
      });
      for (int count : visits) CHECK(count == 1);
    }
  }
}

TEST(NestedLoopsRunInline) {
  std::atomic<int64_t> total{0};
  ParallelFor(8, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      ParallelFor(100, 1, [&](int64_t first, int64_t last) { total += last - first; });
    }
  });
  CHECK(total == 800);
}

TEST(ManySmallLoopsInARow) {
  int64_t total = 0;
  for (int round = 0; round < 2000; round++) {
    std::atomic<int64_t> sum{0};
    ParallelFor(5, 1, [&](int64_t begin, int64_t end) { sum += end - begin; });
    total += sum;
  }
  CHECK(total == 10000);
}

TEST(CallersOnSeveralThreads) {
  std::atomic<int64_t> total{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 3; caller++) {
    callers.emplace_back([&] {
      for (int round = 0; round < 200; round++) {
        ParallelFor(50, 1, [&](int64_t begin, int64_t end) { total += end - begin; });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(total == 3 * 200 * 50);
}

TEST(ThreadCountCanChange) {
  const int before = grpo::Threads();
  for (int count : {3, 1, 2}) {
    grpo::SetThreads(count);
    CHECK(grpo::Threads() == count);
    std::atomic<int64_t> sum{0};
    ParallelFor(100, 1, [&](int64_t begin, int64_t end) { sum += end - begin; });
    CHECK(sum == 100);
  }
  grpo::SetThreads(before);
}

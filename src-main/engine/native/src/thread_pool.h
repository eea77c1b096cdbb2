// A pool of sleeping threads that split a loop: every heavy kernel runs through it.
//
// Idle threads wait on a condition variable and never spin. The calling thread takes part. A call made inside a body runs
// inline on the thread that makes it, so kernels may nest freely. Which thread runs which piece is not fixed: a body must give
// results that do not depend on how [0, n) is cut.
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

namespace grpo {

// Sets how many threads (the caller included) take part; values below 1 count as 1. Not to be called from inside a body.
void SetThreads(int n);
int Threads();

namespace detail {
using RangeBody = void (*)(void* context, int64_t begin, int64_t end);
void ParallelForImpl(int64_t n, int64_t grain, RangeBody body, void* context);
}  // namespace detail

// Calls body(begin, end) on disjoint ranges that cover [0, n), each at least `grain` long but the last; returns when all are done.
// A body must not throw.
template <class F>
void ParallelFor(int64_t n, int64_t grain, F&& body) {
  using Body = std::remove_reference_t<F>;
  detail::ParallelForImpl(
      n, grain, [](void* context, int64_t begin, int64_t end) { (*static_cast<Body*>(context))(begin, end); },
      const_cast<void*>(static_cast<const void*>(std::addressof(body))));
}

}  // namespace grpo

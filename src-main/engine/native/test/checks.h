// What the tests of operations and their gradients check with.
#pragma once

#include <functional>

#include "test.h"
#include "thread_pool.h"

namespace grpo_test {

using Floats = std::vector<float>;

inline Floats Unwritten(int64_t count) { return Floats(static_cast<size_t>(count), NAN); }  // an element no one wrote shows

inline double Dot(const Floats& a, const Floats& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); i++) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

// Checks `gradient`, that of loss with respect to x, at every third element.
inline void CheckGradient(Floats x, const Floats& gradient, const std::function<double(const Floats&)>& loss) {
  const float step = 1e-2f;
  for (size_t i = 0; i < x.size(); i += 3) {
    const float before = x[i];
    x[i] = before + step;
    const double above = loss(x);
    x[i] = before - step;
    const double below = loss(x);
    x[i] = before;
    CHECK_CLOSE(gradient[i], (above - below) / (2 * step), 1e-2);
  }
}

inline void CheckSameOnThreeThreads(const std::function<Floats()>& compute) {
  const int before = grpo::Threads();
  const Floats first = compute();
  grpo::SetThreads(3);
  CHECK(first == compute());
  grpo::SetThreads(before);
}

}  // namespace grpo_test

#include <algorithm>
#include <cmath>
#include <vector>

#include "../thread_pool.h"
#include "op_kernels.h"
#include "ops.h"

namespace grpo {

double SumSquares(const float* x, int64_t size) {
  constexpr int64_t kBlock = 4096;
  const OpKernels& kernels = ActiveOpKernels();
  std::vector<float> sums(static_cast<size_t>((size + kBlock - 1) / kBlock));
  ParallelFor(static_cast<int64_t>(sums.size()), 16, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; block++) {
      const float* part = x + block * kBlock;
      sums[static_cast<size_t>(block)] = kernels.dot(part, part, std::min(kBlock, size - block * kBlock));
    }
  });
  double total = 0;
  for (const float sum : sums) total += sum;
  return total;
}

void AdamW(float* parameter, float* m, float* v, const float* gradient, int64_t size, const AdamWSettings& settings) {
  const OpKernels& kernels = ActiveOpKernels();
  const double correction1 = 1.0 - std::pow(settings.beta1, settings.step);
  const double correction2 = 1.0 - std::pow(settings.beta2, settings.step);
  AdamWStep step;
  step.gradientScale = static_cast<float>(settings.gradientScale);
  step.epsilon = static_cast<float>(settings.epsilon);
  step.beta1 = static_cast<float>(settings.beta1);
  step.rest1 = static_cast<float>(1.0 - settings.beta1);
  step.beta2 = static_cast<float>(settings.beta2);
  step.rest2 = static_cast<float>(1.0 - settings.beta2);
  step.decay = static_cast<float>(1.0 - settings.learningRate * settings.weightDecay);
  step.stepSize = static_cast<float>(settings.learningRate / correction1);
  step.inverseRootV = static_cast<float>(1.0 / std::sqrt(correction2));
  ParallelFor(size, 16384, [&](int64_t begin, int64_t end) {
    kernels.adamW(parameter + begin, m + begin, v + begin, gradient + begin, step, end - begin);
  });
}

}  // namespace grpo

#include <algorithm>
#include <cmath>
#include <vector>

#include "../thread_pool.h"
#include "op_kernels.h"
#include "ops.h"

namespace grpo {
namespace {

constexpr int64_t kColumnBlock = 64;  // columns of the weight gradient one task sums

float InverseRoot(const OpKernels& kernels, const float* x, int64_t width, float epsilon) {
  return 1.0f / std::sqrt(kernels.dot(x, x, width) / static_cast<float>(width) + epsilon);
}

}  // namespace

void RmsNorm(const float* x, const float* weight, int64_t tokens, int64_t width, float epsilon, float* out) {
  const OpKernels& kernels = ActiveOpKernels();
  ParallelFor(tokens, std::max<int64_t>(1, 16384 / width), [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; n++) {
      const float* row = x + n * width;
      kernels.scaledProduct(row, weight, InverseRoot(kernels, row, width, epsilon), out + n * width, width);
    }
  });
}

void RmsNormGrad(const float* dy, const float* x, const float* weight, int64_t tokens, int64_t width, float epsilon, float* dx,
                 float* dWeight) {
  const OpKernels& kernels = ActiveOpKernels();
  std::vector<float> inverses(static_cast<size_t>(tokens));
  ParallelFor(tokens, std::max<int64_t>(1, 8192 / width), [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; n++) {
      const float *row = x + n * width, *d = dy + n * width;
      const float inverse = InverseRoot(kernels, row, width, epsilon);
      inverses[static_cast<size_t>(n)] = inverse;
      const float shrink = inverse * inverse * inverse * kernels.dotOfThree(d, weight, row, width) / static_cast<float>(width);
      kernels.rmsNormGrad(d, weight, row, inverse, shrink, dx + n * width, width);
    }
  });
  const int64_t blocks = (width + kColumnBlock - 1) / kColumnBlock;
  ParallelFor(blocks, std::max<int64_t>(1, 16384 / (kColumnBlock * tokens + 1)), [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; block++) {
      const int64_t h = block * kColumnBlock, columns = std::min(kColumnBlock, width - h);
      std::fill_n(dWeight + h, columns, 0.0f);
      for (int64_t n = 0; n < tokens; n++) {
        kernels.addScaledProduct(inverses[static_cast<size_t>(n)], x + n * width + h, dy + n * width + h, dWeight + h, columns);
      }
    }
  });
}

}  // namespace grpo

#include <algorithm>

#include "../thread_pool.h"
#include "op_kernels.h"
#include "ops.h"

namespace grpo {

void Rope(const float* x, const float* cos, const float* sin, const int32_t* positions, int64_t tokens, int64_t heads,
          int64_t headDim, int64_t half, float direction, float* out) {
  const OpKernels& kernels = ActiveOpKernels();
  const int64_t width = heads * headDim;
  ParallelFor(tokens, std::max<int64_t>(1, 16384 / width), [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; n++) {
      const int64_t angles = positions[n] * half;
      for (int64_t head = 0; head < heads; head++) {
        const float* from = x + n * width + head * headDim;
        float* to = out + n * width + head * headDim;
        kernels.rotate(from, cos + angles, sin + angles, direction, half, to);
        std::copy(from + 2 * half, from + headDim, to + 2 * half);
      }
    }
  });
}

}  // namespace grpo

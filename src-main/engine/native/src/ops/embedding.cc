#include <algorithm>

#include "../thread_pool.h"
#include "op_kernels.h"
#include "ops.h"

namespace grpo {
namespace {
constexpr int64_t kColumnBlock = 64;  // columns of the table one task adds up
}

void Embedding(const float* weight, const int32_t* ids, int64_t tokens, int64_t width, float* out) {
  ParallelFor(tokens, std::max<int64_t>(1, 65536 / width), [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; n++) std::copy_n(weight + ids[n] * width, width, out + n * width);
  });
}

void EmbeddingGrad(const float* dy, const int32_t* ids, int64_t tokens, int64_t width, int64_t vocabulary, float* dWeight) {
  const OpKernels& kernels = ActiveOpKernels();
  ParallelFor(vocabulary * width, 1 << 18, [&](int64_t begin, int64_t end) { std::fill(dWeight + begin, dWeight + end, 0.0f); });
  const int64_t blocks = (width + kColumnBlock - 1) / kColumnBlock;
  ParallelFor(blocks, std::max<int64_t>(1, 65536 / (kColumnBlock * tokens + 1)), [&](int64_t begin, int64_t end) {
    const int64_t h = begin * kColumnBlock, columns = std::min(end * kColumnBlock, width) - h;
    for (int64_t n = 0; n < tokens; n++) kernels.add(dy + n * width + h, dWeight + ids[n] * width + h, columns);
  });
}

}  // namespace grpo

// Gated activations, and the copies that split and join what fused layers compute.
#include <algorithm>

#include "../thread_pool.h"
#include "op_kernels.h"
#include "ops.h"

namespace grpo {
namespace {
constexpr int64_t kGrain = 16384;
}

void SwiGlu(const float* gate, const float* up, int64_t size, float* out) {
  const OpKernels& kernels = ActiveOpKernels();
  ParallelFor(size, kGrain, [&](int64_t begin, int64_t end) { kernels.swiGlu(gate + begin, up + begin, out + begin, end - begin); });
}

void SwiGluGrad(const float* dy, const float* gate, const float* up, int64_t size, float* dGate, float* dUp) {
  const OpKernels& kernels = ActiveOpKernels();
  ParallelFor(size, kGrain, [&](int64_t begin, int64_t end) {
    kernels.swiGluGrad(dy + begin, gate + begin, up + begin, dGate + begin, dUp + begin, end - begin);
  });
}

void GeGlu(const float* gate, const float* up, int64_t size, float* out) {
  const OpKernels& kernels = ActiveOpKernels();
  ParallelFor(size, kGrain, [&](int64_t begin, int64_t end) { kernels.geGlu(gate + begin, up + begin, out + begin, end - begin); });
}

void GeGluGrad(const float* dy, const float* gate, const float* up, int64_t size, float* dGate, float* dUp) {
  const OpKernels& kernels = ActiveOpKernels();
  ParallelFor(size, kGrain, [&](int64_t begin, int64_t end) {
    kernels.geGluGrad(dy + begin, gate + begin, up + begin, dGate + begin, dUp + begin, end - begin);
  });
}

void CopyColumns(const float* from, int64_t rows, int64_t fromWidth, int64_t fromColumn, int64_t columns, float* to, int64_t toWidth,
                 int64_t toColumn) {
  ParallelFor(rows, std::max<int64_t>(1, kGrain / columns), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) std::copy_n(from + row * fromWidth + fromColumn, columns, to + row * toWidth + toColumn);
  });
}

}  // namespace grpo

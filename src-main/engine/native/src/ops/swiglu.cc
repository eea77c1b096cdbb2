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

}  // namespace grpo

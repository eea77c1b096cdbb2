// Single-precision matrix product on row-major matrices, the work horse of the native backend.
#pragma once

#include <cstdint>

namespace grpo {

// c[m, n] = alpha * op(a)[m, k] * op(b)[k, n] + beta * c, row-major, where op transposes when the flag is set: a is stored
// [m, k] (transA: [k, m]) with row stride lda, b is stored [k, n] (transB: [n, k]) with row stride ldb. With beta = 0, c is
// written without being read. Multi-threaded; inside a ParallelFor body it runs on the calling thread alone.
//
// Each element of c is the same sequence of fused multiply-adds over k whatever m, n, its row and the thread count are, so a
// row computed in two different batches has the same bits.
void Gemm(bool transA, bool transB, int64_t m, int64_t n, int64_t k, float alpha, const float* a, int64_t lda, const float* b,
          int64_t ldb, float beta, float* c, int64_t ldc);

// Length of the blocks into which a product cuts its inner dimension k. Whoever cuts it alike gets the same bits.
int64_t GemmDepthBlock(int64_t k);

}  // namespace grpo

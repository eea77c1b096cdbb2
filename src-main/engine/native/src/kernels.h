// The table of vector kernels: one instance per instruction set, compiled from the same source (kernels.inl).
//
// A kernel here is the innermost, single-threaded piece of work. Callers (gemm.cc, elementwise.cc) cut the work up.
#pragma once

#include <cstdint>

#include "bfloat16.h"

namespace grpo {

enum class BinaryOp { kAdd, kSub, kMultiply, kDivide };
enum class UnaryOp { kSquare, kSqrt, kReciprocalSqrt, kExp, kNegate, kSigmoid };

struct Kernels {
  int tileRows;     // rows of the matrix product's micro-kernel
  int tileColumns;  // columns of the same

  // Packs a block into strips dst[p][width], p in [0, depth): strip element (p, i) = src[i * ld + p] (Rows: src is
  // [count, depth]) or src[p * ld + i] (Columns: src is [depth, count]). Elements past `count` are zero or, where the strip is
  // narrower than a vector, spill: dst needs kVectorMax floats of slack.
  void (*packRows)(const float* src, int64_t ld, int64_t count, int64_t depth, int64_t width, float* dst);
  void (*packColumns)(const float* src, int64_t ld, int64_t count, int64_t depth, int64_t width, float* dst);

  // One tile: c[rows, columns] = beta * c + alpha * sum over p < depth of a[p][rows] * b[p][columns], with a packed at
  // stride tileRows and b's rows bStride floats apart. rows <= tileRows, columns <= tileColumns; b is read in whole vectors.
  // Meanwhile what follows is fetched into the second-level cache: for each p the cache line at next + p * nextStep.
  void (*tile)(int64_t rows, int64_t columns, int64_t depth, float alpha, const float* a, const float* b, int64_t bStride,
               const float* next, int64_t nextStep, float beta, float* c, int64_t ldc);

  // Products of bfloat16, summed in float. Blocks packed as above are rounded first: of b to words of two neighbours in depth, the
  // first in the lower half, out[ceil(depth / 2)][tileColumns]; of a, [depth, tileRows], to what `tileBfloat16` reads, of the same size
  // with `depth` made even.
  void (*roundColumns)(const float* block, int64_t depth, uint32_t* out);
  void (*roundRows)(const float* block, int64_t depth, float* out);
  // c[rows, columns] = sum over `pairs` of a * b, or += with `add`.
  void (*tileBfloat16)(int64_t rows, int64_t columns, int64_t pairs, const float* a, const uint32_t* b, bool add, float* c, int64_t ldc);

  // out[i] = a[i * aStep] op b[i * bStep] for i < n; steps are 0 (a scalar) or 1.
  void (*binary)(BinaryOp op, const float* a, int aStep, const float* b, int bStep, float* out, int64_t n);
  void (*unary)(UnaryOp op, const float* x, float* out, int64_t n);
  void (*axpy)(float alpha, const float* x, float* y, int64_t n);  // y += alpha * x
  float (*sum)(const float* x, int64_t n);
  void (*transpose)(const float* x, int64_t rows, int64_t columns, int64_t ldx, float* out, int64_t ldo);  // out = xᵀ
};

constexpr int64_t kVectorMax = 16;  // floats in the widest vector of any instruction set

namespace scalar {
extern const Kernels kKernels;
}
namespace avx2 {
extern const Kernels kKernels;
}
namespace avx512 {
extern const Kernels kKernels;
}
namespace avx512bf16 {
extern const Kernels kKernels;
}
namespace neon {
extern const Kernels kKernels;
}

// The table for ActiveIsa().
const Kernels& ActiveKernels();

}  // namespace grpo

// The table of vector kernels: one instance per instruction set, compiled from the same source (kernels.inl).
//
// A kernel here is the innermost, single-threaded piece of work. Callers (gemm.cc, elementwise.cc) cut the work up.
#pragma once

#include <cstdint>

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
  void (*tile)(int64_t rows, int64_t columns, int64_t depth, float alpha, const float* a, const float* b, int64_t bStride,
               float beta, float* c, int64_t ldc);

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
namespace neon {
extern const Kernels kKernels;
}

// The table for ActiveIsa().
const Kernels& ActiveKernels();

}  // namespace grpo

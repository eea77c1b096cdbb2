// Plain tensor operations over whole arrays: multi-threaded loops around the vector kernels. Results do not depend on the
// thread count.
#pragma once

#include <cstdint>

#include "kernels.h"

namespace grpo {

// A matrix operand that may repeat: element (i, j) is data[i * rowStride + j * columnStep], columnStep 0 or 1.
struct Operand {
  const float* data;
  int64_t rowStride;
  int columnStep;
};

// out[rows, columns] = a op b.
void Binary(BinaryOp op, Operand a, Operand b, int64_t rows, int64_t columns, float* out);

void Unary(UnaryOp op, const float* x, int64_t n, float* out);

// out[rows] = sums over the last axis of x[rows, columns].
void SumRows(const float* x, int64_t rows, int64_t columns, float* out);

// out[columns] = sums over the first axis of x[rows, columns].
void SumColumns(const float* x, int64_t rows, int64_t columns, float* out);

float SumAll(const float* x, int64_t n);

// y += x.
void Accumulate(const float* x, int64_t n, float* y);

// out[columns, rows] = x[rows, columns] transposed.
void TransposeMatrix(const float* x, int64_t rows, int64_t columns, float* out);

// out[i] = table[ids[i]], rows of `length` floats. Every id must be below the table's height.
void GatherRows(const float* table, int64_t length, const int32_t* ids, int64_t count, float* out);

}  // namespace grpo

#include "elementwise.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "thread_pool.h"

namespace grpo {
namespace {

constexpr int64_t kGrain = 16384;  // elements below which a second thread costs more than it gives

int64_t RowGrain(int64_t columns) { return std::max<int64_t>(1, kGrain / std::max<int64_t>(columns, 1)); }

}  // namespace

void Binary(BinaryOp op, Operand a, Operand b, int64_t rows, int64_t columns, float* out) {
  const Kernels& kernels = ActiveKernels();
  if (rows == 1) {
    ParallelFor(columns, kGrain, [&](int64_t begin, int64_t end) {
      kernels.binary(op, a.data + begin * a.columnStep, a.columnStep, b.data + begin * b.columnStep, b.columnStep, out + begin,
                     end - begin);
    });
    return;
  }
  ParallelFor(rows, RowGrain(columns), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      kernels.binary(op, a.data + i * a.rowStride, a.columnStep, b.data + i * b.rowStride, b.columnStep, out + i * columns,
                     columns);
    }
  });
}

void Unary(UnaryOp op, const float* x, int64_t n, float* out) {
  const Kernels& kernels = ActiveKernels();
  ParallelFor(n, kGrain, [&](int64_t begin, int64_t end) { kernels.unary(op, x + begin, out + begin, end - begin); });
}

void SumRows(const float* x, int64_t rows, int64_t columns, float* out) {
  const Kernels& kernels = ActiveKernels();
  ParallelFor(rows, RowGrain(columns), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) out[i] = kernels.sum(x + i * columns, columns);
  });
}

void SumColumns(const float* x, int64_t rows, int64_t columns, float* out) {
  const Kernels& kernels = ActiveKernels();
  ParallelFor(columns, std::max<int64_t>(64, RowGrain(rows)), [&](int64_t begin, int64_t end) {
    std::fill(out + begin, out + end, 0.0f);
    for (int64_t i = 0; i < rows; i++) kernels.axpy(1.0f, x + i * columns + begin, out + begin, end - begin);
  });
}

float SumAll(const float* x, int64_t n) {
  constexpr int64_t kPiece = 4096;  // pieces of fixed length keep the order of additions independent of the threads
  const Kernels& kernels = ActiveKernels();
  std::vector<float> partial(static_cast<size_t>((n + kPiece - 1) / kPiece));
  ParallelFor(static_cast<int64_t>(partial.size()), 4, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      partial[static_cast<size_t>(i)] = kernels.sum(x + i * kPiece, std::min(kPiece, n - i * kPiece));
    }
  });
  double total = 0;
  for (float value : partial) total += value;
  return static_cast<float>(total);
}

void Accumulate(const float* x, int64_t n, float* y) {
  const Kernels& kernels = ActiveKernels();
  ParallelFor(n, kGrain, [&](int64_t begin, int64_t end) { kernels.axpy(1.0f, x + begin, y + begin, end - begin); });
}

void TransposeMatrix(const float* x, int64_t rows, int64_t columns, float* out) {
  const Kernels& kernels = ActiveKernels();
  constexpr int64_t kBand = 64;  // columns of x, so that a band of the output stays in the first-level cache
  ParallelFor((columns + kBand - 1) / kBand, std::max<int64_t>(1, kGrain / (kBand * std::max<int64_t>(rows, 1))),
              [&](int64_t begin, int64_t end) {
                for (int64_t band = begin; band < end; band++) {
                  const int64_t c = band * kBand;
                  kernels.transpose(x + c, rows, std::min(kBand, columns - c), columns, out + c * rows, rows);
                }
              });
}

void GatherRows(const float* table, int64_t length, const int32_t* ids, int64_t count, float* out) {
  ParallelFor(count, RowGrain(length), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      std::memcpy(out + i * length, table + ids[i] * length, static_cast<size_t>(length) * sizeof(float));
    }
  });
}

}  // namespace grpo

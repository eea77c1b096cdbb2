#include "gemm.h"

#include <algorithm>

#include "aligned_buffer.h"
#include "kernels.h"
#include "thread_pool.h"

// The classic scheme of Goto and van de Geijn (2008): a is packed into strips of tileRows rows that stay in the second-level
// cache, b into strips of tileColumns columns that stay in the first, and a micro-kernel keeps one tile of c in registers.
//
// How k is cut into blocks depends on k alone, which fixes the order of additions of every element of c.
namespace grpo {
namespace {

constexpr int64_t kDepthBlock = 384;  // longest block of k
constexpr int64_t kRowBlock = 448;    // rows of a packed at a time, about
constexpr int64_t kGroupDepth = 4;    // blocks of k packed at a time
constexpr double kSerialWork = 1.5e6;  // multiply-adds below which waking a second thread costs more than it gives

int64_t CeilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

void ScaleOnly(int64_t m, int64_t n, float beta, float* c, int64_t ldc) {
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j = 0; j < n; j++) c[i * ldc + j] = beta == 0.0f ? 0.0f : beta * c[i * ldc + j];
  }
}

}  // namespace

// Equal blocks but the last, a multiple of 16.
int64_t GemmDepthBlock(int64_t k) { return CeilDivide(CeilDivide(k, CeilDivide(k, kDepthBlock)), 16) * 16; }

void Gemm(bool transA, bool transB, int64_t m, int64_t n, int64_t k, float alpha, const float* a, int64_t lda, const float* b,
          int64_t ldb, float beta, float* c, int64_t ldc) {
  if (m <= 0 || n <= 0) return;
  if (k <= 0) return ScaleOnly(m, n, beta, c, ldc);
  const Kernels& kernels = ActiveKernels();
  const int64_t tileRows = kernels.tileRows, tileColumns = kernels.tileColumns;
  const int64_t depth = GemmDepthBlock(k);
  const int64_t stripLength = tileRows * depth + kVectorMax;
  const int64_t rowBlock = kRowBlock / tileRows * tileRows;  // whole strips
  const int64_t columnStrips = CeilDivide(n, tileColumns);
  const bool small = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) < kSerialWork;
  thread_local AlignedBuffer packedA;

  for (int64_t k0 = 0; k0 < k; k0 += kGroupDepth * depth) {
    const int64_t blocks = CeilDivide(std::min(k - k0, kGroupDepth * depth), depth);
    for (int64_t m0 = 0; m0 < m; m0 += rowBlock) {
      const int64_t rows = std::min(rowBlock, m - m0);
      const int64_t rowStrips = CeilDivide(rows, tileRows);
      float* strips = packedA.Reserve(blocks * rowStrips * stripLength);

      const auto packA = [&](int64_t begin, int64_t end) {
        for (int64_t task = begin; task < end; task++) {
          const int64_t block = task / rowStrips, strip = task % rowStrips;
          const int64_t p = k0 + block * depth, i = m0 + strip * tileRows;
          const int64_t count = std::min(tileRows, m - i), length = std::min(depth, k - p);
          float* packed = strips + task * stripLength;
          if (transA) {
            kernels.packColumns(a + p * lda + i, lda, count, length, tileRows, packed);
          } else {
            kernels.packRows(a + i * lda + p, lda, count, length, tileRows, packed);
          }
        }
      };
      ParallelFor(blocks * rowStrips, rowStrips > 8 && !small ? 8 : blocks * rowStrips, packA);

      // Tasks are strips of columns; where these are too few for the threads, rows are cut as well.
      const int64_t wanted = small ? 1 : 2 * Threads();
      const int64_t rowParts = std::max<int64_t>(1, std::min(rowStrips / 4, CeilDivide(wanted, columnStrips)));
      const auto multiply = [&](int64_t begin, int64_t end) {
        thread_local AlignedBuffer packedB;
        float* strip = packedB.Reserve(tileColumns * depth + kVectorMax);
        for (int64_t task = begin; task < end; task++) {
          const int64_t j = task / rowParts * tileColumns, part = task % rowParts;
          const int64_t columns = std::min(tileColumns, n - j);
          const int64_t first = rowStrips * part / rowParts, last = rowStrips * (part + 1) / rowParts;
          for (int64_t block = 0; block < blocks; block++) {
            const int64_t p = k0 + block * depth, length = std::min(depth, k - p);
            const float* source = strip;
            int64_t stride = tileColumns;
            if (transB) {
              kernels.packRows(b + j * ldb + p, ldb, columns, length, tileColumns, strip);
            } else if (columns < tileColumns || last - first > 2) {
              kernels.packColumns(b + p * ldb + j, ldb, columns, length, tileColumns, strip);
            } else {
              source = b + p * ldb + j;  // used once or twice: reading it in place is cheaper than packing it
              stride = ldb;
            }
            // The last two products with a block fetch a cache line each of every row of the block that is packed next.
            const float* next = block == blocks - 1 ? b + k0 * ldb + j + tileColumns : b + (p + depth) * ldb + j;
            const float keep = p == 0 ? beta : 1.0f;
            for (int64_t s = first; s < last; s++) {
              const int64_t i = m0 + s * tileRows, line = last - 1 - s;
              const bool fetches = !transB && line < 2;
              kernels.tile(std::min(tileRows, m - i), columns, length, alpha, strips + (block * rowStrips + s) * stripLength,
                           source, stride, fetches ? next + line * tileColumns / 2 : source, fetches ? ldb : 0, keep, c + i * ldc + j, ldc);
            }
          }
        }
      };
      ParallelFor(columnStrips * rowParts, small ? columnStrips * rowParts : 1, multiply);
    }
  }
}

}  // namespace grpo

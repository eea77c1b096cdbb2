#include "weight_gradients.h"

#include <algorithm>

#include "../aligned_buffer.h"
#include "../gemm.h"
#include "../kernels.h"
#include "../ops/op_kernels.h"
#include "../thread_pool.h"

namespace grpo {
namespace {

// Rows of a weight's gradient that one task computes: each task lays out the right side anew, but every thread wants a few.
int64_t TaskRows() { return std::clamp<int64_t>(768 / Threads(), 128, 384); }

// out[leftWidth, rightWidth] = left^T * right for a right side of few columns, by way of right^T * left: the few are laid out, and the
// many read in place (gemm.cc does so for up to two strips of rows).
void TransposedProduct(int64_t tokens, const float* left, int64_t leftWidth, int64_t leftStride, const float* right, int64_t rightWidth,
                       float* out) {
  static thread_local AlignedBuffer buffer;
  float* product = buffer.Reserve(rightWidth * leftWidth);
  Gemm(true, false, rightWidth, leftWidth, tokens, 1.0f, right, rightWidth, left, leftStride, 0.0f, product, leftWidth);
  ActiveKernels().transpose(product, rightWidth, leftWidth, leftWidth, out, rightWidth);
}

}  // namespace

void WeightGradients::Product(int64_t tokens, const float* left, int64_t leftWidth, const float* right, int64_t rightWidth, float* out) {
  if (out == nullptr) return;
  const int64_t taskRows = TaskRows();
  for (int64_t row = 0; row < leftWidth; row += taskRows) {
    const int64_t rows = std::min(taskRows, leftWidth - row);
    tasks_.push_back([=] {
      if (rightWidth <= 2 * ActiveKernels().tileRows) {
        return TransposedProduct(tokens, left + row, rows, leftWidth, right, rightWidth, out + row * rightWidth);
      }
      Gemm(true, false, rows, rightWidth, tokens, 1.0f, left + row, leftWidth, right, rightWidth, 0.0f, out + row * rightWidth, rightWidth);
    });
  }
}

void WeightGradients::Sum(int64_t tokens, const float* dy, int64_t width, float* out) {
  if (out == nullptr) return;
  tasks_.push_back([=] {
    std::fill_n(out, width, 0.0f);
    for (int64_t n = 0; n < tokens; n++) ActiveOpKernels().add(dy + n * width, out, width);
  });
}

void WeightGradients::NormWeight(int64_t tokens, const float* dy, const float* x, const float* inverses, int64_t width, float* out) {
  if (out == nullptr) return;
  tasks_.push_back([=] {
    std::fill_n(out, width, 0.0f);
    for (int64_t n = 0; n < tokens; n++) ActiveOpKernels().addScaledProduct(inverses[n], x + n * width, dy + n * width, out, width);
  });
}

void WeightGradients::Run() {
  ParallelFor(static_cast<int64_t>(tasks_.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) tasks_[static_cast<size_t>(i)]();
  });
}

}  // namespace grpo

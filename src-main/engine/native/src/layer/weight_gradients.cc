#include "weight_gradients.h"

#include <algorithm>

#include "../gemm.h"
#include "../ops/op_kernels.h"
#include "../thread_pool.h"

namespace grpo {
namespace {

// Rows of a weight's gradient that one task computes: each task lays out the right side anew, but every thread wants a few.
int64_t TaskRows() { return std::clamp<int64_t>(768 / Threads(), 128, 384); }

}  // namespace

void WeightGradients::Product(int64_t tokens, const float* left, int64_t leftWidth, const float* right, int64_t rightWidth, float* out) {
  if (out == nullptr) return;
  const int64_t taskRows = TaskRows();
  for (int64_t row = 0; row < leftWidth; row += taskRows) {
    const int64_t rows = std::min(taskRows, leftWidth - row);
    tasks_.push_back([=] {
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

// The gradients of all weights of a layer as one list of tasks, so that threads do not wait between two matrices.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace grpo {

// Each method adds what its comment says to the list, over N tokens, or nothing where `out` is null; `Run` computes all of it.
class WeightGradients {
 public:
  // out[leftWidth, rightWidth] = left[N, leftWidth]^T * right[N, rightWidth]
  void Product(int64_t tokens, const float* left, int64_t leftWidth, const float* right, int64_t rightWidth, float* out);

  // out[width] = sum over the tokens of dy[N, width]
  void Sum(int64_t tokens, const float* dy, int64_t width, float* out);

  // out[width] = sum over the tokens of inverses[N] * x[N, width] * dy[N, width]
  void NormWeight(int64_t tokens, const float* dy, const float* x, const float* inverses, int64_t width, float* out);

  void Run();

 private:
  std::vector<std::function<void()>> tasks_;
};

}  // namespace grpo

#include <algorithm>

#include "../aligned_buffer.h"
#include "../gemm.h"
#include "../thread_pool.h"
#include "ops.h"

// A panel of weight rows at a time is turned into floats, in memory that stays in the cache, and multiplied as any matrix is. Panels
// depend on the width alone, so neither the threads nor the other rows of the batch change the order of additions.
namespace grpo {
namespace {

constexpr int64_t kPanelFloats = 1 << 16;
constexpr int64_t kGradientPanels = 4;  // panels taken together where all threads share one product

int64_t PanelRows(int64_t width, int64_t panels) { return std::max<int64_t>(1, panels * kPanelFloats / width); }

void Dequantise(const int8_t* packed, const float* scales, int64_t first, int64_t rows, int64_t width, float* out) {
  const int64_t stride = Int8Stride(width);
  for (int64_t r = 0; r < rows; r++) {
    const int8_t* row = packed + (first + r) * stride;
    const float scale = scales[first + r];
    for (int64_t i = 0; i < width; i++) out[r * width + i] = static_cast<float>(row[i]) * scale;
  }
}

}  // namespace

void Int8Linear(const float* x, const int8_t* packed, const float* scales, int64_t tokens, int64_t width, int64_t outputs, float* out) {
  const int64_t panel = PanelRows(width, 1);
  ParallelFor((outputs + panel - 1) / panel, 1, [&](int64_t begin, int64_t end) {
    thread_local AlignedBuffer buffer;
    float* weight = buffer.Reserve(panel * width);
    for (int64_t first = begin * panel; first < std::min(outputs, end * panel); first += panel) {
      const int64_t rows = std::min(panel, outputs - first);
      Dequantise(packed, scales, first, rows, width, weight);
      Gemm(false, true, tokens, rows, width, 1.0f, x, width, weight, width, 0.0f, out + first, outputs);
    }
  });
}

void Int8LinearGrad(const float* dy, const int8_t* packed, const float* scales, int64_t tokens, int64_t width, int64_t outputs,
                    float* dx) {
  const int64_t panel = PanelRows(width, kGradientPanels);
  AlignedBuffer buffer;
  float* weight = buffer.Reserve(panel * width);
  for (int64_t first = 0; first < outputs; first += panel) {
    const int64_t rows = std::min(panel, outputs - first);
    ParallelFor(rows, std::max<int64_t>(1, 16384 / width), [&](int64_t begin, int64_t end) {
      Dequantise(packed, scales, first + begin, end - begin, width, weight + begin * width);
    });
    Gemm(false, false, tokens, width, rows, 1.0f, dy + first, outputs, weight, width, first == 0 ? 0.0f : 1.0f, dx, width);
  }
}

}  // namespace grpo

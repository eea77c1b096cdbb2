// The table of row kernels of the fused operations: one instance per instruction set, compiled from op_kernels.inl.
//
// Each works on a few contiguous rows on one thread; the operations (rms_norm.cc, attention.cc, ...) cut the batch up. The order
// of additions depends on lengths only, so equal rows give equal bits wherever they lie in a batch.
#pragma once

#include <cstdint>

namespace grpo {

struct AdamWStep {
  float gradientScale, epsilon;
  float beta1, rest1;  // rest = 1 - beta, taken in double precision
  float beta2, rest2;
  float decay;         // 1 - learning rate * weight decay
  float stepSize;      // learning rate / (1 - beta1^step)
  float inverseRootV;  // 1 / sqrt(1 - beta2^step)
};

struct SoftmaxSums {
  float exponentials;  // sum of e^(x - max)
  float weighted;      // sum of e^(x - max) * (x - max)
};

struct OpKernels {
  float (*dot)(const float* a, const float* b, int64_t n);
  float (*max)(const float* x, int64_t n);  // n > 0
  void (*add)(const float* x, float* y, int64_t n);  // y += x

  void (*scaledProduct)(const float* x, const float* weight, float scale, float* out, int64_t n);   // out = x * scale * weight
  void (*addScaledProduct)(float scale, const float* a, const float* b, float* out, int64_t n);     // out += scale * a * b
  float (*dotOfThree)(const float* a, const float* b, const float* c, int64_t n);                   // sum of a * b * c
  // out = scale * dy * weight - shrink * x
  void (*rmsNormGrad)(const float* dy, const float* weight, const float* x, float scale, float shrink, float* out, int64_t n);

  // Rotates the pairs (x[i], x[half + i]), i < half, by the angle whose sine is direction * sin[i].
  void (*rotate)(const float* x, const float* cos, const float* sin, float direction, int64_t half, float* out);

  void (*swiGlu)(const float* gate, const float* up, float* out, int64_t n);
  void (*swiGluGrad)(const float* dy, const float* gate, const float* up, float* dGate, float* dUp, int64_t n);

  // x = e^(scale * x - shift); returns the sum.
  float (*exponentials)(float* x, float scale, float shift, int64_t n);
  void (*scale)(float* x, float factor, int64_t n);
  SoftmaxSums (*softmaxSums)(const float* x, float scale, float max, int64_t n);
  // out = p * (a + b * (scale * logit - logSum)), where p = e^(scale * logit - logSum); out may be logits.
  void (*logSoftmaxGrad)(const float* logits, float scale, float logSum, float a, float b, float* out, int64_t n);

  // out[t] = sum over d < depth of q[d] * keys[d * kPageTokens + t], for a whole page of tokens.
  void (*pageScores)(const float* q, const float* keys, int64_t depth, float* out);
  // out[d] += sum over t < tokens of weights[t] * values[t * stride + d], d < depth.
  void (*weightedSum)(const float* weights, const float* values, int64_t stride, int64_t tokens, int64_t depth, float* out);

  void (*adamW)(float* parameter, float* m, float* v, const float* gradient, const AdamWStep& step, int64_t n);

  void (*geGlu)(const float* gate, const float* up, float* out, int64_t n);
  void (*geGluGrad)(const float* dy, const float* gate, const float* up, float* dGate, float* dUp, int64_t n);
};

constexpr int64_t kPageTokens = 32;  // tokens per page of a decoding cache: a multiple of every vector width

namespace scalar {
extern const OpKernels kOpKernels;
}
namespace avx2 {
extern const OpKernels kOpKernels;
}
namespace avx512 {
extern const OpKernels kOpKernels;
}
namespace neon {
extern const OpKernels kOpKernels;
}

// The table for ActiveIsa().
const OpKernels& ActiveOpKernels();

}  // namespace grpo

// The fused operations as plain functions on row-major float arrays; init.cc hands them to JavaScript.
//
// Names of sizes: N tokens, H hidden width, V vocabulary. Every output is written whole. No result depends on the number of threads, and
// (but for gradients of weights, which sum over rows) none depends on the other rows of the batch.
#pragma once

#include <cstdint>
#include <vector>

#include "../packed_matrix.h"

namespace grpo {

// out[N, H] = x / sqrt(mean(x^2) + epsilon) * weight[H].
void RmsNorm(const float* x, const float* weight, int64_t tokens, int64_t width, float epsilon, float* out);
void RmsNormGrad(const float* dy, const float* x, const float* weight, int64_t tokens, int64_t width, float epsilon, float* dx,
                 float* dWeight);

// Rotates each head of x[N, heads * headDim] by its token's position; cos and sin are [P, half]. direction -1 turns back.
void Rope(const float* x, const float* cos, const float* sin, const int32_t* positions, int64_t tokens, int64_t heads,
          int64_t headDim, int64_t half, float direction, float* out);

// out = silu(gate) * up, elementwise.
void SwiGlu(const float* gate, const float* up, int64_t size, float* out);
void SwiGluGrad(const float* dy, const float* gate, const float* up, int64_t size, float* dGate, float* dUp);

// out = gelu(gate) * up, elementwise, with the tanh approximation of gelu.
void GeGlu(const float* gate, const float* up, int64_t size, float* out);
void GeGluGrad(const float* dy, const float* gate, const float* up, int64_t size, float* dGate, float* dUp);

// Copies some columns of every row of one matrix into another: what splits and joins the outputs of fused layers.
void CopyColumns(const float* from, int64_t rows, int64_t fromWidth, int64_t fromColumn, int64_t columns, float* to, int64_t toWidth,
                 int64_t toColumn);

// out[N, H] = weight[ids]; the gradient adds the rows of dy[N, H] with the same id, in order, into dWeight[V, H].
void Embedding(const float* weight, const int32_t* ids, int64_t tokens, int64_t width, float* out);
void EmbeddingGrad(const float* dy, const int32_t* ids, int64_t tokens, int64_t width, int64_t vocabulary, float* dWeight);

// Bytes from one row of an int8 weight to the next: rows are padded to whole 32-bit words, which is what JavaScript holds them in.
inline int64_t Int8Stride(int64_t width) { return (width + 3) / 4 * 4; }

// out[N, O] = x[N, I] * W^T, where row o of W[O, I] is the bytes of packed[O, stride] times scales[o]; dx[N, I] = dy * W.
void Int8Linear(const float* x, const int8_t* packed, const float* scales, int64_t tokens, int64_t width, int64_t outputs, float* out);
void Int8LinearGrad(const float* dy, const int8_t* packed, const float* scales, int64_t tokens, int64_t width, int64_t outputs,
                    float* dx);

struct AdamWSettings {
  double learningRate, beta1, beta2, epsilon, weightDecay, step, gradientScale;
};

// One update of parameter, m and v in place.
void AdamW(float* parameter, float* m, float* v, const float* gradient, int64_t size, const AdamWSettings& settings);

// The sum of the squares of x.
double SumSquares(const float* x, int64_t size);

struct AttentionShape {
  int64_t tokens, heads, kvHeads, headDim;
  float scale;
  int64_t window = 0;  // how many positions a query sees, its own the last of them; 0: all

  // Of the first `visible` positions of a sequence, those that its query at position visible - 1 does not see.
  int64_t Hidden(int64_t visible) const { return window > 0 && visible > window ? visible - window : 0; }
};

// Attention over the segment table segments[count][4] = start, length, parent, prefixLength: texts as a tree (segments.ts).
// logSums[N, heads] receives the logarithm of each softmax's denominator, for the gradient.
void Attention(const float* q, const float* k, const float* v, const int32_t* segments, int64_t count, const AttentionShape& shape,
               float* out, float* logSums);
void AttentionGrad(const float* dOut, const float* q, const float* k, const float* v, const float* out, const float* logSums,
                   const int32_t* segments, int64_t count, const AttentionShape& shape, float* dq, float* dk, float* dv);

// The prompts of a layer as every decoding step takes them, a matrix for each kv head.
class PackedPrompts {
 public:
  std::vector<PackedMatrix> keys;    // [Np, headDim]
  std::vector<PackedMatrix> values;  // [headDim, Np]

  // Packs keys and values [Np, kvHeads * headDim].
  void Pack(const float* allKeys, const float* allValues, int64_t tokens, int64_t kvHeads, int64_t headDim);

 private:
  AlignedBuffer memory_;
};

// The cache of one layer as cachedAttention sees it. Page p of the own tokens holds, for every kv head and slot, the keys as
// [headDim, kPageTokens] and the values as [kPageTokens, headDim].
struct CacheView {
  const PackedPrompts& prompts;
  int64_t slots;
  float* const* keyPages;
  float* const* valuePages;
};

struct DecodeRowsView {
  const int32_t* slots;    // [B]
  const int32_t* sources;  // the slot whose own tokens a row continues: its own, or another's that no other row overwrites
  const int32_t* promptStarts;
  const int32_t* promptLengths;
  int64_t ownLength;  // own tokens before this step
};

// One decoding step: takes over the own tokens of sources, appends k, v [B, kvHeads * headDim] to them and attends from
// q [B, heads * headDim]. shape.tokens is B.
void CachedAttention(const float* q, const float* k, const float* v, const CacheView& cache, const DecodeRowsView& rows,
                     const AttentionShape& shape, float* out);

struct LogSoftmaxShape {
  int64_t rows, width, vocabulary;  // M, H, V
  float temperature;
  int64_t keptFloats;  // room for logits that the gradient would compute again: M * V for all
};

// logps[M], entropies[M] of softmax(hidden[M, H] head[V, H]^T / temperature); logSums[M] and keptLogits are for the gradient.
void SelectiveLogSoftmax(const float* hidden, const float* head, const int32_t* targets, const LogSoftmaxShape& shape, float* logps,
                         float* entropies, float* logSums, float* keptLogits);

// dHidden[M, H] and dHead[V, H]; either may be null and is then not computed.
void SelectiveLogSoftmaxGrad(const float* dLogps, const float* dEntropies, const float* hidden, const float* head,
                             const float* entropies, const float* logSums, const float* keptLogits, const int32_t* targets,
                             const LogSoftmaxShape& shape, float* dHidden, float* dHead);

}  // namespace grpo

// The innermost loops of prompt attention: one block of queries against all keys they see, on one thread; one instance per
// instruction set, compiled from attention_kernels.inl. attention.cc cuts a batch into such blocks.
#pragma once

#include <cstdint>

namespace grpo {

constexpr int64_t kStripRows = 64;  // stacked rows of a block at most: a multiple of every vector width

// Stacked rows [first, first + count) of a segment for one key/value head: row g is the query of token g / shared with the
// head g % shared of those that share the key/value head. Pointers are to the segment's first token and to the first of its heads.
struct QueryBlock {
  int64_t first, count;  // count <= kStripRows
  int64_t shared, headDim, window;
  int64_t width, kvWidth, heads;  // numbers from one token to the next, in arrays of queries, of keys, and of one number a head
  int64_t prefixLength;           // tokens that all of the segment sees, before its own
  float scale;
  const float *prefixKeys, *prefixValues, *ownKeys, *ownValues;

  int64_t Row(int64_t r) const { return (first + r) / shared * width + (first + r) % shared * headDim; }
  int64_t Number(int64_t r) const { return (first + r) / shared * heads + (first + r) % shared; }
  // Keys up to the row's own token, and how many of them, the first ones, a window hides.
  int64_t Visible(int64_t r) const { return prefixLength + (first + r) / shared + 1; }
  int64_t Hidden(int64_t r) const { return window > 0 && Visible(r) > window ? Visible(r) - window : 0; }
};

// Gradients with respect to the keys and values of a block, in the layout of the keys and values; the kernel adds to them.
struct KeyGradients {
  float *prefixKeys, *prefixValues, *ownKeys, *ownValues;
};

struct AttentionKernels {
  // Floats of scratch that the two need.
  int64_t (*forwardScratch)(int64_t headDim);
  int64_t (*backwardScratch)(int64_t headDim);

  int64_t forwardRows;   // the most stacked rows a block has
  int64_t backwardRows;

  // out = softmax(scale q keys^T) values; logSums receives the logarithms of the softmax's denominators.
  void (*forward)(const QueryBlock& block, const float* q, float* out, float* logSums, float* scratch);
  // Writes dq and adds to the gradients of keys and values.
  void (*backward)(const QueryBlock& block, const float* q, const float* out, const float* dOut, const float* logSums, float* dq,
                   const KeyGradients& gradients, float* scratch);
};

namespace scalar {
extern const AttentionKernels kAttentionKernels;
}
namespace avx2 {
extern const AttentionKernels kAttentionKernels;
}
namespace avx512 {
extern const AttentionKernels kAttentionKernels;
}
namespace neon {
extern const AttentionKernels kAttentionKernels;
}

// The table for ActiveIsa().
const AttentionKernels& ActiveAttentionKernels();

}  // namespace grpo

// The innermost loops of prompt attention: a block of queries against all keys they see, on one thread; one instance per
// instruction set, compiled from attention_kernels.inl. attention.cc cuts a batch into such blocks.
#pragma once

#include <cstdint>

namespace grpo {

// Tokens [start, start + length) of the batch.
struct Span {
  int64_t start, length;
};

// Queries of a segment that read the same key/value head. `shared` heads do; stacked row g is the query of the segment's token
// g / shared with head g % shared of those, and a block is the rows [first, first + count).
struct QueryBlock {
  int64_t first, count;
  int64_t shared, headDim;
  int64_t window;                 // as in AttentionShape
  int64_t width, kvWidth, heads;  // from one token to the next, in arrays of queries, of keys, and of one number a head
  int64_t prefixLength;           // tokens before the segment's own
  float scale;
  const Span* text;            // the spans of the segment's text in order, its own tokens last
  const float *keys, *values;  // at the batch's first token, at this head

  // Keys that row r of the block has up to its own token, and how many of these, the first ones, the window hides.
  int64_t Visible(int64_t r) const { return prefixLength + (first + r) / shared + 1; }
  int64_t Hidden(int64_t r) const { return window > 0 && Visible(r) > window ? Visible(r) - window : 0; }
};

// Where the gradients with respect to a block's keys and values are added, in the layout of the keys and values.
struct KeyGradients {
  float *keys, *values;
  float *firstKeys, *firstValues;  // at the first token of the text's first span, for that span alone; null: with the others
};

struct AttentionKernels {
  int64_t forwardRows, backwardRows;  // the most stacked rows of a block
  int64_t (*forwardScratch)(int64_t headDim);  // floats
  int64_t (*backwardScratch)(int64_t headDim);

  // Pointers to arrays of queries and of one number a head are to the segment's first token and the first of the heads.
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

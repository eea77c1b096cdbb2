// One whole layer of a Llama decoder over a packed batch, forward and backward, in one call each. What follows attention is computed for
// the rows that are asked for alone: of the last layer that is a part of the batch.
//
// It computes what the single operations compute one after the other. Between two attentions every token is by itself: each thread
// takes blocks of tokens through norm, products and activation while they lie in its cache, and no thread waits for another.
#pragma once

#include <cstdint>

#include "../ops/ops.h"

namespace grpo {

// The linear layers, in the order of LayerParameters::linears.
enum class LayerLinear { kQuery, kKey, kValue, kOutput, kGate, kUp, kDown };
constexpr int64_t kLayerLinears = 7;

// out[N, O] = x[N, I] * weight[O, I]^T + bias[O] + scale * (x * down[rank, I]^T) * up[O, rank]^T
struct Linear {
  int64_t outputs, inputs;
  const float* weight;
  const float* bias;  // null where there is none
  const float *down, *up;  // null without a low-rank update
  int64_t rank;
  float scale;
};

struct LayerParameters {
  const float *inputNorm, *attentionNorm;  // [H]
  Linear linears[kLayerLinears];

  const Linear& operator[](LayerLinear name) const { return linears[static_cast<int>(name)]; }
};

struct LayerShape {
  int64_t hidden, intermediate, rotaryHalf;
  float normEpsilon;
  AttentionShape attention;  // tokens N too
  // [count][4] segments, position ids [N], and cos and sin [P, rotaryHalf]
  const int32_t* segments;
  int64_t segmentCount;
  const int32_t* positions;
  const float *cos, *sin;
  // The tokens whose output is wanted [R]; null for all N.
  const int32_t* rows;
  int64_t rowCount;
  // Of a linear layer: those before attention take every token.
  int64_t RowsOf(int64_t linear) const { return linear < static_cast<int64_t>(LayerLinear::kOutput) ? attention.tokens : rowCount; }
  bool AllRows() const { return rows == nullptr && rowCount == attention.tokens; }

  int64_t QueryWidth() const { return attention.heads * attention.headDim; }
  int64_t KvWidth() const { return attention.kvHeads * attention.headDim; }
};

// What the forward pass leaves for the backward one.
struct LayerActivations {
  float *query, *key, *value;  // rotated [N, heads * headDim], [N, kvHeads * headDim] twice
  float *attended, *logSums;   // [N, heads * headDim], [N, heads]
  float* middle;               // hidden states between attention and feed-forward [R, H]
  // Null when no backward pass follows: the inputs of the activation [R, I], and what each low-rank update reduces its input to,
  // scaled [N or R, rank].
  float *gate, *up;
  float* reduced[kLayerLinears];
};

// Gradients of the parameters; null where none is wanted.
struct LayerGradients {
  float *inputNorm, *attentionNorm;
  struct {
    float *weight, *bias, *down, *up;
  } linears[kLayerLinears];
};

// out[R, H] and the activations, from x[N, H].
void DecoderLayer(const LayerShape& shape, const LayerParameters& parameters, const float* x, const LayerActivations& activations,
                  float* out);

// dx[N, H] and the gradients of the parameters, from dy[R, H].
void DecoderLayerGrad(const LayerShape& shape, const LayerParameters& parameters, const float* x, const LayerActivations& activations,
                      const float* dy, float* dx, const LayerGradients& gradients);

}  // namespace grpo

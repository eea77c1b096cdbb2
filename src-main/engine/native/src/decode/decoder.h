// A whole decoding step in one call: every live completion's newest token through all layers of a Llama decoder to its logits.
//
// It computes what the single operations compute one after the other, over weights that are packed once a rollout.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "../ops/ops.h"
#include "../packed_matrix.h"

namespace grpo {

// The matrices of a layer, in the order of LayerWeights::matrices.
enum class LayerMatrix { kQuery, kKey, kValue, kOutput, kGate, kUp, kDown };
constexpr int64_t kLayerMatrices = 7;

struct DecoderShape {
  int64_t vocabulary, hidden, intermediate, layers, heads, kvHeads, headDim, rotaryHalf;
  float normEpsilon, scale;

  int64_t QueryWidth() const { return heads * headDim; }
  int64_t KvWidth() const { return kvHeads * headDim; }
  // Of a matrix, by its place in LayerMatrix.
  int64_t Outputs(int64_t matrix) const;
  int64_t Inputs(int64_t matrix) const;
};

struct LayerWeights {
  PackedMatrix matrices[kLayerMatrices];
  std::vector<float> biases[kLayerMatrices];  // empty where there is none
  std::vector<float> inputNorm, attentionNorm;

  const PackedMatrix& Matrix(LayerMatrix name) const { return matrices[static_cast<int>(name)]; }
  const std::vector<float>& Bias(LayerMatrix name) const { return biases[static_cast<int>(name)]; }
};

class Decoder {
 public:
  explicit Decoder(const DecoderShape& shape);

  const DecoderShape& Shape() const { return shape_; }
  // How all matrices are held; drops those that are held in another way.
  void SetFormat(WeightFormat format);
  WeightFormat Format() const { return format_; }
  LayerWeights& Layer(int64_t layer) { return layers_[static_cast<size_t>(layer)]; }
  std::vector<float>& FinalNorm() { return finalNorm_; }
  PackedMatrix& Head() { return head_; }

  // Begins a rollout of `slots` completions over the prompts' keys and values, one pair of arrays a layer.
  void Begin(int64_t slots, int64_t promptTokens, const std::vector<float*>& promptKeys, const std::vector<float*>& promptValues);
  int64_t Slots() const { return slots_; }
  int64_t PromptTokens() const { return promptTokens_; }
  // Whether every weight has been set, and a rollout has begun.
  bool Ready() const;

  // logits[B, V] after the tokens whose embeddings are hidden[B, H], which is overwritten. cos and sin are [P, rotaryHalf];
  // every position is below P.
  void Step(float* hidden, const int32_t* positions, const float* cos, const float* sin, int64_t count, const DecodeRowsView& rows,
            float* logits);

 private:
  struct Span;
  void PlaceMatrices();
  // Floats of a page's keys, or values, of one layer.
  int64_t PageFloats() const;
  void AddPages(int64_t ownLength);
  void RunRows(const Span& span);

  DecoderShape shape_;
  WeightFormat format_ = WeightFormat::kFloat32;
  AlignedBuffer matrices_;  // the memory of all layers' matrices
  std::vector<LayerWeights> layers_;
  std::vector<float> finalNorm_;
  PackedMatrix head_;
  std::vector<PackedPrompts> prompts_;                 // one a layer
  std::vector<std::unique_ptr<AlignedBuffer>> pages_;  // own tokens: of every layer the keys and the values, laid out as CacheView says
  int64_t slots_ = 0, promptTokens_ = 0;
};

}  // namespace grpo

#include "decoder.h"

#include <algorithm>
#include <cmath>

#include "../kernels.h"
#include "../ops/op_kernels.h"
#include "../thread_pool.h"

namespace grpo {
namespace {

constexpr int64_t kRowsPerThread = 8;           // fewer completions than this do not pay for another thread
constexpr int64_t kSharedWeights = 3 << 20;     // floats of weights up to which each thread takes rows of its own
constexpr int64_t kManyRows = 16;               // so many rows for each thread keep it busy while the next weights arrive
constexpr int64_t kStripWork = 1 << 20;         // multiply-adds for which a second thread is woken

// Activations of the rows that one thread of control works on.
struct Workspace {
  AlignedBuffer normed, query, key, value, attended, activation;
  PackedRows packed;
};

Workspace& ThreadWorkspace() {
  static thread_local Workspace workspace;
  return workspace;
}

void NormRows(const float* x, const std::vector<float>& weight, int64_t rows, float epsilon, float* out) {
  const OpKernels& kernels = ActiveOpKernels();
  const int64_t width = static_cast<int64_t>(weight.size());
  for (int64_t r = 0; r < rows; r++) {
    const float* row = x + r * width;
    const float inverse = 1.0f / std::sqrt(kernels.dot(row, row, width) / static_cast<float>(width) + epsilon);
    kernels.scaledProduct(row, weight.data(), inverse, out + r * width, width);
  }
}

void AddBias(const std::vector<float>& bias, int64_t rows, float* out) {
  if (bias.empty()) return;
  const int64_t width = static_cast<int64_t>(bias.size());
  for (int64_t r = 0; r < rows; r++) ActiveOpKernels().add(bias.data(), out + r * width, width);
}

struct Product {
  const PackedMatrix& matrix;
  float* out;
};

// Strips of several products with the same left side, as one loop.
void MultiplyAll(const PackedRows& rows, int64_t count, std::initializer_list<Product> products, bool add) {
  int64_t strips = 0, work = 0;
  for (const Product& product : products) {
    strips += product.matrix.Strips();
    work += product.matrix.Floats() * count;
  }
  const int64_t grain = work < kStripWork ? strips : 1;
  ParallelFor(strips, grain, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; task++) {
      int64_t strip = task;
      for (const Product& product : products) {
        if (strip < product.matrix.Strips()) {
          rows.Multiply(product.matrix, strip, add, product.out + strip * ActiveKernels().tileColumns, product.matrix.Outputs());
          break;
        }
        strip -= product.matrix.Strips();
      }
    }
  });
}

}  // namespace

// Rows [first, first + count) of a step.
struct Decoder::Span {
  float* hidden;
  const int32_t* positions;
  const float *cos, *sin;
  int64_t count;
  DecodeRowsView rows;
  float* logits;
};

int64_t DecoderShape::Outputs(int64_t matrix) const {
  const int64_t outputs[] = {QueryWidth(), KvWidth(), KvWidth(), hidden, intermediate, intermediate, hidden};
  return outputs[matrix];
}

int64_t DecoderShape::Inputs(int64_t matrix) const {
  const int64_t inputs[] = {hidden, hidden, hidden, QueryWidth(), hidden, hidden, intermediate};
  return inputs[matrix];
}

Decoder::Decoder(const DecoderShape& shape) : shape_(shape), layers_(static_cast<size_t>(shape.layers)) { PlaceMatrices(); }

// One buffer for all, which huge pages can hold.
void Decoder::PlaceMatrices() {
  int64_t layerFloats = 0;
  for (int64_t i = 0; i < kLayerMatrices; i++) layerFloats += PackedMatrix::FloatsOf(shape_.Outputs(i), shape_.Inputs(i), format_);
  matrices_.Release();
  float* memory = matrices_.Reserve(shape_.layers * layerFloats);
  for (LayerWeights& layer : layers_) {
    for (int64_t i = 0; i < kLayerMatrices; i++) {
      layer.matrices[i].Place(memory);
      memory += PackedMatrix::FloatsOf(shape_.Outputs(i), shape_.Inputs(i), format_);
    }
  }
}

void Decoder::SetFormat(WeightFormat format) {
  if (format == format_) return;
  format_ = format;
  head_.Clear();
  PlaceMatrices();
  for (LayerWeights& layer : layers_) {
    for (PackedMatrix& matrix : layer.matrices) matrix.Clear();
  }
}

bool Decoder::Ready() const {
  const auto whole = [](const LayerWeights& layer) {
    return !layer.inputNorm.empty() && std::all_of(std::begin(layer.matrices), std::end(layer.matrices),
                                                   [](const PackedMatrix& matrix) { return matrix.Outputs() > 0; });
  };
  return slots_ > 0 && head_.Outputs() > 0 && std::all_of(layers_.begin(), layers_.end(), whole);
}

void Decoder::Begin(int64_t slots, int64_t promptTokens, const std::vector<float*>& promptKeys,
                    const std::vector<float*>& promptValues) {
  promptTokens_ = promptTokens;
  // Pages of an earlier rollout serve again where they are large enough.
  if (slots > slots_) pages_.clear();
  slots_ = std::max(slots, slots_);
  if (prompts_.empty()) prompts_ = std::vector<PackedPrompts>(static_cast<size_t>(shape_.layers));
  for (size_t layer = 0; layer < prompts_.size(); layer++) {
    prompts_[layer].Pack(promptKeys[layer], promptValues[layer], promptTokens, shape_.kvHeads, shape_.headDim);
  }
}

int64_t Decoder::PageFloats() const { return slots_ * shape_.KvWidth() * kPageTokens; }

void Decoder::AddPages(int64_t ownLength) {
  const int64_t size = 2 * shape_.layers * PageFloats();
  while (static_cast<int64_t>(pages_.size()) * kPageTokens <= ownLength) {
    pages_.push_back(std::make_unique<AlignedBuffer>());
    std::fill_n(pages_.back()->Reserve(size), size, 0.0f);
  }
}

void Decoder::Step(float* hidden, const int32_t* positions, const float* cos, const float* sin, int64_t count,
                   const DecodeRowsView& rows, float* logits) {
  AddPages(rows.ownLength);
  int64_t weights = head_.Floats();
  for (const LayerWeights& layer : layers_) {
    for (const PackedMatrix& matrix : layer.matrices) weights += matrix.Floats();
  }
  // Weights that fit into every core's own cache are read by each thread for rows of its own, and no thread waits for another
  // within the step; so are larger ones where every thread has many rows. Else every product is cut by columns.
  const bool byRows = weights <= kSharedWeights || count >= kManyRows * Threads();
  const int64_t parts = byRows ? std::min<int64_t>(Threads(), (count + kRowsPerThread - 1) / kRowsPerThread) : 1;
  const auto run = [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; part++) {
      const int64_t first = count * part / parts, last = count * (part + 1) / parts;
      const DecodeRowsView view{rows.slots + first, rows.sources + first, rows.promptStarts + first, rows.promptLengths + first, rows.ownLength};
      RunRows({hidden + first * shape_.hidden, positions + first, cos, sin, last - first, view, logits + first * shape_.vocabulary});
    }
  };
  if (parts > 1) {
    ParallelFor(parts, 1, run);
  } else {
    run(0, 1);
  }
}

void Decoder::RunRows(const Span& span) {
  const OpKernels& kernels = ActiveOpKernels();
  Workspace& work = ThreadWorkspace();
  const int64_t count = span.count, width = shape_.hidden, d = shape_.headDim, half = shape_.rotaryHalf;
  const int64_t tile = ActiveKernels().tileColumns;
  float* hidden = span.hidden;
  float* normed = work.normed.Reserve(count * width);
  float* query = work.query.Reserve(count * shape_.QueryWidth());
  float* key = work.key.Reserve(count * shape_.KvWidth());
  float* value = work.value.Reserve(count * shape_.KvWidth());
  float* attended = work.attended.Reserve(count * shape_.QueryWidth());
  float* activation = work.activation.Reserve(count * shape_.intermediate);
  const AttentionShape attention{count, shape_.heads, shape_.kvHeads, d, shape_.scale};
  std::vector<float*> keyPages, valuePages;

  const auto rotate = [&](float* x, int64_t heads) {
    for (int64_t r = 0; r < count; r++) {
      const int64_t angles = span.positions[r] * half;
      for (int64_t head = 0; head < heads; head++) {
        float* from = x + (r * heads + head) * d;
        kernels.rotate(from, span.cos + angles, span.sin + angles, 1.0f, half, from);
      }
    }
  };

  for (size_t l = 0; l < layers_.size(); l++) {
    const LayerWeights& layer = layers_[l];
    NormRows(hidden, layer.inputNorm, count, shape_.normEpsilon, normed);
    work.packed.Pack(normed, count, width, format_);
    MultiplyAll(work.packed, count,
                {{layer.Matrix(LayerMatrix::kQuery), query}, {layer.Matrix(LayerMatrix::kKey), key}, {layer.Matrix(LayerMatrix::kValue), value}},
                false);
    AddBias(layer.Bias(LayerMatrix::kQuery), count, query);
    AddBias(layer.Bias(LayerMatrix::kKey), count, key);
    AddBias(layer.Bias(LayerMatrix::kValue), count, value);
    rotate(query, shape_.heads);
    rotate(key, shape_.kvHeads);

    keyPages.clear();
    valuePages.clear();
    for (const auto& page : pages_) {
      keyPages.push_back(page->Reserve(0) + 2 * static_cast<int64_t>(l) * PageFloats());
      valuePages.push_back(keyPages.back() + PageFloats());
    }
    CachedAttention(query, key, value, {prompts_[l], slots_, keyPages.data(), valuePages.data()}, span.rows, attention, attended);

    work.packed.Pack(attended, count, shape_.QueryWidth(), format_);
    MultiplyAll(work.packed, count, {{layer.Matrix(LayerMatrix::kOutput), hidden}}, true);
    AddBias(layer.Bias(LayerMatrix::kOutput), count, hidden);

    NormRows(hidden, layer.attentionNorm, count, shape_.normEpsilon, normed);
    work.packed.Pack(normed, count, width, format_);
    const PackedMatrix &gate = layer.Matrix(LayerMatrix::kGate), &up = layer.Matrix(LayerMatrix::kUp);
    const std::vector<float>&gateBias = layer.Bias(LayerMatrix::kGate), &upBias = layer.Bias(LayerMatrix::kUp);
    const int64_t grain = 2 * gate.Floats() * count < kStripWork ? gate.Strips() : 1;
    ParallelFor(gate.Strips(), grain, [&](int64_t begin, int64_t end) {
      thread_local AlignedBuffer buffer;
      float* gated = buffer.Reserve(2 * count * tile);
      float* raised = gated + count * tile;
      for (int64_t strip = begin; strip < end; strip++) {
        const int64_t column = strip * tile, columns = std::min(tile, shape_.intermediate - column);
        work.packed.Multiply(gate, strip, false, gated, tile);
        work.packed.Multiply(up, strip, false, raised, tile);
        for (int64_t r = 0; r < count; r++) {
          if (!gateBias.empty()) kernels.add(gateBias.data() + column, gated + r * tile, columns);
          if (!upBias.empty()) kernels.add(upBias.data() + column, raised + r * tile, columns);
          kernels.swiGlu(gated + r * tile, raised + r * tile, activation + r * shape_.intermediate + column, columns);
        }
      }
    });
    work.packed.Pack(activation, count, shape_.intermediate, format_);
    MultiplyAll(work.packed, count, {{layer.Matrix(LayerMatrix::kDown), hidden}}, true);
    AddBias(layer.Bias(LayerMatrix::kDown), count, hidden);
  }
  NormRows(hidden, finalNorm_, count, shape_.normEpsilon, normed);
  work.packed.Pack(normed, count, width, format_);
  MultiplyAll(work.packed, count, {{head_, span.logits}}, false);
}

}  // namespace grpo

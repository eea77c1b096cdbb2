#include "decoder_layer.h"

#include <algorithm>
#include <cmath>

#include "../aligned_buffer.h"
#include "../packed_matrix.h"
#include "../gemm.h"
#include "../kernels.h"
#include "../ops/op_kernels.h"
#include "../thread_pool.h"
#include "weight_gradients.h"

namespace grpo {
namespace {

constexpr int64_t kBlockRows = 84;  // tokens of a block, about: whole strips of every micro-kernel

// The matrices of a linear layer, packed for x * weight^T or for dy * weight, with those of its low-rank update.
struct PackedLinear {
  PackedMatrix weight, first, second;
};

// What lives from one phase of a call to the next, for all tokens.
struct Scratch {
  PackedLinear linears[kLayerLinears];
  AlignedBuffer normed, normedAgain, activation, dGate, dUp, dNormed, dNormedAgain, dMiddle, dAttended, dQuery, dKey, dValue, inverses;
  AlignedBuffer inputRows, attendedRows, dMiddleRows, dAttendedRows;  // of the rows that are wanted
  AlignedBuffer dReduced[kLayerLinears];
};

// What one thread needs for its block of tokens.
struct Workspace {
  PackedRows rows, reducedRows;
  AlignedBuffer normed, gate, up, reduced;
};

Scratch& CallScratch() {
  static thread_local Scratch scratch;
  return scratch;
}

Workspace& ThreadWorkspace() {
  static thread_local Workspace workspace;
  return workspace;
}

// Calls body(first, count) on blocks of the tokens, of equal size and in a number that all threads share evenly.
template <class Body>
void ForBlocks(int64_t tokens, Body body) {
  const int64_t even = 4 * Threads();
  int64_t blocks = (tokens + kBlockRows - 1) / kBlockRows;
  if (blocks > 1 && blocks % even != 0 && tokens >= 16 * even) blocks += even - blocks % even;
  ParallelFor(blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; block++) {
      const int64_t first = tokens * block / blocks;
      body(first, tokens * (block + 1) / blocks - first);
    }
  });
}

// out[rows, outputs] = rows * matrix^T, or += with `add`.
void Multiply(const PackedRows& rows, const PackedMatrix& matrix, bool add, float* out) {
  const int64_t tile = ActiveKernels().tileColumns;
  for (int64_t strip = 0; strip < matrix.Strips(); strip++) rows.Multiply(matrix, strip, add, out + strip * tile, matrix.Outputs());
}

void PackForward(const LayerParameters& parameters, Scratch& scratch) {
  for (int64_t i = 0; i < kLayerLinears; i++) {
    const Linear& linear = parameters.linears[i];
    PackedLinear& packed = scratch.linears[i];
    packed.weight.Pack(linear.weight, linear.outputs, linear.inputs);
    if (linear.rank == 0) continue;
    packed.first.Pack(linear.down, linear.rank, linear.inputs);
    packed.second.Pack(linear.up, linear.outputs, linear.rank);
  }
}

void PackBackward(const LayerParameters& parameters, Scratch& scratch) {
  for (int64_t i = 0; i < kLayerLinears; i++) {
    const Linear& linear = parameters.linears[i];
    PackedLinear& packed = scratch.linears[i];
    packed.weight.PackTransposed(linear.weight, linear.outputs, linear.inputs);
    if (linear.rank == 0) continue;
    packed.first.PackTransposed(linear.up, linear.outputs, linear.rank);
    packed.second.PackTransposed(linear.down, linear.rank, linear.inputs);
  }
}

// reduced[count, rank] = scale * rows * first^T, and out += reduced * second^T.
void AddLowRank(const Linear& linear, const PackedLinear& packed, const PackedRows& rows, int64_t count, float* reduced, float* out) {
  if (linear.rank == 0) return;
  Workspace& work = ThreadWorkspace();
  Multiply(rows, packed.first, false, reduced);
  ActiveOpKernels().scale(reduced, linear.scale, count * linear.rank);
  work.reducedRows.Pack(reduced, count, linear.rank);
  Multiply(work.reducedRows, packed.second, true, out);
}

float InverseRoot(const float* row, int64_t width, float epsilon) {
  return 1.0f / std::sqrt(ActiveOpKernels().dot(row, row, width) / static_cast<float>(width) + epsilon);
}

void NormRows(const float* x, const float* weight, int64_t count, int64_t width, float epsilon, float* out) {
  for (int64_t r = 0; r < count; r++) {
    const float* row = x + r * width;
    ActiveOpKernels().scaledProduct(row, weight, InverseRoot(row, width, epsilon), out + r * width, width);
  }
}

// dx = gradient of the norm at x, plus what flows past it.
void NormGradRows(const float* dy, const float* x, const float* weight, const float* past, int64_t count, int64_t width, float epsilon,
                  float* inverses, float* dx) {
  const OpKernels& kernels = ActiveOpKernels();
  for (int64_t r = 0; r < count; r++) {
    const float *row = x + r * width, *d = dy + r * width;
    const float inverse = inverses[r] = InverseRoot(row, width, epsilon);
    const float shrink = inverse * inverse * inverse * kernels.dotOfThree(d, weight, row, width) / static_cast<float>(width);
    kernels.rmsNormGrad(d, weight, row, inverse, shrink, dx + r * width, width);
    kernels.add(past + r * width, dx + r * width, width);
  }
}

// Rotates the heads of rows [first, first + count) of x[N, heads * headDim] in place.
void RotateRows(const LayerShape& shape, int64_t heads, float direction, int64_t first, int64_t count, float* x) {
  const int64_t d = shape.attention.headDim, half = shape.rotaryHalf;
  for (int64_t n = first; n < first + count; n++) {
    const int64_t angles = shape.positions[n] * half;
    for (int64_t head = 0; head < heads; head++) {
      float* at = x + (n * heads + head) * d;
      ActiveOpKernels().rotate(at, shape.cos + angles, shape.sin + angles, direction, half, at);
    }
  }
}

// x[N, width] at the rows that are wanted.
const float* WantedRows(const LayerShape& shape, const float* x, int64_t width, AlignedBuffer& buffer) {
  if (shape.AllRows()) return x;
  float* wanted = buffer.Reserve(shape.rowCount * width);
  Embedding(x, shape.rows, shape.rowCount, width, wanted);
  return wanted;
}

}  // namespace

void DecoderLayer(const LayerShape& shape, const LayerParameters& parameters, const float* x, const LayerActivations& activations,
                  float* out) {
  Scratch& scratch = CallScratch();
  const int64_t tokens = shape.attention.tokens, h = shape.hidden, q = shape.QueryWidth(), kv = shape.KvWidth(), wide = shape.intermediate;
  const auto apply = [&](LayerLinear name, const PackedRows& rows, int64_t first, int64_t count, bool add, float* to) {
    const int i = static_cast<int>(name);
    const Linear& linear = parameters.linears[i];
    Multiply(rows, scratch.linears[i].weight, add, to);
    for (int64_t r = 0; linear.bias != nullptr && r < count; r++) {
      ActiveOpKernels().add(linear.bias, to + r * linear.outputs, linear.outputs);
    }
    float* kept = activations.reduced[i];
    float* reduced = kept == nullptr ? ThreadWorkspace().reduced.Reserve(count * linear.rank) : kept + first * linear.rank;
    AddLowRank(linear, scratch.linears[i], rows, count, reduced, to);
  };
  PackForward(parameters, scratch);

  ForBlocks(tokens, [&](int64_t first, int64_t count) {
    Workspace& work = ThreadWorkspace();
    float* normed = work.normed.Reserve(count * h);
    NormRows(x + first * h, parameters.inputNorm, count, h, shape.normEpsilon, normed);
    work.rows.Pack(normed, count, h);
    apply(LayerLinear::kQuery, work.rows, first, count, false, activations.query + first * q);
    apply(LayerLinear::kKey, work.rows, first, count, false, activations.key + first * kv);
    apply(LayerLinear::kValue, work.rows, first, count, false, activations.value + first * kv);
    RotateRows(shape, shape.attention.heads, 1.0f, first, count, activations.query);
    RotateRows(shape, shape.attention.kvHeads, 1.0f, first, count, activations.key);
  });

  Attention(activations.query, activations.key, activations.value, shape.segments, shape.segmentCount, shape.attention,
            activations.attended, activations.logSums);

  const float* attended = WantedRows(shape, activations.attended, q, scratch.attendedRows);
  const float* input = WantedRows(shape, x, h, scratch.inputRows);
  ForBlocks(shape.rowCount, [&](int64_t first, int64_t count) {
    Workspace& work = ThreadWorkspace();
    float *normed = work.normed.Reserve(count * h), *middle = activations.middle + first * h, *to = out + first * h;
    float* gate = activations.gate == nullptr ? work.gate.Reserve(count * wide) : activations.gate + first * wide;
    float* up = work.up.Reserve(count * wide);  // becomes the activation
    std::copy_n(input + first * h, count * h, middle);
    work.rows.Pack(attended + first * q, count, q);
    apply(LayerLinear::kOutput, work.rows, first, count, true, middle);
    NormRows(middle, parameters.attentionNorm, count, h, shape.normEpsilon, normed);
    work.rows.Pack(normed, count, h);
    apply(LayerLinear::kGate, work.rows, first, count, false, gate);
    apply(LayerLinear::kUp, work.rows, first, count, false, up);
    if (activations.up != nullptr) std::copy_n(up, count * wide, activations.up + first * wide);
    ActiveOpKernels().swiGlu(gate, up, up, count * wide);
    std::copy_n(middle, count * h, to);
    work.rows.Pack(up, count, wide);
    apply(LayerLinear::kDown, work.rows, first, count, true, to);
  });
}

void DecoderLayerGrad(const LayerShape& shape, const LayerParameters& parameters, const float* x, const LayerActivations& activations,
                      const float* dy, float* dx, const LayerGradients& gradients) {
  const OpKernels& kernels = ActiveOpKernels();
  Scratch& scratch = CallScratch();
  const int64_t tokens = shape.attention.tokens, rows = shape.rowCount;
  const int64_t h = shape.hidden, q = shape.QueryWidth(), kv = shape.KvWidth(), wide = shape.intermediate;
  float *normed = scratch.normed.Reserve(tokens * h), *normedAgain = scratch.normedAgain.Reserve(rows * h);
  float *dNormed = scratch.dNormed.Reserve(tokens * h), *dNormedAgain = scratch.dNormedAgain.Reserve(rows * h);
  float *dMiddleRows = scratch.dMiddleRows.Reserve(rows * h), *dAttendedRows = scratch.dAttendedRows.Reserve(rows * q);
  float* activation = scratch.activation.Reserve(rows * wide);
  float *dGate = scratch.dGate.Reserve(rows * wide), *dUp = scratch.dUp.Reserve(rows * wide);
  float* dQuery = scratch.dQuery.Reserve(tokens * q);
  float *dKey = scratch.dKey.Reserve(tokens * kv), *dValue = scratch.dValue.Reserve(tokens * kv);
  float *inverses = scratch.inverses.Reserve(tokens + rows), *inversesAgain = inverses + tokens;
  float* dReduced[kLayerLinears];
  for (int64_t i = 0; i < kLayerLinears; i++) dReduced[i] = scratch.dReduced[i].Reserve(shape.RowsOf(i) * parameters.linears[i].rank);
  PackBackward(parameters, scratch);

  // to[count, inputs] = the gradient of a linear layer's input, from that of its output; or +=.
  const auto back = [&](LayerLinear name, const float* dOut, int64_t first, int64_t count, bool add, float* to) {
    const int i = static_cast<int>(name);
    const Linear& linear = parameters.linears[i];
    Workspace& work = ThreadWorkspace();
    work.rows.Pack(dOut + first * linear.outputs, count, linear.outputs);
    Multiply(work.rows, scratch.linears[i].weight, add, to);
    AddLowRank(linear, scratch.linears[i], work.rows, count, dReduced[i] + first * linear.rank, to);
  };

  const float* attended = WantedRows(shape, activations.attended, q, scratch.attendedRows);
  ForBlocks(rows, [&](int64_t first, int64_t count) {
    const int64_t row = first * h, wideRow = first * wide;
    float* dActivation = ThreadWorkspace().gate.Reserve(count * wide);
    back(LayerLinear::kDown, dy, first, count, false, dActivation);
    kernels.swiGlu(activations.gate + wideRow, activations.up + wideRow, activation + wideRow, count * wide);
    kernels.swiGluGrad(dActivation, activations.gate + wideRow, activations.up + wideRow, dGate + wideRow, dUp + wideRow, count * wide);
    back(LayerLinear::kGate, dGate, first, count, false, dNormedAgain + row);
    back(LayerLinear::kUp, dUp, first, count, true, dNormedAgain + row);
    NormRows(activations.middle + row, parameters.attentionNorm, count, h, shape.normEpsilon, normedAgain + row);
    NormGradRows(dNormedAgain + row, activations.middle + row, parameters.attentionNorm, dy + row, count, h, shape.normEpsilon,
                 inversesAgain + first, dMiddleRows + row);
    back(LayerLinear::kOutput, dMiddleRows, first, count, false, dAttendedRows + first * q);
  });

  // Tokens whose output nobody asked for still serve as keys and values.
  const auto ofAllTokens = [&](const float* ofRows, int64_t width, AlignedBuffer& buffer) {
    if (shape.AllRows()) return ofRows;
    float* all = buffer.Reserve(tokens * width);
    EmbeddingGrad(ofRows, shape.rows, rows, width, tokens, all);
    return static_cast<const float*>(all);
  };
  const float *dMiddle = ofAllTokens(dMiddleRows, h, scratch.dMiddle), *dAttended = ofAllTokens(dAttendedRows, q, scratch.dAttended);
  AttentionGrad(dAttended, activations.query, activations.key, activations.value, activations.attended, activations.logSums,
                shape.segments, shape.segmentCount, shape.attention, dQuery, dKey, dValue);

  ForBlocks(tokens, [&](int64_t first, int64_t count) {
    const int64_t row = first * h;
    RotateRows(shape, shape.attention.heads, -1.0f, first, count, dQuery);
    RotateRows(shape, shape.attention.kvHeads, -1.0f, first, count, dKey);
    back(LayerLinear::kQuery, dQuery, first, count, false, dNormed + row);
    back(LayerLinear::kKey, dKey, first, count, true, dNormed + row);
    back(LayerLinear::kValue, dValue, first, count, true, dNormed + row);
    NormRows(x + row, parameters.inputNorm, count, h, shape.normEpsilon, normed + row);
    NormGradRows(dNormed + row, x + row, parameters.inputNorm, dMiddle + row, count, h, shape.normEpsilon, inverses + first, dx + row);
  });

  const float* inputs[] = {normed, normed, normed, attended, normedAgain, normedAgain, activation};
  const float* dOutputs[] = {dQuery, dKey, dValue, dMiddleRows, dGate, dUp, dy};
  WeightGradients tasks;
  for (int64_t i = kLayerLinears - 1; i >= 0; i--) {  // the largest first
    const Linear& linear = parameters.linears[i];
    const auto& wanted = gradients.linears[i];
    const int64_t count = shape.RowsOf(i);
    tasks.Product(count, dOutputs[i], linear.outputs, inputs[i], linear.inputs, wanted.weight);
    tasks.Product(count, dReduced[i], linear.rank, inputs[i], linear.inputs, wanted.down);
    tasks.Product(count, dOutputs[i], linear.outputs, activations.reduced[i], linear.rank, wanted.up);
    tasks.Sum(count, dOutputs[i], linear.outputs, wanted.bias);
  }
  tasks.NormWeight(rows, dNormedAgain, activations.middle, inversesAgain, h, gradients.attentionNorm);
  tasks.NormWeight(tokens, dNormed, x, inverses, h, gradients.inputNorm);
  tasks.Run();
}

}  // namespace grpo

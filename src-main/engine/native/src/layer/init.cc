// Hands the whole layer to JavaScript: reads sizes and arrays in order, and checks every length and index.
#include <napi.h>

#include <algorithm>
#include <vector>

#include "../ops/arguments.h"
#include "decoder_layer.h"

namespace grpo {
namespace {

// The lengths that the arrays of the linear layers have: weight, bias, down and up of each.
std::vector<int64_t> ArrayLengths(const LayerParameters& parameters) {
  std::vector<int64_t> lengths;
  for (const Linear& linear : parameters.linears) {
    lengths.insert(lengths.end(), {linear.outputs * linear.inputs, linear.outputs, linear.rank * linear.inputs, linear.outputs * linear.rank});
  }
  return lengths;
}

// tokens, hidden, intermediate, heads, kvHeads, headDim, places, rotaryHalf, normEpsilon, scale, segments, positions, cos, sin,
// rows or null
LayerShape ReadShape(Arguments& in) {
  LayerShape shape;
  AttentionShape& attention = shape.attention;
  attention.tokens = in.Size(1);
  shape.hidden = in.Size();
  shape.intermediate = in.Size();
  attention.heads = in.Size();
  attention.kvHeads = in.Size();
  attention.headDim = in.Size();
  const int64_t places = in.Size();
  shape.rotaryHalf = in.Size();
  shape.normEpsilon = in.Float();
  attention.scale = in.Float();
  in.Check(attention.kvHeads > 0 && attention.heads % attention.kvHeads == 0 && 2 * shape.rotaryHalf == attention.headDim,
           "The sizes of the heads do not fit");
  shape.segments = in.Segments(attention.tokens, &shape.segmentCount);
  shape.positions = in.Indices(attention.tokens, places);
  shape.cos = in.FloatArray(places * shape.rotaryHalf);
  shape.sin = in.FloatArray(places * shape.rotaryHalf);
  shape.rowCount = in.NextIsMissing() ? attention.tokens : in.NextLength();
  shape.rows = in.OptionalIndices(shape.rowCount, attention.tokens);
  return shape;
}

// inputNorm, attentionNorm, ranks, scales, arrays (a list of 28, null where there is none)
LayerParameters ReadParameters(Arguments& in, const LayerShape& shape) {
  LayerParameters parameters;
  parameters.inputNorm = in.FloatArray(shape.hidden);
  parameters.attentionNorm = in.FloatArray(shape.hidden);
  const int32_t* ranks = in.Indices(kLayerLinears, 1 << 20);
  const float* scales = in.FloatArray(kLayerLinears);
  const int64_t q = shape.QueryWidth(), kv = shape.KvWidth(), h = shape.hidden, i = shape.intermediate;
  const int64_t outputs[] = {q, kv, kv, h, i, i, h}, inputs[] = {h, h, h, q, h, h, i};
  for (int64_t l = 0; in.Ok() && l < kLayerLinears; l++) {
    parameters.linears[l] = {outputs[l], inputs[l], nullptr, nullptr, nullptr, nullptr, ranks[l], scales[l]};
  }
  if (!in.Ok()) return parameters;
  const std::vector<float*> arrays = in.OptionalFloatArrays(ArrayLengths(parameters));
  for (int64_t l = 0; in.Ok() && l < kLayerLinears; l++) {
    Linear& linear = parameters.linears[l];
    linear.weight = arrays[4 * l];
    linear.bias = arrays[4 * l + 1];
    linear.down = arrays[4 * l + 2];
    linear.up = arrays[4 * l + 3];
    in.Check(linear.weight != nullptr && (linear.rank == 0 || (linear.down != nullptr && linear.up != nullptr)), "A weight is missing");
  }
  return parameters;
}

// query, key, value, attended, logSums, middle, gate, up, reduced (of all linear layers, one after the other); the last three may be
// null together
LayerActivations ReadActivations(Arguments& in, const LayerShape& shape, const LayerParameters& parameters, bool whole) {
  const int64_t tokens = shape.attention.tokens, rows = shape.rowCount;
  LayerActivations activations;
  activations.query = in.FloatArray(tokens * shape.QueryWidth());
  activations.key = in.FloatArray(tokens * shape.KvWidth());
  activations.value = in.FloatArray(tokens * shape.KvWidth());
  activations.attended = in.FloatArray(tokens * shape.QueryWidth());
  activations.logSums = in.FloatArray(tokens * shape.attention.heads);
  activations.middle = in.FloatArray(rows * shape.hidden);
  const auto wide = [&]() -> float* {
    if (whole || !in.NextIsMissing()) return in.FloatArray(rows * shape.intermediate);
    in.Skip();
    return nullptr;
  };
  activations.gate = wide();
  activations.up = wide();
  std::fill_n(activations.reduced, kLayerLinears, nullptr);
  if (!whole && in.NextIsMissing()) {
    in.Skip();
    return activations;
  }
  int64_t floats = 0;
  for (int64_t l = 0; in.Ok() && l < kLayerLinears; l++) floats += shape.RowsOf(l) * parameters.linears[l].rank;
  float* reduced = in.FloatArray(floats);
  for (int64_t l = 0; in.Ok() && l < kLayerLinears; l++) {
    activations.reduced[l] = reduced;
    reduced += shape.RowsOf(l) * parameters.linears[l].rank;
  }
  return activations;
}

// decoderLayer(shape ..., parameters ..., x, activations ..., out)
void DecoderLayerCall(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const LayerShape shape = ReadShape(in);
  const LayerParameters parameters = ReadParameters(in, shape);
  const float* x = in.FloatArray(shape.attention.tokens * shape.hidden);
  const LayerActivations activations = ReadActivations(in, shape, parameters, false);
  float* out = in.FloatArray(shape.rowCount * shape.hidden);
  if (in.Ok()) DecoderLayer(shape, parameters, x, activations, out);
}

// decoderLayerGrad(shape ..., parameters ..., x, activations ..., dy, dx, dNorms, dArrays); gradients that are null are not computed
void DecoderLayerGradCall(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const LayerShape shape = ReadShape(in);
  const LayerParameters parameters = ReadParameters(in, shape);
  const int64_t size = shape.attention.tokens * shape.hidden;
  const float* x = in.FloatArray(size);
  const LayerActivations activations = ReadActivations(in, shape, parameters, true);
  const float* dy = in.FloatArray(shape.rowCount * shape.hidden);
  float* dx = in.FloatArray(size);
  const std::vector<float*> norms = in.OptionalFloatArrays({shape.hidden, shape.hidden});
  const std::vector<float*> arrays = in.OptionalFloatArrays(ArrayLengths(parameters));
  if (!in.Ok()) return;
  LayerGradients gradients{norms[0], norms[1], {}};
  for (int64_t l = 0; l < kLayerLinears; l++) {
    gradients.linears[l] = {arrays[4 * l], arrays[4 * l + 1], arrays[4 * l + 2], arrays[4 * l + 3]};
  }
  DecoderLayerGrad(shape, parameters, x, activations, dy, dx, gradients);
}

}  // namespace

void InitLayer(Napi::Env env, Napi::Object exports) {
  exports.Set("decoderLayer", Napi::Function::New<DecoderLayerCall>(env));
  exports.Set("decoderLayerGrad", Napi::Function::New<DecoderLayerGradCall>(env));
}

}  // namespace grpo

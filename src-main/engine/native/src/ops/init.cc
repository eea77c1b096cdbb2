// Hands the fused operations to JavaScript: reads sizes and arrays in order, checks every length and index, and calls ops.h.
#include <napi.h>

#include <vector>

#include "arguments.h"
#include "op_kernels.h"
#include "ops.h"

namespace grpo {
namespace {

// rmsNorm(tokens, width, epsilon, x, weight, out)
void RmsNormCall(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const int64_t tokens = in.Size(0), width = in.Size();
  const float epsilon = in.Float();
  const float *x = in.FloatArray(tokens * width), *weight = in.FloatArray(width);
  float* out = in.FloatArray(tokens * width);
  if (in.Ok()) RmsNorm(x, weight, tokens, width, epsilon, out);
}

// rmsNormGrad(tokens, width, epsilon, dy, x, weight, dx, dWeight)
void RmsNormGradCall(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const int64_t tokens = in.Size(0), width = in.Size();
  const float epsilon = in.Float();
  const float *dy = in.FloatArray(tokens * width), *x = in.FloatArray(tokens * width), *weight = in.FloatArray(width);
  float *dx = in.FloatArray(tokens * width), *dWeight = in.FloatArray(width);
  if (in.Ok()) RmsNormGrad(dy, x, weight, tokens, width, epsilon, dx, dWeight);
}

// rope(tokens, heads, headDim, places, half, direction, x, cos, sin, positions, out)
void RopeCall(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const int64_t tokens = in.Size(0), heads = in.Size(), headDim = in.Size(), places = in.Size(), half = in.Size();
  in.Check(2 * half <= headDim, "The rotated part is wider than a head");
  const float direction = in.Float();
  const float *x = in.FloatArray(tokens * heads * headDim), *cos = in.FloatArray(places * half), *sin = in.FloatArray(places * half);
  const int32_t* positions = in.Indices(tokens, places);
  float* out = in.FloatArray(tokens * heads * headDim);
  if (in.Ok()) Rope(x, cos, sin, positions, tokens, heads, headDim, half, direction, out);
}

// swiGlu(size, gate, up, out), and geGlu the same
template <void (*Glu)(const float*, const float*, int64_t, float*)>
void GluCall(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const int64_t size = in.Size(0);
  const float *gate = in.FloatArray(size), *up = in.FloatArray(size);
  float* out = in.FloatArray(size);
  if (in.Ok()) Glu(gate, up, size, out);
}

// swiGluGrad(size, dy, gate, up, dGate, dUp), and geGluGrad the same
template <void (*GluGrad)(const float*, const float*, const float*, int64_t, float*, float*)>
void GluGradCall(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const int64_t size = in.Size(0);
  const float *dy = in.FloatArray(size), *gate = in.FloatArray(size), *up = in.FloatArray(size);
  float *dGate = in.FloatArray(size), *dUp = in.FloatArray(size);
  if (in.Ok()) GluGrad(dy, gate, up, size, dGate, dUp);
}

// copyColumns(rows, fromWidth, fromColumn, columns, toWidth, toColumn, from, to)
void CopyColumnsCall(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const int64_t rows = in.Size(0), fromWidth = in.Size(), fromColumn = in.Size(0), columns = in.Size(), toWidth = in.Size(), toColumn = in.Size(0);
  in.Check(fromColumn + columns <= fromWidth && toColumn + columns <= toWidth, "The columns lie outside the matrix");
  const float* from = in.FloatArray(rows * fromWidth);
  float* to = in.FloatArray(rows * toWidth);
  if (in.Ok()) CopyColumns(from, rows, fromWidth, fromColumn, columns, to, toWidth, toColumn);
}

// embedding(tokens, width, vocabulary, weight, ids, out)
void EmbeddingCall(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const int64_t tokens = in.Size(0), width = in.Size(), vocabulary = in.Size();
  const float* weight = in.FloatArray(vocabulary * width);
  const int32_t* ids = in.Indices(tokens, vocabulary);
  float* out = in.FloatArray(tokens * width);
  if (in.Ok()) Embedding(weight, ids, tokens, width, out);
}

// embeddingGrad(tokens, width, vocabulary, dy, ids, dWeight)
void EmbeddingGradCall(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const int64_t tokens = in.Size(0), width = in.Size(), vocabulary = in.Size();
  const float* dy = in.FloatArray(tokens * width);
  const int32_t* ids = in.Indices(tokens, vocabulary);
  float* dWeight = in.FloatArray(vocabulary * width);
  if (in.Ok()) EmbeddingGrad(dy, ids, tokens, width, vocabulary, dWeight);
}

// int8Linear(tokens, width, outputs, x, packed, scales, out)
void Int8LinearCall(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const int64_t tokens = in.Size(0), width = in.Size(), outputs = in.Size();
  const float* x = in.FloatArray(tokens * width);
  const int8_t* packed = reinterpret_cast<const int8_t*>(in.IntArray(outputs * Int8Stride(width) / 4));
  const float* scales = in.FloatArray(outputs);
  float* out = in.FloatArray(tokens * outputs);
  if (in.Ok()) Int8Linear(x, packed, scales, tokens, width, outputs, out);
}

// int8LinearGrad(tokens, width, outputs, dy, packed, scales, dx)
void Int8LinearGradCall(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const int64_t tokens = in.Size(0), width = in.Size(), outputs = in.Size();
  const float* dy = in.FloatArray(tokens * outputs);
  const int8_t* packed = reinterpret_cast<const int8_t*>(in.IntArray(outputs * Int8Stride(width) / 4));
  const float* scales = in.FloatArray(outputs);
  float* dx = in.FloatArray(tokens * width);
  if (in.Ok()) Int8LinearGrad(dy, packed, scales, tokens, width, outputs, dx);
}

// adamW(size, learningRate, beta1, beta2, epsilon, weightDecay, step, gradientScale, parameter, m, v, gradient)
void AdamWCall(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const int64_t size = in.Size(0);
  AdamWSettings settings;
  for (double* field : {&settings.learningRate, &settings.beta1, &settings.beta2, &settings.epsilon, &settings.weightDecay,
                        &settings.step, &settings.gradientScale}) {
    *field = in.Double();
  }
  float *parameter = in.FloatArray(size), *m = in.FloatArray(size), *v = in.FloatArray(size);
  const float* gradient = in.FloatArray(size);
  if (in.Ok()) AdamW(parameter, m, v, gradient, size, settings);
}

// sumSquares(arrays): the sum of the squares of all elements
Napi::Value SumSquaresCall(const Napi::CallbackInfo& info) {
  Arguments in(info);
  std::vector<int64_t> lengths;
  const std::vector<float*> arrays = in.FloatArrays(0, &lengths);
  double sum = 0;
  for (size_t i = 0; in.Ok() && i < arrays.size(); i++) sum += SumSquares(arrays[i], lengths[i]);
  return Napi::Number::New(info.Env(), sum);
}

AttentionShape ReadAttentionShape(Arguments& in) {
  AttentionShape shape;
  shape.tokens = in.Size(0);
  shape.heads = in.Size();
  shape.kvHeads = in.Size();
  shape.headDim = in.Size();
  shape.scale = in.Float();
  shape.window = in.Size(0);
  in.Check(shape.kvHeads > 0 && shape.heads % shape.kvHeads == 0, "The query heads are no multiple of the key/value heads");
  return shape;
}

// attention(tokens, heads, kvHeads, headDim, scale, window, segments, q, k, v, out, logSums)
void AttentionCall(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const AttentionShape shape = ReadAttentionShape(in);
  const int64_t size = shape.tokens * shape.heads * shape.headDim, kvSize = shape.tokens * shape.kvHeads * shape.headDim;
  int64_t count = 0;
  const int32_t* segments = in.Segments(shape.tokens, &count);
  const float *q = in.FloatArray(size), *k = in.FloatArray(kvSize), *v = in.FloatArray(kvSize);
  float *out = in.FloatArray(size), *logSums = in.FloatArray(shape.tokens * shape.heads);
  if (in.Ok()) Attention(q, k, v, segments, count, shape, out, logSums);
}

// attentionGrad(tokens, heads, kvHeads, headDim, scale, window, segments, dOut, q, k, v, out, logSums, dq, dk, dv)
void AttentionGradCall(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const AttentionShape shape = ReadAttentionShape(in);
  const int64_t size = shape.tokens * shape.heads * shape.headDim, kvSize = shape.tokens * shape.kvHeads * shape.headDim;
  int64_t count = 0;
  const int32_t* segments = in.Segments(shape.tokens, &count);
  const float *dOut = in.FloatArray(size), *q = in.FloatArray(size), *k = in.FloatArray(kvSize), *v = in.FloatArray(kvSize);
  const float *out = in.FloatArray(size), *logSums = in.FloatArray(shape.tokens * shape.heads);
  float *dq = in.FloatArray(size), *dk = in.FloatArray(kvSize), *dv = in.FloatArray(kvSize);
  if (in.Ok()) AttentionGrad(dOut, q, k, v, out, logSums, segments, count, shape, dq, dk, dv);
}

// cachedAttention(rows, heads, kvHeads, headDim, scale, window, slots, promptTokens, ownLength, slotOfRow, sources, promptStarts,
//                 promptLengths, q, k, v, promptKeys, promptValues, keyPages, valuePages, out)
void CachedAttentionCall(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const AttentionShape shape = ReadAttentionShape(in);
  in.Check(shape.tokens > 0, "A decoding step needs a row");
  const int64_t slots = in.Size(), promptTokens = in.Size(0), ownLength = in.Size(0);
  const int64_t rows = shape.tokens, kvWidth = shape.kvHeads * shape.headDim;
  const DecodeRowsView view = in.DecodeRows(rows, ownLength, slots, promptTokens);
  const float *q = in.FloatArray(rows * shape.heads * shape.headDim), *k = in.FloatArray(rows * kvWidth), *v = in.FloatArray(rows * kvWidth);
  const float *promptKeys = in.FloatArray(promptTokens * kvWidth), *promptValues = in.FloatArray(promptTokens * kvWidth);
  const std::vector<float*> keyPages = in.FloatArrays(slots * kvWidth * kPageTokens), valuePages = in.FloatArrays(slots * kvWidth * kPageTokens);
  const int64_t pages = ownLength / kPageTokens + 1;
  in.Check(static_cast<int64_t>(keyPages.size()) >= pages && static_cast<int64_t>(valuePages.size()) >= pages, "The cache has too few pages");
  float* out = in.FloatArray(rows * shape.heads * shape.headDim);
  if (!in.Ok()) return;
  PackedPrompts prompts;
  prompts.Pack(promptKeys, promptValues, promptTokens, shape.kvHeads, shape.headDim);
  CachedAttention(q, k, v, {prompts, slots, keyPages.data(), valuePages.data()}, view, shape, out);
}

LogSoftmaxShape ReadLogSoftmaxShape(Arguments& in) {
  LogSoftmaxShape shape;
  shape.rows = in.Size(0);
  shape.width = in.Size();
  shape.vocabulary = in.Size();
  shape.temperature = in.Float();
  return shape;
}

// Room for the logits of any number of rows.
float* ReadKeptLogits(Arguments& in, LogSoftmaxShape& shape) {
  shape.keptFloats = in.NextLength();
  return in.FloatArray(0);
}

// selectiveLogSoftmax(rows, width, vocabulary, temperature, hidden, head, targets, logps, entropies, logSums, keptLogits)
void SelectiveLogSoftmaxCall(const Napi::CallbackInfo& info) {
  Arguments in(info);
  LogSoftmaxShape shape = ReadLogSoftmaxShape(in);
  const float *hidden = in.FloatArray(shape.rows * shape.width), *head = in.FloatArray(shape.vocabulary * shape.width);
  const int32_t* targets = in.Indices(shape.rows, shape.vocabulary);
  float *logps = in.FloatArray(shape.rows), *entropies = in.FloatArray(shape.rows), *logSums = in.FloatArray(shape.rows);
  float* keptLogits = ReadKeptLogits(in, shape);
  if (in.Ok()) SelectiveLogSoftmax(hidden, head, targets, shape, logps, entropies, logSums, keptLogits);
}

// selectiveLogSoftmaxGrad(rows, width, vocabulary, temperature, dLogps, dEntropies, hidden, head, entropies, logSums, keptLogits,
//                         targets, dHidden or null, dHead or null)
void SelectiveLogSoftmaxGradCall(const Napi::CallbackInfo& info) {
  Arguments in(info);
  LogSoftmaxShape shape = ReadLogSoftmaxShape(in);
  const int64_t hiddenSize = shape.rows * shape.width, headSize = shape.vocabulary * shape.width;
  const float *dLogps = in.FloatArray(shape.rows), *dEntropies = in.FloatArray(shape.rows);
  const float *hidden = in.FloatArray(hiddenSize), *head = in.FloatArray(headSize);
  const float *entropies = in.FloatArray(shape.rows), *logSums = in.FloatArray(shape.rows);
  const float* keptLogits = ReadKeptLogits(in, shape);
  const int32_t* targets = in.Indices(shape.rows, shape.vocabulary);
  const auto optional = [&](int64_t size) -> float* {
    if (!in.NextIsMissing()) return in.FloatArray(size);
    in.Skip();
    return nullptr;
  };
  float* dHidden = optional(hiddenSize);
  float* dHead = optional(headSize);
  if (!in.Ok()) return;
  SelectiveLogSoftmaxGrad(dLogps, dEntropies, hidden, head, entropies, logSums, keptLogits, targets, shape, dHidden, dHead);
}

}  // namespace

void InitOps(Napi::Env env, Napi::Object exports) {
  exports.Set("rmsNorm", Napi::Function::New<RmsNormCall>(env));
  exports.Set("rmsNormGrad", Napi::Function::New<RmsNormGradCall>(env));
  exports.Set("rope", Napi::Function::New<RopeCall>(env));
  exports.Set("swiGlu", Napi::Function::New<GluCall<SwiGlu>>(env));
  exports.Set("swiGluGrad", Napi::Function::New<GluGradCall<SwiGluGrad>>(env));
  exports.Set("geGlu", Napi::Function::New<GluCall<GeGlu>>(env));
  exports.Set("geGluGrad", Napi::Function::New<GluGradCall<GeGluGrad>>(env));
  exports.Set("copyColumns", Napi::Function::New<CopyColumnsCall>(env));
  exports.Set("embedding", Napi::Function::New<EmbeddingCall>(env));
  exports.Set("embeddingGrad", Napi::Function::New<EmbeddingGradCall>(env));
  exports.Set("int8Linear", Napi::Function::New<Int8LinearCall>(env));
  exports.Set("int8LinearGrad", Napi::Function::New<Int8LinearGradCall>(env));
  exports.Set("adamW", Napi::Function::New<AdamWCall>(env));
  exports.Set("sumSquares", Napi::Function::New<SumSquaresCall>(env));
  exports.Set("attention", Napi::Function::New<AttentionCall>(env));
  exports.Set("attentionGrad", Napi::Function::New<AttentionGradCall>(env));
  exports.Set("cachedAttention", Napi::Function::New<CachedAttentionCall>(env));
  exports.Set("selectiveLogSoftmax", Napi::Function::New<SelectiveLogSoftmaxCall>(env));
  exports.Set("selectiveLogSoftmaxGrad", Napi::Function::New<SelectiveLogSoftmaxGradCall>(env));
}

}  // namespace grpo

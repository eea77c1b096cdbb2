// Hands the decoder to JavaScript: an opaque handle, made once for a policy, and the calls that fill and run it.
#include <napi.h>

#include <algorithm>
#include <vector>

#include "../ops/arguments.h"
#include "../ops/op_kernels.h"
#include "decoder.h"
#include "draw_tokens.h"

namespace grpo {
namespace {

Decoder* Unwrap(const Napi::CallbackInfo& info) {
  if (info.Length() > 0 && info[0].IsExternal()) return info[0].As<Napi::External<Decoder>>().Data();
  Require(info, false, "Expected a decoder");
  return nullptr;
}

// createDecoder(vocabulary, hidden, intermediate, layers, heads, kvHeads, headDim, rotaryHalf, normEpsilon, scale)
Napi::Value CreateDecoderCall(const Napi::CallbackInfo& info) {
  Arguments in(info);
  DecoderShape shape;
  for (int64_t* size : {&shape.vocabulary, &shape.hidden, &shape.intermediate, &shape.layers, &shape.heads, &shape.kvHeads,
                        &shape.headDim, &shape.rotaryHalf}) {
    *size = in.Size();
  }
  shape.normEpsilon = in.Float();
  shape.scale = in.Float();
  in.Check(in.Ok() && shape.heads % shape.kvHeads == 0 && 2 * shape.rotaryHalf <= shape.headDim, "The sizes of the heads do not fit");
  if (!in.Ok()) return info.Env().Undefined();
  return Napi::External<Decoder>::New(info.Env(), new Decoder(shape), [](Napi::Env, Decoder* decoder) { delete decoder; });
}

// setDecoderFormat(decoder, format): 0 for float32, 1 for bfloat16; matrices are to be set anew when it changes
void SetDecoderFormatCall(const Napi::CallbackInfo& info) {
  Decoder* decoder = Unwrap(info);
  if (decoder == nullptr) return;
  Arguments in(info, 1);
  const int64_t format = in.Size(0);
  in.Check(format <= static_cast<int64_t>(WeightFormat::kBfloat16), "There is no such format");
  if (in.Ok()) decoder->SetFormat(static_cast<WeightFormat>(format));
}

// setDecoderHead(decoder, finalNorm, head)
void SetDecoderHeadCall(const Napi::CallbackInfo& info) {
  Decoder* decoder = Unwrap(info);
  if (decoder == nullptr) return;
  Arguments in(info, 1);
  const DecoderShape& shape = decoder->Shape();
  const float *norm = in.FloatArray(shape.hidden), *head = in.FloatArray(shape.vocabulary * shape.hidden);
  if (!in.Ok()) return;
  decoder->FinalNorm().assign(norm, norm + shape.hidden);
  decoder->Head().Pack(head, shape.vocabulary, shape.hidden, decoder->Format());
}

// setDecoderNorms(decoder, layer, inputNorm, attentionNorm)
void SetDecoderNormsCall(const Napi::CallbackInfo& info) {
  Decoder* decoder = Unwrap(info);
  if (decoder == nullptr) return;
  Arguments in(info, 1);
  const int64_t layer = in.Size(0), width = decoder->Shape().hidden;
  in.Check(layer < decoder->Shape().layers, "There is no such layer");
  const float *input = in.FloatArray(width), *attention = in.FloatArray(width);
  if (!in.Ok()) return;
  decoder->Layer(layer).inputNorm.assign(input, input + width);
  decoder->Layer(layer).attentionNorm.assign(attention, attention + width);
}

// setDecoderMatrix(decoder, layer, matrix, weight, bias or null); matrix counts as LayerMatrix does
void SetDecoderMatrixCall(const Napi::CallbackInfo& info) {
  Decoder* decoder = Unwrap(info);
  if (decoder == nullptr) return;
  Arguments in(info, 1);
  const DecoderShape& shape = decoder->Shape();
  const int64_t layer = in.Size(0), matrix = in.Size(0);
  in.Check(layer < shape.layers && matrix < kLayerMatrices, "There is no such matrix");
  if (!in.Ok()) return;
  const int64_t outputs = shape.Outputs(matrix), inputs = shape.Inputs(matrix);
  const float* weight = in.FloatArray(outputs * inputs);
  const float* bias = in.NextIsMissing() ? nullptr : in.FloatArray(outputs);
  if (!in.Ok()) return;
  LayerWeights& weights = decoder->Layer(layer);
  weights.matrices[matrix].Pack(weight, outputs, inputs, decoder->Format());
  weights.biases[matrix].clear();
  if (bias != nullptr) weights.biases[matrix].assign(bias, bias + outputs);
}

// beginDecoding(decoder, slots, promptTokens, promptKeys, promptValues): the arrays are one a layer.
void BeginDecodingCall(const Napi::CallbackInfo& info) {
  Decoder* decoder = Unwrap(info);
  if (decoder == nullptr) return;
  Arguments in(info, 1);
  const DecoderShape& shape = decoder->Shape();
  const int64_t slots = in.Size(), promptTokens = in.Size();
  const std::vector<float*> keys = in.FloatArrays(promptTokens * shape.KvWidth()), values = in.FloatArrays(promptTokens * shape.KvWidth());
  const size_t layers = static_cast<size_t>(shape.layers);
  in.Check(keys.size() == layers && values.size() == layers, "Expected the keys and values of every layer");
  if (in.Ok()) decoder->Begin(slots, promptTokens, keys, values);
}

// decodeStep(decoder, rows, ownLength, places, slots, sources, promptStarts, promptLengths, positions, cos, sin, hidden, logits): hidden
// holds the embeddings of the rows' tokens and is overwritten.
void DecodeStepCall(const Napi::CallbackInfo& info) {
  Decoder* decoder = Unwrap(info);
  if (decoder == nullptr) return;
  Arguments in(info, 1);
  const DecoderShape& shape = decoder->Shape();
  const int64_t rows = in.Size(), ownLength = in.Size(0), places = in.Size(), promptTokens = decoder->PromptTokens();
  const DecodeRowsView view = in.DecodeRows(rows, ownLength, decoder->Slots(), promptTokens);
  const int32_t* positions = in.Indices(rows, places);
  const float *cos = in.FloatArray(places * shape.rotaryHalf), *sin = in.FloatArray(places * shape.rotaryHalf);
  float *hidden = in.FloatArray(rows * shape.hidden), *logits = in.FloatArray(rows * shape.vocabulary);
  in.Check(decoder->Ready(), "The decoder lacks weights");
  if (in.Ok()) decoder->Step(hidden, positions, cos, sin, rows, view, logits);
}

// drawTokens(vocabulary, count, temperature, topK, topP, minP, repetitionPenalty, logits, rows, uniforms or null, banned, previous or
// null, previousEnds or null, tokens, logps)
void DrawTokensCall(const Napi::CallbackInfo& info) {
  Arguments in(info);
  DrawRequest request;
  LogitFilters& filters = request.filters;
  request.vocabulary = in.Size();
  request.count = in.Size(0);
  filters.temperature = in.Double();
  filters.topK = in.Size(0);
  filters.topP = in.Double();
  filters.minP = in.Double();
  filters.repetitionPenalty = in.Double();
  const int64_t logitRows = in.NextLength() / std::max<int64_t>(1, request.vocabulary);
  request.logits = in.FloatArray(0);
  request.rows = in.Indices(request.count, logitRows);
  request.uniforms = in.OptionalDoubleArray(request.count);
  request.bannedCount = in.NextLength();
  request.banned = in.Indices(request.bannedCount, request.vocabulary);
  const int64_t previousCount = in.NextLength();
  request.previous = in.OptionalIndices(previousCount, request.vocabulary);
  request.previousEnds = in.OptionalIndices(request.count, previousCount + 1);
  int32_t* tokens = in.IntArray(request.count);
  float* logps = in.FloatArray(request.count);
  in.Check(request.bannedCount < request.vocabulary, "Nothing can be drawn");
  in.Check(filters.temperature > 0 && filters.topP > 0 && filters.minP <= 1 && filters.repetitionPenalty > 0, "A filter is out of range");
  in.Check((request.previous == nullptr) == (request.previousEnds == nullptr), "Previous tokens lack their ends");
  for (int64_t i = 1; in.Ok() && request.previousEnds != nullptr && i < request.count; i++) {
    in.Check(request.previousEnds[i - 1] <= request.previousEnds[i], "The ends of previous tokens do not rise");
  }
  if (in.Ok()) DrawTokens(request, tokens, logps);
}

}  // namespace

void InitDecode(Napi::Env env, Napi::Object exports) {
  exports.Set("createDecoder", Napi::Function::New<CreateDecoderCall>(env));
  exports.Set("setDecoderFormat", Napi::Function::New<SetDecoderFormatCall>(env));
  exports.Set("setDecoderHead", Napi::Function::New<SetDecoderHeadCall>(env));
  exports.Set("setDecoderNorms", Napi::Function::New<SetDecoderNormsCall>(env));
  exports.Set("setDecoderMatrix", Napi::Function::New<SetDecoderMatrixCall>(env));
  exports.Set("beginDecoding", Napi::Function::New<BeginDecodingCall>(env));
  exports.Set("decodeStep", Napi::Function::New<DecodeStepCall>(env));
  exports.Set("drawTokens", Napi::Function::New<DrawTokensCall>(env));
}

}  // namespace grpo

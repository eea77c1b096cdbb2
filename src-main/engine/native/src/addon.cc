// The addon's entry: thin wrappers that check their arrays and hand pointers to the plain functions beside this file.
#include <napi.h>

#include <algorithm>

#include "buffers.h"
#include "elementwise.h"
#include "gemm.h"
#include "isa.h"
#include "thread_pool.h"

namespace grpo {

void InitOps(Napi::Env env, Napi::Object exports);
void InitDecode(Napi::Env env, Napi::Object exports);
void InitLayer(Napi::Env env, Napi::Object exports);

namespace {

constexpr const char* kTooShort = "An array is shorter than the operation's shape says";

void SetThreadsCall(const Napi::CallbackInfo& info) { SetThreads(static_cast<int>(Integer(info, 0))); }

Napi::Value ThreadsCall(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), Threads()); }

Napi::Value IsaCall(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), IsaName()); }

// gemm(transA, transB, batch, m, n, k, a, aStride, b, bStride, c): c[batch] = op(a) op(b); strides are floats between the
// matrices of a batch, 0 to use one matrix for all.
void GemmCall(const Napi::CallbackInfo& info) {
  const bool transA = Flag(info, 0), transB = Flag(info, 1);
  const int64_t batch = Integer(info, 2), m = Integer(info, 3), n = Integer(info, 4), k = Integer(info, 5);
  const Span<float> a = Floats(info, 6);
  if (!a.ok) return;
  const Span<float> b = Floats(info, 8);
  if (!b.ok) return;
  const Span<float> c = Floats(info, 10);
  if (!c.ok) return;
  const int64_t aStride = Integer(info, 7), bStride = Integer(info, 9);
  const bool fits = batch >= 1 && m >= 0 && n >= 0 && k >= 0 && aStride >= 0 && bStride >= 0 &&
                    a.length >= (batch - 1) * aStride + m * k && b.length >= (batch - 1) * bStride + k * n &&
                    c.length >= batch * m * n;
  if (!Require(info, fits, kTooShort)) return;
  const auto one = [&](int64_t i) {
    Gemm(transA, transB, m, n, k, 1.0f, a.data + i * aStride, transA ? m : k, b.data + i * bStride, transB ? k : n, 0.0f,
         c.data + i * m * n, n);
  };
  if (batch >= 2 * Threads()) {
    ParallelFor(batch, std::max<int64_t>(1, 32768 / std::max<int64_t>(1, m * n * k)), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) one(i);
    });
  } else {
    for (int64_t i = 0; i < batch; i++) one(i);
  }
}

// binary(op, a, aRowStride, aColumnStep, b, bRowStride, bColumnStep, out, rows, columns)
void BinaryCall(const Napi::CallbackInfo& info) {
  const Span<float> a = Floats(info, 1);
  if (!a.ok) return;
  const Span<float> b = Floats(info, 4);
  if (!b.ok) return;
  const Span<float> out = Floats(info, 7);
  if (!out.ok) return;
  const int64_t rows = Integer(info, 8), columns = Integer(info, 9);
  const Operand left{a.data, Integer(info, 2), static_cast<int>(Integer(info, 3))};
  const Operand right{b.data, Integer(info, 5), static_cast<int>(Integer(info, 6))};
  const auto fits = [&](const Operand& operand, int64_t length) {
    return operand.rowStride >= 0 && (operand.columnStep == 0 || operand.columnStep == 1) &&
           length > (rows - 1) * operand.rowStride + (columns - 1) * operand.columnStep;
  };
  const bool empty = rows <= 0 || columns <= 0;
  if (!Require(info, empty || (fits(left, a.length) && fits(right, b.length) && out.length >= rows * columns), kTooShort)) return;
  if (!empty) Binary(static_cast<BinaryOp>(Integer(info, 0)), left, right, rows, columns, out.data);
}

// unary(op, x, out)
void UnaryCall(const Napi::CallbackInfo& info) {
  const Span<float> x = Floats(info, 1);
  if (!x.ok) return;
  const Span<float> out = Floats(info, 2);
  if (!out.ok || !Require(info, out.length >= x.length, kTooShort)) return;
  Unary(static_cast<UnaryOp>(Integer(info, 0)), x.data, x.length, out.data);
}

// sumRows(x, out, rows, columns) and sumColumns(x, out, rows, columns)
template <void (*Sum)(const float*, int64_t, int64_t, float*), int kOutIndex>
void SumCall(const Napi::CallbackInfo& info) {
  const Span<float> x = Floats(info, 0);
  if (!x.ok) return;
  const Span<float> out = Floats(info, 1);
  if (!out.ok) return;
  const int64_t rows = Integer(info, 2), columns = Integer(info, 3);
  const bool fits = rows >= 0 && columns >= 0 && x.length >= rows * columns && out.length >= (kOutIndex == 0 ? rows : columns);
  if (Require(info, fits, kTooShort)) Sum(x.data, rows, columns, out.data);
}

Napi::Value SumAllCall(const Napi::CallbackInfo& info) {
  const Span<float> x = Floats(info, 0);
  return Napi::Number::New(info.Env(), x.ok ? SumAll(x.data, x.length) : 0);
}

// accumulate(x, y): y += x
void AccumulateCall(const Napi::CallbackInfo& info) {
  const Span<float> x = Floats(info, 0);
  if (!x.ok) return;
  const Span<float> y = Floats(info, 1);
  if (!y.ok || !Require(info, y.length >= x.length, kTooShort)) return;
  Accumulate(x.data, x.length, y.data);
}

// transpose(x, out, rows, columns)
void TransposeCall(const Napi::CallbackInfo& info) {
  const Span<float> x = Floats(info, 0);
  if (!x.ok) return;
  const Span<float> out = Floats(info, 1);
  if (!out.ok) return;
  const int64_t rows = Integer(info, 2), columns = Integer(info, 3);
  const bool fits = rows >= 0 && columns >= 0 && x.length >= rows * columns && out.length >= rows * columns;
  if (Require(info, fits, kTooShort)) TransposeMatrix(x.data, rows, columns, out.data);
}

// gatherRows(table, length, ids, out)
void GatherRowsCall(const Napi::CallbackInfo& info) {
  const Span<float> table = Floats(info, 0);
  if (!table.ok) return;
  const Span<int32_t> ids = Ints(info, 2);
  if (!ids.ok) return;
  const Span<float> out = Floats(info, 3);
  if (!out.ok) return;
  const int64_t length = Integer(info, 1);
  if (!Require(info, length >= 1 && out.length >= ids.length * length, kTooShort)) return;
  const int64_t height = table.length / length;
  const bool known = std::all_of(ids.data, ids.data + ids.length, [&](int32_t id) { return id >= 0 && id < height; });
  if (Require(info, known, "A gathered row lies outside the table")) GatherRows(table.data, length, ids.data, ids.length, out.data);
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("setThreads", Napi::Function::New<SetThreadsCall>(env));
  exports.Set("threads", Napi::Function::New<ThreadsCall>(env));
  exports.Set("isa", Napi::Function::New<IsaCall>(env));
  exports.Set("gemm", Napi::Function::New<GemmCall>(env));
  exports.Set("binary", Napi::Function::New<BinaryCall>(env));
  exports.Set("unary", Napi::Function::New<UnaryCall>(env));
  exports.Set("sumRows", Napi::Function::New<SumCall<SumRows, 0>>(env));
  exports.Set("sumColumns", Napi::Function::New<SumCall<SumColumns, 1>>(env));
  exports.Set("sumAll", Napi::Function::New<SumAllCall>(env));
  exports.Set("accumulate", Napi::Function::New<AccumulateCall>(env));
  exports.Set("transpose", Napi::Function::New<TransposeCall>(env));
  exports.Set("gatherRows", Napi::Function::New<GatherRowsCall>(env));
  InitOps(env, exports);
  InitDecode(env, exports);
  InitLayer(env, exports);
  return exports;
}

NODE_API_MODULE(grpo_native, Init)

}  // namespace
}  // namespace grpo

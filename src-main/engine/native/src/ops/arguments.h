// Reads what JavaScript passes to a fused operation, argument after argument, and checks every length and index.
#pragma once

#include <napi.h>

#include <cstdint>
#include <vector>

#include "../buffers.h"
#include "ops.h"

namespace grpo {

// Reads a call's arguments one after the other. After the first one that does not fit, a JavaScript exception is pending, every
// further read gives zero or null, and Ok() is false.
class Arguments {
 public:
  explicit Arguments(const Napi::CallbackInfo& info, size_t first = 0) : info_(info), next_(first) {}

  bool Ok() const { return ok_; }

  void Check(bool condition, const char* message) {
    if (ok_ && !Require(info_, condition, message)) ok_ = false;
  }

  int64_t Size(int64_t least = 1) {
    const int64_t value = ok_ ? Integer(info_, next_++) : 0;
    Check(value >= least, "A size is out of range");
    return value;
  }

  float Float() { return static_cast<float>(Double()); }

  double Double() {
    double value = 0;
    if (ok_) napi_get_value_double(info_.Env(), info_[next_++], &value);
    return value;
  }

  bool NextIsMissing() const { return Missing(info_, next_); }
  void Skip() { next_++; }

  float* FloatArray(int64_t least) { return Take(Floats(info_, next_), least); }
  double* DoubleArray(int64_t least) { return Take(Doubles(info_, next_), least); }
  int32_t* IntArray(int64_t least) { return Take(Ints(info_, next_), least); }

  // An array of exactly `count` indices below `limit`.
  const int32_t* Indices(int64_t count, int64_t limit) {
    const int32_t* values = IntArray(count);
    for (int64_t i = 0; ok_ && i < count; i++) Check(values[i] >= 0 && values[i] < limit, "An index is out of range");
    return values;
  }

  // The same, or null where null is passed.
  double* OptionalDoubleArray(int64_t least) { return NextIsMissing() ? Nothing<double>() : DoubleArray(least); }
  const int32_t* OptionalIndices(int64_t count, int64_t limit) { return NextIsMissing() ? Nothing<int32_t>() : Indices(count, limit); }

  // How many elements the next typed array has.
  int64_t NextLength() const {
    return ok_ && info_[next_].IsTypedArray() ? static_cast<int64_t>(info_[next_].As<Napi::TypedArray>().ElementLength()) : 0;
  }

  // A JavaScript array of Float32Arrays, each with at least `least` elements; gives their lengths where these are asked for.
  std::vector<float*> FloatArrays(int64_t least, std::vector<int64_t>* lengths = nullptr) {
    std::vector<float*> arrays;
    Check(info_[next_].IsArray(), "Expected a list of Float32Arrays");
    if (!ok_) return arrays;
    const Napi::Array list = info_[next_++].As<Napi::Array>();
    for (uint32_t i = 0; ok_ && i < list.Length(); i++) {
      arrays.push_back(Item(list.Get(i), least, false));
      if (ok_ && lengths != nullptr) lengths->push_back(static_cast<int64_t>(list.Get(i).As<Napi::TypedArray>().ElementLength()));
    }
    return arrays;
  }

  // A segment table whose segments tile [0, tokens) and whose prefixes each end within an earlier segment, the parent.
  const int32_t* Segments(int64_t tokens, int64_t* count) {
    const int64_t length = NextLength();
    const int32_t* table = IntArray(0);
    *count = length / 4;
    int64_t place = 0;
    for (int64_t i = 0; ok_ && i < *count; i++) {
      const int32_t *row = table + 4 * i, prefixLength = row[3];
      bool fits = row[0] == place && row[1] > 0 && prefixLength >= 0;
      if (prefixLength > 0) {
        fits = fits && row[2] >= 0 && row[2] < i;
        const int32_t* parent = table + (fits ? 4 * row[2] : 0);
        fits = fits && prefixLength > parent[3] && prefixLength - parent[3] <= parent[1];
      }
      Check(fits, "A segment does not fit its table");
      place += row[1];
    }
    Check(place == tokens, "The segments do not cover the batch");
    return table;
  }

  // The rows of a decoding step: slots, sources, promptStarts and promptLengths.
  DecodeRowsView DecodeRows(int64_t rows, int64_t ownLength, int64_t slots, int64_t promptTokens) {
    DecodeRowsView view;
    view.ownLength = ownLength;
    view.slots = Indices(rows, slots);
    view.sources = Indices(rows, slots);
    view.promptStarts = Indices(rows, promptTokens + 1);
    view.promptLengths = Indices(rows, promptTokens + 1);
    std::vector<bool> decoded(static_cast<size_t>(slots)), continued(static_cast<size_t>(slots));
    for (int64_t b = 0; ok_ && b < rows; b++) {
      Check(view.promptStarts[b] + static_cast<int64_t>(view.promptLengths[b]) <= promptTokens, "A prompt lies outside the cache");
      Check(!decoded[static_cast<size_t>(view.slots[b])], "A slot is decoded twice in one step");
      if (!ok_) break;
      decoded[static_cast<size_t>(view.slots[b])] = true;
      continued[static_cast<size_t>(view.sources[b])] = true;
    }
    for (int64_t b = 0; ok_ && b < rows; b++) {
      const bool own = view.sources[b] == view.slots[b];
      Check(own || !continued[static_cast<size_t>(view.slots[b])], "A slot is overwritten that another row continues");
    }
    return view;
  }

  // A JavaScript array of Float32Arrays of at least the given lengths, or nulls.
  std::vector<float*> OptionalFloatArrays(const std::vector<int64_t>& least) {
    std::vector<float*> arrays;
    Check(ok_ && info_[next_].IsArray() && info_[next_].As<Napi::Array>().Length() == least.size(), "Expected a list of arrays");
    if (!ok_) return arrays;
    const Napi::Array list = info_[next_++].As<Napi::Array>();
    for (uint32_t i = 0; ok_ && i < list.Length(); i++) arrays.push_back(Item(list.Get(i), least[i], true));
    return arrays;
  }

 private:
  static constexpr const char* kTooShort = "An array is shorter than the operation's shape says";

  float* Item(const Napi::Value& item, int64_t least, bool optional) {
    if (optional && (item.IsNull() || item.IsUndefined())) return nullptr;
    Check(item.IsTypedArray() && item.As<Napi::TypedArray>().TypedArrayType() == napi_float32_array, "Expected a Float32Array");
    if (!ok_) return nullptr;
    Napi::Float32Array array = item.As<Napi::Float32Array>();
    Check(static_cast<int64_t>(array.ElementLength()) >= least, kTooShort);
    return array.Data();
  }

  template <class T>
  T* Nothing() {
    next_++;
    return nullptr;
  }

  template <class T>
  T* Take(const Span<T>& span, int64_t least) {
    next_++;
    ok_ = ok_ && span.ok;
    Check(span.length >= least, kTooShort);
    return ok_ ? span.data : nullptr;
  }

  const Napi::CallbackInfo& info_;
  size_t next_;
  bool ok_ = true;
};

}  // namespace grpo

// Thin access to the typed arrays a JavaScript caller passes: pointer and length, with a TypeError when the type is wrong.
//
// C++ exceptions are off (NAPI_DISABLE_CPP_EXCEPTIONS): after a wrapper returned ok == false a JavaScript exception is
// pending and the caller must return at once.
#pragma once

#include <napi.h>

#include <cstdint>

namespace grpo {

template <class T>
struct Span {
  T* data = nullptr;
  int64_t length = 0;
  bool ok = false;
};

namespace detail {
template <class T>
Span<T> TypedSpan(const Napi::CallbackInfo& info, size_t index, napi_typedarray_type type, const char* message) {
  Span<T> span;
  napi_typedarray_type actual;
  size_t length = 0;
  void* data = nullptr;
  bool typed = false;
  if (index < info.Length()) napi_is_typedarray(info.Env(), info[index], &typed);
  if (typed) napi_get_typedarray_info(info.Env(), info[index], &actual, &length, &data, nullptr, nullptr);
  if (!typed || actual != type) {
    Napi::TypeError::New(info.Env(), message).ThrowAsJavaScriptException();
    return span;
  }
  span.data = static_cast<T*>(data);
  span.length = static_cast<int64_t>(length);
  span.ok = true;
  return span;
}
}  // namespace detail

inline Span<float> Floats(const Napi::CallbackInfo& info, size_t index) {
  return detail::TypedSpan<float>(info, index, napi_float32_array, "Expected a Float32Array");
}

inline Span<double> Doubles(const Napi::CallbackInfo& info, size_t index) {
  return detail::TypedSpan<double>(info, index, napi_float64_array, "Expected a Float64Array");
}

inline Span<int32_t> Ints(const Napi::CallbackInfo& info, size_t index) {
  return detail::TypedSpan<int32_t>(info, index, napi_int32_array, "Expected an Int32Array");
}

// True when argument `index` is null or undefined (an optional typed array left out).
inline bool Missing(const Napi::CallbackInfo& info, size_t index) {
  return index >= info.Length() || info[index].IsNull() || info[index].IsUndefined();
}

inline int64_t Integer(const Napi::CallbackInfo& info, size_t index) {
  int64_t value = 0;
  napi_get_value_int64(info.Env(), info[index], &value);
  return value;
}

inline float Number(const Napi::CallbackInfo& info, size_t index) {
  double value = 0;
  napi_get_value_double(info.Env(), info[index], &value);
  return static_cast<float>(value);
}

inline bool Flag(const Napi::CallbackInfo& info, size_t index) {
  bool value = false;
  napi_get_value_bool(info.Env(), info[index], &value);
  return value;
}

// Throws a RangeError and returns false when a buffer is shorter than a kernel needs: no kernel may run past its arrays.
inline bool Require(const Napi::CallbackInfo& info, bool condition, const char* message) {
  if (!condition) Napi::RangeError::New(info.Env(), message).ThrowAsJavaScriptException();
  return condition;
}

}  // namespace grpo

// Four floats at a time in plain C++, for any processor. Include as the last header of a file; close with simd/end.h.
#pragma once
#include <cmath>
#include <cstdint>

#include "../bfloat16.h"

#define GRPO_SIMD scalar
#define GRPO_SIMD_UNROLL

namespace grpo {
namespace GRPO_SIMD {

struct Vec {
  static constexpr int kWidth = 4;
  float v[4];
};

constexpr int kTileRows = 4;     // micro-kernel rows
constexpr int kTileVectors = 2;  // micro-kernel columns, in vectors

template <class F>
inline Vec Lanes(F f) {
  Vec out;
  for (int i = 0; i < 4; i++) out.v[i] = f(i);
  return out;
}

inline Vec Load(const float* p) {
  return Lanes([&](int i) { return p[i]; });
}
inline void Store(float* p, Vec a) {
  for (int i = 0; i < 4; i++) p[i] = a.v[i];
}
inline void Fetch(const float*) {}
inline Vec LoadN(const float* p, int64_t n) {
  return Lanes([&](int i) { return i < n ? p[i] : 0.0f; });
}
inline void StoreN(float* p, Vec a, int64_t n) {
  for (int i = 0; i < 4 && i < n; i++) p[i] = a.v[i];
}
inline Vec Set(float x) { return {{x, x, x, x}}; }

// The lower and the upper bfloat16 of each word.
inline Vec LoadLower(const uint32_t* p) {
  return Lanes([&](int i) { return FloatOf(p[i] << 16); });
}
inline Vec LoadUpper(const uint32_t* p) {
  return Lanes([&](int i) { return FloatOf(p[i] & 0xffff0000u); });
}

inline Vec operator+(Vec a, Vec b) {
  return Lanes([&](int i) { return a.v[i] + b.v[i]; });
}
inline Vec operator-(Vec a, Vec b) {
  return Lanes([&](int i) { return a.v[i] - b.v[i]; });
}
inline Vec operator*(Vec a, Vec b) {
  return Lanes([&](int i) { return a.v[i] * b.v[i]; });
}
inline Vec operator/(Vec a, Vec b) {
  return Lanes([&](int i) { return a.v[i] / b.v[i]; });
}
inline Vec Fma(Vec a, Vec b, Vec c) {
  return Lanes([&](int i) { return a.v[i] * b.v[i] + c.v[i]; });
}
inline Vec Max(Vec a, Vec b) {
  return Lanes([&](int i) { return a.v[i] > b.v[i] ? a.v[i] : b.v[i]; });
}
inline Vec Min(Vec a, Vec b) {
  return Lanes([&](int i) { return a.v[i] < b.v[i] ? a.v[i] : b.v[i]; });
}
inline Vec Sqrt(Vec a) {
  return Lanes([&](int i) { return std::sqrt(a.v[i]); });
}
inline Vec Round(Vec a) {
  return Lanes([&](int i) { return std::nearbyint(a.v[i]); });
}
inline float Sum(Vec a) { return (a.v[0] + a.v[2]) + (a.v[1] + a.v[3]); }
inline float MaxLane(Vec a) {
  const float x = a.v[0] > a.v[2] ? a.v[0] : a.v[2], y = a.v[1] > a.v[3] ? a.v[1] : a.v[3];
  return x > y ? x : y;
}

// a * 2^n for whole n; NaN where n is.
inline Vec Scale2(Vec a, Vec n) {
  return Lanes([&](int i) { return std::isnan(n.v[i]) ? n.v[i] : std::ldexp(a.v[i], static_cast<int>(n.v[i])); });
}

// Lanes of `other` where test is NaN, else of a.
inline Vec SelectNaN(Vec test, Vec other, Vec a) {
  return Lanes([&](int i) { return std::isnan(test.v[i]) ? other.v[i] : a.v[i]; });
}

// Transposes the 4 x 4 matrix held in rows.
inline void Transpose(Vec* r) {
  for (int i = 0; i < 4; i++) {
    for (int j = i + 1; j < 4; j++) {
      const float x = r[i].v[j];
      r[i].v[j] = r[j].v[i];
      r[j].v[i] = x;
    }
  }
}

}  // namespace GRPO_SIMD
}  // namespace grpo

#include "simd/math.h"

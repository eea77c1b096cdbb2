// Eight floats at a time with AVX2 and FMA. Include as the last header of a file; close with simd/end.h.
#pragma once
#include <immintrin.h>

#include <cmath>
#include <cstdint>

#define GRPO_SIMD avx2
#define GRPO_SIMD_TARGET
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif

namespace grpo {
namespace GRPO_SIMD {

struct Vec {
  static constexpr int kWidth = 8;
  __m256 v;
};

constexpr int kTileRows = 6;     // micro-kernel rows: 6 x 2 accumulators, 2 of b and a broadcast fit 16 registers
constexpr int kTileVectors = 2;  // micro-kernel columns, in vectors

inline __m256i LaneMask(int64_t n) {
  const int lanes = n >= 8 ? 8 : static_cast<int>(n);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

inline Vec Load(const float* p) { return {_mm256_loadu_ps(p)}; }
inline void Store(float* p, Vec a) { _mm256_storeu_ps(p, a.v); }
inline Vec LoadN(const float* p, int64_t n) { return {_mm256_maskload_ps(p, LaneMask(n))}; }
inline void StoreN(float* p, Vec a, int64_t n) { _mm256_maskstore_ps(p, LaneMask(n), a.v); }
// Into the second-level cache.
inline void Fetch(const float* p) { _mm_prefetch(reinterpret_cast<const char*>(p), _MM_HINT_T1); }
inline Vec Set(float x) { return {_mm256_set1_ps(x)}; }

// The lower and the upper bfloat16 of each word.
inline __m256i LoadWords(const uint32_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
inline Vec LoadLower(const uint32_t* p) { return {_mm256_castsi256_ps(_mm256_slli_epi32(LoadWords(p), 16))}; }
inline Vec LoadUpper(const uint32_t* p) {
  return {_mm256_castsi256_ps(_mm256_and_si256(LoadWords(p), _mm256_set1_epi32(-65536)))};
}

inline Vec operator+(Vec a, Vec b) { return {_mm256_add_ps(a.v, b.v)}; }
inline Vec operator-(Vec a, Vec b) { return {_mm256_sub_ps(a.v, b.v)}; }
inline Vec operator*(Vec a, Vec b) { return {_mm256_mul_ps(a.v, b.v)}; }
inline Vec operator/(Vec a, Vec b) { return {_mm256_div_ps(a.v, b.v)}; }
inline Vec Fma(Vec a, Vec b, Vec c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
inline Vec Max(Vec a, Vec b) { return {_mm256_max_ps(a.v, b.v)}; }
inline Vec Min(Vec a, Vec b) { return {_mm256_min_ps(a.v, b.v)}; }
inline Vec Sqrt(Vec a) { return {_mm256_sqrt_ps(a.v)}; }
inline Vec Round(Vec a) { return {_mm256_round_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }

inline float Sum(Vec a) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}

inline float MaxLane(Vec a) {
  __m128 s = _mm_max_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  s = _mm_max_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_max_ss(s, _mm_shuffle_ps(s, s, 1)));
}

// a * 2^n for whole n; in two steps, so that results below the smallest normal float come out right.
inline Vec Scale2(Vec a, Vec n) {
  const __m256i whole = _mm256_cvtps_epi32(n.v);
  const __m256i half = _mm256_srai_epi32(whole, 1);
  const __m256i bias = _mm256_set1_epi32(127);
  const __m256 first = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(half, bias), 23));
  const __m256 second = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_sub_epi32(whole, half), bias), 23));
  return {_mm256_mul_ps(_mm256_mul_ps(a.v, first), second)};
}

// Lanes of `other` where test is NaN, else of a.
inline Vec SelectNaN(Vec test, Vec other, Vec a) {
  return {_mm256_blendv_ps(a.v, other.v, _mm256_cmp_ps(test.v, test.v, _CMP_UNORD_Q))};
}

// Transposes the 8 x 8 matrix held in rows.
inline void Transpose(Vec* r) {
  __m256 t[8], u[8];
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_ps(r[i].v, r[i + 1].v);
    t[i + 1] = _mm256_unpackhi_ps(r[i].v, r[i + 1].v);
  }
  for (int i = 0; i < 8; i += 4) {
    for (int h = 0; h < 2; h++) {
      u[i + 2 * h] = _mm256_shuffle_ps(t[i + h], t[i + 2 + h], 0x44);
      u[i + 2 * h + 1] = _mm256_shuffle_ps(t[i + h], t[i + 2 + h], 0xee);
    }
  }
  for (int c = 0; c < 4; c++) {
    r[c].v = _mm256_permute2f128_ps(u[c], u[4 + c], 0x20);
    r[4 + c].v = _mm256_permute2f128_ps(u[c], u[4 + c], 0x31);
  }
}

}  // namespace GRPO_SIMD
}  // namespace grpo

#include "simd/math.h"
#include "simd/unroll.h"

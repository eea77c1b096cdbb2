// Sixteen floats at a time with AVX-512, and with its products of bfloat16 where GRPO_BFLOAT16 is defined. Include as the last header of
// a file; close with simd/end.h.
#pragma once
#include <immintrin.h>

#include <cmath>
#include <cstdint>
#include <cstring>

#define GRPO_SIMD_TARGET
#if defined(GRPO_BFLOAT16)
#define GRPO_SIMD avx512bf16
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512dq,avx512bf16"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC target("avx2,fma,avx512f,avx512dq,avx512bf16")
#endif
#else
#define GRPO_SIMD avx512
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512dq"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC target("avx2,fma,avx512f,avx512dq")
#endif
#endif

namespace grpo {
namespace GRPO_SIMD {

struct Vec {
  static constexpr int kWidth = 16;
  __m512 v;
};

constexpr int kTileRows = 14;    // micro-kernel rows: 14 x 2 accumulators, 2 of b and a broadcast fill 32 registers
constexpr int kTileVectors = 2;  // micro-kernel columns, in vectors

inline __mmask16 LaneMask(int64_t n) { return n >= 16 ? 0xffff : static_cast<__mmask16>((1u << n) - 1); }

inline Vec Load(const float* p) { return {_mm512_loadu_ps(p)}; }
inline void Store(float* p, Vec a) { _mm512_storeu_ps(p, a.v); }
inline Vec LoadN(const float* p, int64_t n) { return {_mm512_maskz_loadu_ps(LaneMask(n), p)}; }
inline void StoreN(float* p, Vec a, int64_t n) { _mm512_mask_storeu_ps(p, LaneMask(n), a.v); }
// Into the second-level cache.
inline void Fetch(const float* p) { _mm_prefetch(reinterpret_cast<const char*>(p), _MM_HINT_T1); }
inline Vec Set(float x) { return {_mm512_set1_ps(x)}; }
#if defined(GRPO_BFLOAT16)
inline __m512bh AsBfloat16(__m512i words) {
  __m512bh pairs;  // no cast between the two that every compiler knows
  std::memcpy(&pairs, &words, sizeof pairs);
  return pairs;
}
// sum + the products of both halves of a word and each of words[0, 16).
inline Vec FmaPairs(uint32_t word, __m512i words, Vec sum) {
  return {_mm512_dpbf16_ps(sum.v, AsBfloat16(_mm512_set1_epi32(static_cast<int>(word))), AsBfloat16(words))};
}
inline __m512i LoadPairs(const uint32_t* p) { return _mm512_loadu_si512(p); }
#else
// The lower and the upper bfloat16 of each word.
inline Vec LoadLower(const uint32_t* p) { return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_loadu_si512(p), 16))}; }
inline Vec LoadUpper(const uint32_t* p) {
  return {_mm512_castsi512_ps(_mm512_and_si512(_mm512_loadu_si512(p), _mm512_set1_epi32(-65536)))};
}
#endif
inline Vec operator+(Vec a, Vec b) { return {_mm512_add_ps(a.v, b.v)}; }
inline Vec operator-(Vec a, Vec b) { return {_mm512_sub_ps(a.v, b.v)}; }
inline Vec operator*(Vec a, Vec b) { return {_mm512_mul_ps(a.v, b.v)}; }
inline Vec operator/(Vec a, Vec b) { return {_mm512_div_ps(a.v, b.v)}; }
inline Vec Fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
inline Vec Max(Vec a, Vec b) { return {_mm512_max_ps(a.v, b.v)}; }
inline Vec Min(Vec a, Vec b) { return {_mm512_min_ps(a.v, b.v)}; }
inline Vec Sqrt(Vec a) { return {_mm512_sqrt_ps(a.v)}; }
inline Vec Round(Vec a) { return {_mm512_roundscale_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
inline float Sum(Vec a) { return _mm512_reduce_add_ps(a.v); }
inline float MaxLane(Vec a) { return _mm512_reduce_max_ps(a.v); }

// a * 2^n for whole n.
inline Vec Scale2(Vec a, Vec n) { return {_mm512_scalef_ps(a.v, n.v)}; }

// Lanes of `other` where test is NaN, else of a.
inline Vec SelectNaN(Vec test, Vec other, Vec a) {
  return {_mm512_mask_mov_ps(a.v, _mm512_cmp_ps_mask(test.v, test.v, _CMP_UNORD_Q), other.v)};
}

// Transposes the 16 x 16 matrix held in rows.
inline void Transpose(Vec* r) {
  __m512 t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(r[i].v, r[i + 1].v);
    t[i + 1] = _mm512_unpackhi_ps(r[i].v, r[i + 1].v);
  }
  __m512 u[16];
  for (int i = 0; i < 16; i += 4) {
    for (int h = 0; h < 2; h++) {
      const __m512d lo = _mm512_castps_pd(t[i + h]), hi = _mm512_castps_pd(t[i + 2 + h]);
      u[i + 2 * h] = _mm512_castpd_ps(_mm512_unpacklo_pd(lo, hi));
      u[i + 2 * h + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(lo, hi));
    }
  }
  // u[4g + c] holds, in 128-bit lane l, column 4l + c of rows 4g .. 4g + 3.
  for (int c = 0; c < 4; c++) {
    const __m512 a = _mm512_shuffle_f32x4(u[c], u[4 + c], 0x88), b = _mm512_shuffle_f32x4(u[8 + c], u[12 + c], 0x88);
    const __m512 d = _mm512_shuffle_f32x4(u[c], u[4 + c], 0xdd), e = _mm512_shuffle_f32x4(u[8 + c], u[12 + c], 0xdd);
    r[c].v = _mm512_shuffle_f32x4(a, b, 0x88);
    r[8 + c].v = _mm512_shuffle_f32x4(a, b, 0xdd);
    r[4 + c].v = _mm512_shuffle_f32x4(d, e, 0x88);
    r[12 + c].v = _mm512_shuffle_f32x4(d, e, 0xdd);
  }
}

}  // namespace GRPO_SIMD
}  // namespace grpo

#include "simd/math.h"
#include "simd/unroll.h"

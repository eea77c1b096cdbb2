// Four floats at a time with NEON (arm64). Include as the last header of a file; close with simd/end.h.
#pragma once
#include <arm_neon.h>

#include <cmath>
#include <cstdint>

#define GRPO_SIMD neon

namespace grpo {
namespace GRPO_SIMD {

struct Vec {
  static constexpr int kWidth = 4;
  float32x4_t v;
};

constexpr int kTileRows = 8;     // micro-kernel rows: 8 x 2 accumulators hide the latency of four pipes
constexpr int kTileVectors = 2;  // micro-kernel columns, in vectors

inline Vec Load(const float* p) { return {vld1q_f32(p)}; }
inline void Store(float* p, Vec a) { vst1q_f32(p, a.v); }

inline Vec LoadN(const float* p, int64_t n) {
  if (n >= 4) return Load(p);
  float lanes[4] = {0, 0, 0, 0};
  for (int64_t i = 0; i < n; i++) lanes[i] = p[i];
  return {vld1q_f32(lanes)};
}

inline void StoreN(float* p, Vec a, int64_t n) {
  if (n >= 4) return Store(p, a);
  float lanes[4];
  vst1q_f32(lanes, a.v);
  for (int64_t i = 0; i < n; i++) p[i] = lanes[i];
}

// Into the second-level cache.
inline void Fetch(const float* p) {
#if defined(__GNUC__)
  __builtin_prefetch(p, 0, 2);
#else
  (void)p;
#endif
}
inline Vec Set(float x) { return {vdupq_n_f32(x)}; }

// The lower and the upper bfloat16 of each word.
inline Vec LoadLower(const uint32_t* p) { return {vreinterpretq_f32_u32(vshlq_n_u32(vld1q_u32(p), 16))}; }
inline Vec LoadUpper(const uint32_t* p) { return {vreinterpretq_f32_u32(vandq_u32(vld1q_u32(p), vdupq_n_u32(0xffff0000u)))}; }

inline Vec operator+(Vec a, Vec b) { return {vaddq_f32(a.v, b.v)}; }
inline Vec operator-(Vec a, Vec b) { return {vsubq_f32(a.v, b.v)}; }
inline Vec operator*(Vec a, Vec b) { return {vmulq_f32(a.v, b.v)}; }
inline Vec operator/(Vec a, Vec b) { return {vdivq_f32(a.v, b.v)}; }
inline Vec Fma(Vec a, Vec b, Vec c) { return {vfmaq_f32(c.v, a.v, b.v)}; }
inline Vec Max(Vec a, Vec b) { return {vmaxq_f32(a.v, b.v)}; }
inline Vec Min(Vec a, Vec b) { return {vminq_f32(a.v, b.v)}; }
inline Vec Sqrt(Vec a) { return {vsqrtq_f32(a.v)}; }
inline Vec Round(Vec a) { return {vrndnq_f32(a.v)}; }
inline float Sum(Vec a) { return vaddvq_f32(a.v); }
inline float MaxLane(Vec a) { return vmaxvq_f32(a.v); }

// a * 2^n for whole n; in two steps, so that results below the smallest normal float come out right.
inline Vec Scale2(Vec a, Vec n) {
  const int32x4_t whole = vcvtq_s32_f32(n.v);
  const int32x4_t half = vshrq_n_s32(whole, 1);
  const int32x4_t bias = vdupq_n_s32(127);
  const float32x4_t first = vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(half, bias), 23));
  const float32x4_t second = vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(vsubq_s32(whole, half), bias), 23));
  return {vmulq_f32(vmulq_f32(a.v, first), second)};
}

// Lanes of `other` where test is NaN, else of a.
inline Vec SelectNaN(Vec test, Vec other, Vec a) { return {vbslq_f32(vceqq_f32(test.v, test.v), a.v, other.v)}; }

// Transposes the 4 x 4 matrix held in rows.
inline void Transpose(Vec* r) {
  const float32x4x2_t a = vtrnq_f32(r[0].v, r[1].v), b = vtrnq_f32(r[2].v, r[3].v);
  r[0].v = vcombine_f32(vget_low_f32(a.val[0]), vget_low_f32(b.val[0]));
  r[1].v = vcombine_f32(vget_low_f32(a.val[1]), vget_low_f32(b.val[1]));
  r[2].v = vcombine_f32(vget_high_f32(a.val[0]), vget_high_f32(b.val[0]));
  r[3].v = vcombine_f32(vget_high_f32(a.val[1]), vget_high_f32(b.val[1]));
}

}  // namespace GRPO_SIMD
}  // namespace grpo

#include "simd/math.h"
#include "simd/unroll.h"

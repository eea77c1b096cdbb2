// Floats whose last 16 bits are rounded away: bfloat16.
#pragma once

#include <cstdint>
#include <cstring>

namespace grpo {

inline float FloatOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// The bits of the nearest bfloat16, of two the even one, in the upper half; the lower half is zero.
inline uint32_t Bfloat16Bits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) & 0xffff0000u;
  return value == value ? rounded : 0x7fc00000u;
}

}  // namespace grpo

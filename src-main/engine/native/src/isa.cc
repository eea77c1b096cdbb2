#include "isa.h"

#include <cstdlib>
#include <cstring>

#if defined(_MSC_VER) && defined(GRPO_X86)
#include <intrin.h>
#endif

namespace grpo {
namespace {

#if defined(GRPO_X86) && defined(_MSC_VER)
bool Has(Isa isa) {
  int leaf1[4], leaf7[4];
  __cpuid(leaf1, 1);
  __cpuidex(leaf7, 7, 0);
  const bool osSavesVectors = (leaf1[2] & (1 << 27)) != 0;
  const unsigned long long saved = osSavesVectors ? _xgetbv(0) : 0;
  const bool avx2 = (saved & 0x6) == 0x6 && (leaf1[2] & (1 << 12)) != 0 && (leaf7[1] & (1 << 5)) != 0;
  const bool avx512 = avx2 && (saved & 0xe6) == 0xe6 && (leaf7[1] & (1 << 16)) != 0 && (leaf7[1] & (1 << 17)) != 0;
  return isa == Isa::kScalar || (isa == Isa::kAvx2 && avx2) || (isa == Isa::kAvx512 && avx512);
}
bool HasBfloat16() {
  int leaf7[4];
  __cpuidex(leaf7, 7, 1);
  return (leaf7[0] & (1 << 5)) != 0;
}
#elif defined(GRPO_X86)
bool HasBfloat16() { return __builtin_cpu_supports("avx512bf16"); }

bool Has(Isa isa) {
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq");
  return isa == Isa::kScalar || (isa == Isa::kAvx2 && avx2) || (isa == Isa::kAvx512 && avx512);
}
#elif defined(GRPO_ARM64)
bool Has(Isa isa) { return isa == Isa::kScalar || isa == Isa::kNeon; }
#else
bool Has(Isa isa) { return isa == Isa::kScalar; }
#endif

Isa Choose() {
  const char* wanted = std::getenv("GRPO_STUDIO_ISA");
  if (wanted != nullptr) {
    if (std::strcmp(wanted, "scalar") == 0) return Isa::kScalar;
    if (std::strcmp(wanted, "avx2") == 0 && Has(Isa::kAvx2)) return Isa::kAvx2;
    if (std::strcmp(wanted, "avx512") == 0 && Has(Isa::kAvx512)) return Isa::kAvx512;
    if (std::strcmp(wanted, "neon") == 0 && Has(Isa::kNeon)) return Isa::kNeon;
  }
  if (Has(Isa::kNeon)) return Isa::kNeon;
  if (Has(Isa::kAvx512)) return Isa::kAvx512;
  if (Has(Isa::kAvx2)) return Isa::kAvx2;
  return Isa::kScalar;
}

}  // namespace

Isa ActiveIsa() {
  static const Isa isa = Choose();
  return isa;
}

bool MultipliesBfloat16() {
#if defined(GRPO_X86)
  static const bool multiplies = ActiveIsa() == Isa::kAvx512 && HasBfloat16();
  return multiplies;
#else
  return false;
#endif
}

const char* IsaName() {
  switch (ActiveIsa()) {
    case Isa::kAvx512: return "AVX-512";
    case Isa::kAvx2: return "AVX2";
    case Isa::kNeon: return "NEON";
    case Isa::kScalar: break;
  }
  return "scalar";
}

}  // namespace grpo

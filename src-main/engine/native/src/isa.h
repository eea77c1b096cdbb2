// Which instruction set the kernels use: chosen once, at run time, from what the processor has.
#pragma once

#if defined(__x86_64__) || defined(_M_X64)
#define GRPO_X86 1
#elif defined(__aarch64__) || defined(_M_ARM64)
#define GRPO_ARM64 1
#endif

namespace grpo {

enum class Isa { kScalar, kAvx2, kAvx512, kNeon };

// The best instruction set of this processor, or the one that the environment variable GRPO_STUDIO_ISA names
// (scalar, avx2, avx512, neon) when the processor has it.
Isa ActiveIsa();

// Whether the processor has AVX-512's products of bfloat16.
bool MultipliesBfloat16();

// For people: "AVX-512", "AVX2", "NEON" or "scalar".
const char* IsaName();

}  // namespace grpo

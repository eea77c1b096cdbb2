#include "isa.h"
#include "kernels.h"

#if defined(GRPO_X86)
#define GRPO_BFLOAT16
#include "simd/avx512.h"
//
#include "kernels.inl"
#include "simd/end.h"
#endif

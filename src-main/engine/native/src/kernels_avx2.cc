#include "isa.h"
#include "kernels.h"

#if defined(GRPO_X86)
#include "simd/avx2.h"
//
#include "kernels.inl"
#include "simd/end.h"
#endif

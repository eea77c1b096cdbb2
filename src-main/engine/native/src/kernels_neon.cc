#include "isa.h"
#include "kernels.h"

#if defined(GRPO_ARM64)
#include "simd/neon.h"
//
#include "kernels.inl"
#include "simd/end.h"
#endif

#include "../isa.h"
#include "attention_kernels.h"

#if defined(GRPO_ARM64)
#include "../simd/neon.h"
//
#include "attention_tiles.inl"
#include "attention_kernels.inl"
#include "../simd/end.h"
#endif

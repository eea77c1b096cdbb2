#include "../isa.h"
#include "attention_kernels.h"

#if defined(GRPO_X86)
#include "../simd/avx512.h"
//
#include "attention_tiles.inl"
#include "attention_kernels.inl"
#include "../simd/end.h"
#endif

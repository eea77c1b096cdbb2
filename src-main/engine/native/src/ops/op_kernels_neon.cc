#include "../isa.h"
#include "op_kernels.h"

#if defined(GRPO_ARM64)
#include "../simd/neon.h"
//
#include "op_kernels.inl"
#include "../simd/end.h"
#endif

#include "../isa.h"
#include "op_kernels.h"

#if defined(GRPO_X86)
#include "../simd/avx512.h"
//
#include "op_kernels.inl"
#include "../simd/end.h"
#endif

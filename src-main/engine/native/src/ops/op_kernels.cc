#include "op_kernels.h"

#include "../isa.h"

namespace grpo {

const OpKernels& ActiveOpKernels() {
  switch (ActiveIsa()) {
#if defined(GRPO_X86)
    case Isa::kAvx512: return avx512::kOpKernels;
    case Isa::kAvx2: return avx2::kOpKernels;
#elif defined(GRPO_ARM64)
    case Isa::kNeon: return neon::kOpKernels;
#endif
    default: return scalar::kOpKernels;
  }
}

}  // namespace grpo

#include "attention_kernels.h"

#include "../isa.h"

namespace grpo {

const AttentionKernels& ActiveAttentionKernels() {
  switch (ActiveIsa()) {
#if defined(GRPO_X86)
    case Isa::kAvx512: return avx512::kAttentionKernels;
    case Isa::kAvx2: return avx2::kAttentionKernels;
#elif defined(GRPO_ARM64)
    case Isa::kNeon: return neon::kAttentionKernels;
#endif
    default: return scalar::kAttentionKernels;
  }
}

}  // namespace grpo

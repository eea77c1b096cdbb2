#include "kernels.h"

#include "isa.h"

namespace grpo {

const Kernels& ActiveKernels() {
  switch (ActiveIsa()) {
#if defined(GRPO_X86)
    case Isa::kAvx512: return MultipliesBfloat16() ? avx512bf16::kKernels : avx512::kKernels;
    case Isa::kAvx2: return avx2::kKernels;
#elif defined(GRPO_ARM64)
    case Isa::kNeon: return neon::kKernels;
#endif
    default: return scalar::kKernels;
  }
}

}  // namespace grpo

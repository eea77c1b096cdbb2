// GCC keeps a small array of vectors in registers from end to end only where the loops over it are unrolled early, which it does
// when asked to. Other compilers do so by themselves; for plain C++ lanes it does harm.
#if defined(__GNUC__) && !defined(__clang__)
#define GRPO_SIMD_UNROLL _Pragma("GCC unroll 16")
#else
#define GRPO_SIMD_UNROLL
#endif

// Closes what simd/<isa>.h opened. Include once, at the end of the file.
#if defined(GRPO_SIMD_TARGET) && defined(__clang__)
#pragma clang attribute pop
#elif defined(GRPO_SIMD_TARGET) && defined(__GNUC__)
#pragma GCC pop_options
#endif
#undef GRPO_SIMD_TARGET
#undef GRPO_SIMD
#undef GRPO_SIMD_UNROLL

#include "attention_kernels.h"

#include "../simd/scalar.h"
//
#include "attention_tiles.inl"
#include "attention_kernels.inl"
#include "../simd/end.h"

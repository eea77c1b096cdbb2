#include "op_kernels.h"

#include "../simd/scalar.h"
//
#include "op_kernels.inl"
#include "../simd/end.h"

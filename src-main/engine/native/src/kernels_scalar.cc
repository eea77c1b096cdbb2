#include "kernels.h"
#include "simd/scalar.h"
//
#include "kernels.inl"
#include "simd/end.h"

// Functions built from the vector primitives of one instruction set; included by each simd/<isa>.h.

namespace grpo {
namespace GRPO_SIMD {

// e^x within 2 units in the last place; 0 below -104, +infinity above 88.8, NaN for NaN.
// Cody-Waite reduction x = n ln 2 + r, then the degree-6 Taylor-like minimax polynomial of Cephes' expf.
inline Vec Exp(Vec x) {
  const Vec bounded = Min(Max(x, Set(-104.0f)), Set(89.0f));
  const Vec n = Round(bounded * Set(1.44269504088896341f));
  Vec r = Fma(n, Set(-0.693359375f), bounded);
  r = Fma(n, Set(2.12194440e-4f), r);
  Vec p = Set(1.9875691500e-4f);
  p = Fma(p, r, Set(1.3981999507e-3f));
  p = Fma(p, r, Set(8.3334519073e-3f));
  p = Fma(p, r, Set(4.1665795894e-2f));
  p = Fma(p, r, Set(1.6666665459e-1f));
  p = Fma(p, r, Set(5.0000001201e-1f));
  p = Fma(p, r * r, r) + Set(1.0f);
  return SelectNaN(x, x, Scale2(p, n));
}

// 2^x for x <= 127: within 3 units in the last place, exact at whole x, 0 below -150, NaN for NaN. 2^r for the fraction r of x is the
// polynomial with 1 as its constant term and the least relative error on [-1/2, 1/2].
inline Vec Exp2(Vec x) {
  const Vec bounded = Max(Set(-160.0f), x);  // in this order, so that NaN stays
  const Vec n = Round(bounded);
  const Vec r = bounded - n;
  Vec p = Set(1.326467958e-3f);
  p = Fma(p, r, Set(9.671502747e-3f));
  p = Fma(p, r, Set(5.550733954e-2f));
  p = Fma(p, r, Set(2.402224243e-1f));
  p = Fma(p, r, Set(6.931470037e-1f));
  p = Fma(p, r, Set(1.0f));
  return Scale2(p, n);
}

// 1 / (1 + e^-x).
inline Vec Sigmoid(Vec x) { return Set(1.0f) / (Set(1.0f) + Exp(Set(0.0f) - x)); }

}  // namespace GRPO_SIMD
}  // namespace grpo

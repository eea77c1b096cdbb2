// Source of the row kernels of the fused operations, compiled once per instruction set against the Vec of simd/<isa>.h.

namespace grpo {
namespace GRPO_SIMD {
namespace {

constexpr int W = Vec::kWidth;

// Calls whole(i) on every whole vector of [0, n) and rest(i, count) on what is left.
template <class Body>
inline void ForVectors(int64_t n, Body body) {
  int64_t i = 0;
  for (; i + W <= n; i += W) {
    body([](const float* p, int64_t) { return Load(p); }, [](float* p, Vec a, int64_t) { Store(p, a); }, i, W);
  }
  if (i < n) {
    body([](const float* p, int64_t count) { return LoadN(p, count); },
         [](float* p, Vec a, int64_t count) { StoreN(p, a, count); }, i, n - i);
  }
}

// Sums term(load, i, count) over [0, n) in four interleaved accumulators.
template <class Term>
inline float SumOver(int64_t n, Term term) {
  const auto whole = [](const float* p, int64_t) { return Load(p); };
  Vec sums[4] = {Set(0.0f), Set(0.0f), Set(0.0f), Set(0.0f)};
  int64_t i = 0;
  for (; i + 4 * W <= n; i += 4 * W) {
    for (int j = 0; j < 4; j++) sums[j] = term(whole, i + j * W, W, sums[j]);
  }
  for (; i + W <= n; i += W) sums[0] = term(whole, i, W, sums[0]);
  if (i < n) sums[1] = term([](const float* p, int64_t count) { return LoadN(p, count); }, i, n - i, sums[1]);
  return Sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

float Dot(const float* a, const float* b, int64_t n) {
  return SumOver(n, [=](auto load, int64_t i, int64_t count, Vec sum) { return Fma(load(a + i, count), load(b + i, count), sum); });
}

float DotOfThree(const float* a, const float* b, const float* c, int64_t n) {
  return SumOver(n, [=](auto load, int64_t i, int64_t count, Vec sum) {
    return Fma(load(a + i, count) * load(b + i, count), load(c + i, count), sum);
  });
}

float MaxOf(const float* x, int64_t n) {
  float tail = x[0];
  Vec top = Set(x[0]);
  int64_t i = 0;
  for (; i + W <= n; i += W) top = Max(top, Load(x + i));
  for (; i < n; i++) tail = x[i] > tail ? x[i] : tail;
  const float head = MaxLane(top);
  return head > tail ? head : tail;
}

void AddTo(const float* x, float* y, int64_t n) {
  ForVectors(n, [=](auto load, auto store, int64_t i, int64_t count) {
    store(y + i, load(y + i, count) + load(x + i, count), count);
  });
}

void ScaledProduct(const float* x, const float* weight, float scale, float* out, int64_t n) {
  const Vec factor = Set(scale);
  ForVectors(n, [=](auto load, auto store, int64_t i, int64_t count) {
    store(out + i, load(x + i, count) * factor * load(weight + i, count), count);
  });
}

void AddScaledProduct(float scale, const float* a, const float* b, float* out, int64_t n) {
  const Vec factor = Set(scale);
  ForVectors(n, [=](auto load, auto store, int64_t i, int64_t count) {
    store(out + i, Fma(load(a + i, count) * factor, load(b + i, count), load(out + i, count)), count);
  });
}

void RmsNormGradRow(const float* dy, const float* weight, const float* x, float scale, float shrink, float* out, int64_t n) {
  const Vec factor = Set(scale), less = Set(-shrink);
  ForVectors(n, [=](auto load, auto store, int64_t i, int64_t count) {
    store(out + i, Fma(less, load(x + i, count), load(dy + i, count) * factor * load(weight + i, count)), count);
  });
}

void Rotate(const float* x, const float* cos, const float* sin, float direction, int64_t half, float* out) {
  const Vec sign = Set(direction), minus = Set(-1.0f);
  ForVectors(half, [=](auto load, auto store, int64_t i, int64_t count) {
    const Vec a = load(x + i, count), b = load(x + half + i, count);
    const Vec c = load(cos + i, count), s = load(sin + i, count) * sign;
    store(out + i, Fma(a, c, minus * b * s), count);
    store(out + half + i, Fma(b, c, a * s), count);
  });
}

void SwiGluRow(const float* gate, const float* up, float* out, int64_t n) {
  ForVectors(n, [=](auto load, auto store, int64_t i, int64_t count) {
    const Vec g = load(gate + i, count);
    store(out + i, g * Sigmoid(g) * load(up + i, count), count);
  });
}

void SwiGluGradRow(const float* dy, const float* gate, const float* up, float* dGate, float* dUp, int64_t n) {
  const Vec one = Set(1.0f);
  ForVectors(n, [=](auto load, auto store, int64_t i, int64_t count) {
    const Vec g = load(gate + i, count), d = load(dy + i, count);
    const Vec s = Sigmoid(g);
    store(dGate + i, d * load(up + i, count) * s * Fma(g, one - s, one), count);
    store(dUp + i, d * g * s, count);
  });
}

// gelu(g) in its tanh approximation is g * sigmoid(GeluArgument(g)), since (1 + tanh(u)) / 2 = sigmoid(2 u).
constexpr float kTwiceRootTwoOverPi = 1.5957691216057308f, kGeluCubic = 0.044715f;

inline Vec GeluArgument(Vec g) { return Set(kTwiceRootTwoOverPi) * g * Fma(Set(kGeluCubic) * g, g, Set(1.0f)); }

void GeGluRow(const float* gate, const float* up, float* out, int64_t n) {
  ForVectors(n, [=](auto load, auto store, int64_t i, int64_t count) {
    const Vec g = load(gate + i, count);
    store(out + i, g * Sigmoid(GeluArgument(g)) * load(up + i, count), count);
  });
}

void GeGluGradRow(const float* dy, const float* gate, const float* up, float* dGate, float* dUp, int64_t n) {
  const Vec one = Set(1.0f);
  ForVectors(n, [=](auto load, auto store, int64_t i, int64_t count) {
    const Vec g = load(gate + i, count), d = load(dy + i, count);
    const Vec s = Sigmoid(GeluArgument(g));
    const Vec slope = Set(kTwiceRootTwoOverPi) * Fma(Set(3.0f * kGeluCubic) * g, g, one);
    store(dGate + i, d * load(up + i, count) * s * Fma(g * (one - s), slope, one), count);
    store(dUp + i, d * g * s, count);
  });
}

float ExponentialsOf(float* x, float scale, float shift, int64_t n) {
  const Vec factor = Set(scale), less = Set(-shift);
  Vec sums[2] = {Set(0.0f), Set(0.0f)};
  int64_t i = 0;
  for (; i + 2 * W <= n; i += 2 * W) {
    for (int j = 0; j < 2; j++) {
      const Vec e = Exp(Fma(Load(x + i + j * W), factor, less));
      Store(x + i + j * W, e);
      sums[j] = sums[j] + e;
    }
  }
  for (; i + W <= n; i += W) {
    const Vec e = Exp(Fma(Load(x + i), factor, less));
    Store(x + i, e);
    sums[0] = sums[0] + e;
  }
  if (i < n) {
    StoreN(x + i, Exp(Fma(LoadN(x + i, n - i), factor, less)), n - i);
    sums[1] = sums[1] + LoadN(x + i, n - i);
  }
  return Sum(sums[0] + sums[1]);
}

void ScaleBy(float* x, float factor, int64_t n) {
  const Vec f = Set(factor);
  ForVectors(n, [=](auto load, auto store, int64_t i, int64_t count) { store(x + i, load(x + i, count) * f, count); });
}

SoftmaxSums SoftmaxSumsOf(const float* x, float scale, float max, int64_t n) {
  const Vec factor = Set(scale), less = Set(-max);
  Vec sum = Set(0.0f), weighted = Set(0.0f);
  int64_t i = 0;
  for (; i + W <= n; i += W) {
    const Vec shifted = Fma(Load(x + i), factor, less);
    const Vec e = Exp(shifted);
    sum = sum + e;
    weighted = Fma(e, shifted, weighted);
  }
  if (i < n) {
    float rest[W], products[W];
    for (int j = 0; j < W; j++) rest[j] = products[j] = 0.0f;
    const Vec shifted = Fma(LoadN(x + i, n - i), factor, less);
    const Vec e = Exp(shifted);
    StoreN(rest, e, n - i);
    StoreN(products, e * shifted, n - i);
    sum = sum + Load(rest);
    weighted = weighted + Load(products);
  }
  return {Sum(sum), Sum(weighted)};
}

void LogSoftmaxGradRow(const float* logits, float scale, float logSum, float a, float b, float* out, int64_t n) {
  const Vec factor = Set(scale), less = Set(-logSum), first = Set(a), second = Set(b);
  ForVectors(n, [=](auto load, auto store, int64_t i, int64_t count) {
    const Vec logp = Fma(load(logits + i, count), factor, less);
    store(out + i, Exp(logp) * Fma(second, logp, first), count);
  });
}

void PageScores(const float* q, const float* keys, int64_t depth, float* out) {
  constexpr int kVectors = static_cast<int>(kPageTokens / W);
  Vec sums[kVectors];
  for (int j = 0; j < kVectors; j++) sums[j] = Set(0.0f);
  for (int64_t d = 0; d < depth; d++) {
    const Vec x = Set(q[d]);
    for (int j = 0; j < kVectors; j++) sums[j] = Fma(x, Load(keys + d * kPageTokens + j * W), sums[j]);
  }
  for (int j = 0; j < kVectors; j++) Store(out + j * W, sums[j]);
}

void WeightedSum(const float* weights, const float* values, int64_t stride, int64_t tokens, int64_t depth, float* out) {
  int64_t d = 0;
  for (; d + 4 * W <= depth; d += 4 * W) {
    Vec sums[4];
    for (int j = 0; j < 4; j++) sums[j] = Load(out + d + j * W);
    for (int64_t t = 0; t < tokens; t++) {
      const Vec w = Set(weights[t]);
      for (int j = 0; j < 4; j++) sums[j] = Fma(w, Load(values + t * stride + d + j * W), sums[j]);
    }
    for (int j = 0; j < 4; j++) Store(out + d + j * W, sums[j]);
  }
  ForVectors(depth - d, [=](auto load, auto store, int64_t i, int64_t count) {
    Vec sum = load(out + d + i, count);
    for (int64_t t = 0; t < tokens; t++) sum = Fma(Set(weights[t]), load(values + t * stride + d + i, count), sum);
    store(out + d + i, sum, count);
  });
}

void AdamWRow(float* parameter, float* m, float* v, const float* gradient, const AdamWStep& step, int64_t n) {
  const Vec gradientScale = Set(step.gradientScale), beta1 = Set(step.beta1), beta2 = Set(step.beta2);
  const Vec rest1 = Set(step.rest1), rest2 = Set(step.rest2), epsilon = Set(step.epsilon);
  const Vec decay = Set(step.decay), stepSize = Set(-step.stepSize), inverseRootV = Set(step.inverseRootV);
  ForVectors(n, [=](auto load, auto store, int64_t i, int64_t count) {
    const Vec g = load(gradient + i, count) * gradientScale;
    const Vec first = Fma(beta1, load(m + i, count), rest1 * g);
    const Vec second = Fma(beta2, load(v + i, count), rest2 * g * g);
    const Vec denominator = Fma(Sqrt(second), inverseRootV, epsilon);
    store(m + i, first, count);
    store(v + i, second, count);
    store(parameter + i, Fma(stepSize, first / denominator, load(parameter + i, count) * decay), count);
  });
}

}  // namespace

const OpKernels kOpKernels = {Dot,           MaxOf,          AddTo,     ScaledProduct,    AddScaledProduct, DotOfThree,
                              RmsNormGradRow, Rotate,        SwiGluRow, SwiGluGradRow,    ExponentialsOf,   ScaleBy,
                              SoftmaxSumsOf, LogSoftmaxGradRow, PageScores, WeightedSum, AdamWRow,         GeGluRow,
                              GeGluGradRow};

}  // namespace GRPO_SIMD
}  // namespace grpo

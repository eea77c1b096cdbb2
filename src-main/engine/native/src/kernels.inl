// Source of the vector kernels, compiled once per instruction set against the Vec of simd/<isa>.h.

namespace grpo {
namespace GRPO_SIMD {
namespace {

constexpr int W = Vec::kWidth;
constexpr int kColumns = kTileVectors * W;

// Vectors are written at a step of `width`, rows in rising order, so that a strip narrower than a vector is overwritten
// by its successor where it spills.
void PackRows(const float* src, int64_t ld, int64_t count, int64_t depth, int64_t width, float* dst) {
  for (int64_t g = 0; g < width; g += W) {
    for (int64_t p = 0; p < depth; p += W) {
      const int64_t steps = depth - p < W ? depth - p : W;
      Vec block[W];
      for (int i = 0; i < W; i++) {
        if (g + i >= count || (i >= width && width < W)) {
          block[i] = Set(0.0f);
        } else {
          const float* row = src + (g + i) * ld + p;
          block[i] = steps == W ? Load(row) : LoadN(row, steps);
        }
      }
      Transpose(block);
      if (steps == W) {
        for (int j = 0; j < W; j++) Store(dst + (p + j) * width + g, block[j]);
      } else {
        for (int j = 0; j < steps; j++) Store(dst + (p + j) * width + g, block[j]);
      }
    }
  }
}

void PackColumns(const float* src, int64_t ld, int64_t count, int64_t depth, int64_t width, float* dst) {
  for (int64_t p = 0; p < depth; p++) {
    const float* row = src + p * ld;
    for (int64_t g = 0; g < width; g += W) {
      const int64_t left = (count < width ? count : width) - g;
      Store(dst + p * width + g, left >= W ? Load(row + g) : LoadN(row + g, left > 0 ? left : 0));
    }
  }
}

// Of a tile's columns, V vectors.
template <int R, int V>
void TileRows(int64_t columns, int64_t depth, float alpha, const float* a, const float* b, int64_t bStride, const float* next,
              int64_t nextStep, float beta, float* c, int64_t ldc) {
  Vec sum[R][V];
  for (int i = 0; i < R; i++) {
    for (int j = 0; j < V; j++) sum[i][j] = Set(0.0f);
  }
  for (int64_t p = 0; p < depth; p++) {
    Vec row[V];
    for (int j = 0; j < V; j++) row[j] = Load(b + j * W);
    for (int i = 0; i < R; i++) {
      const Vec x = Set(a[i]);
      for (int j = 0; j < V; j++) sum[i][j] = Fma(x, row[j], sum[i][j]);
    }
    Fetch(next);
    a += kTileRows;
    b += bStride;
    next += nextStep;
  }
  const Vec scale = Set(alpha), keep = Set(beta);
  for (int i = 0; i < R; i++) {
    for (int j = 0; j < V; j++) {
      float* out = c + i * ldc + j * W;
      const int64_t left = columns - j * W;
      const Vec value = sum[i][j] * scale;
      if (left >= W) {
        Store(out, beta == 0.0f ? value : Fma(Load(out), keep, value));
      } else if (left > 0) {
        StoreN(out, beta == 0.0f ? value : Fma(LoadN(out, left), keep, value), left);
      }
    }
  }
}

void RoundColumns(const float* block, int64_t depth, uint32_t* out) {
  for (int64_t p = 0; p < depth; p += 2) {
    const float *first = block + p * kColumns, *second = first + kColumns;
    for (int64_t i = 0; i < kColumns; i++) {
      const uint32_t upper = p + 1 < depth ? Bfloat16Bits(second[i]) : 0;
      out[p / 2 * kColumns + i] = Bfloat16Bits(first[i]) >> 16 | upper;
    }
  }
}

#if defined(GRPO_BFLOAT16)
// Words as of columns.
void RoundRows(const float* block, int64_t depth, float* out) {
  for (int64_t p = 0; p < depth; p += 2) {
    for (int64_t i = 0; i < kTileRows; i++) {
      const uint32_t upper = p + 1 < depth ? Bfloat16Bits(block[(p + 1) * kTileRows + i]) : 0;
      out[p / 2 * kTileRows + i] = FloatOf(Bfloat16Bits(block[p * kTileRows + i]) >> 16 | upper);
    }
  }
}
#else
// Floats that are rounded.
void RoundRows(const float* block, int64_t depth, float* out) {
  for (int64_t i = 0; i < depth * kTileRows; i++) out[i] = FloatOf(Bfloat16Bits(block[i]));
  if (depth % 2 == 1) {
    for (int64_t i = 0; i < kTileRows; i++) out[depth * kTileRows + i] = 0.0f;
  }
}
#endif

template <int R>
void TileRowsBfloat16(int64_t columns, int64_t pairs, const float* a, const uint32_t* b, bool add, float* c, int64_t ldc) {
  Vec sum[R][kTileVectors];
  for (int i = 0; i < R; i++) {
    for (int j = 0; j < kTileVectors; j++) sum[i][j] = Set(0.0f);
  }
  for (int64_t p = 0; p < pairs; p++, b += kColumns) {
#if defined(GRPO_BFLOAT16)
    for (int i = 0; i < R; i++) {
      uint32_t word;
      std::memcpy(&word, a + i, sizeof word);
      for (int j = 0; j < kTileVectors; j++) sum[i][j] = FmaPairs(word, LoadPairs(b + j * W), sum[i][j]);
    }
    a += kTileRows;
#else
    Vec row[kTileVectors];
    for (int j = 0; j < kTileVectors; j++) row[j] = LoadLower(b + j * W);
    for (int i = 0; i < R; i++) {
      for (int j = 0; j < kTileVectors; j++) sum[i][j] = Fma(Set(a[i]), row[j], sum[i][j]);
    }
    for (int j = 0; j < kTileVectors; j++) row[j] = LoadUpper(b + j * W);
    for (int i = 0; i < R; i++) {
      for (int j = 0; j < kTileVectors; j++) sum[i][j] = Fma(Set(a[kTileRows + i]), row[j], sum[i][j]);
    }
    a += 2 * kTileRows;
#endif
  }
  for (int i = 0; i < R; i++) {
    for (int j = 0; j < kTileVectors; j++) {
      float* out = c + i * ldc + j * W;
      const int64_t left = columns - j * W;
      if (left >= W) {
        Store(out, add ? Load(out) + sum[i][j] : sum[i][j]);
      } else if (left > 0) {
        StoreN(out, add ? LoadN(out, left) + sum[i][j] : sum[i][j], left);
      }
    }
  }
}

using TileFunction = void (*)(int64_t, int64_t, float, const float*, const float*, int64_t, const float*, int64_t, float, float*, int64_t);
using Bfloat16TileFunction = void (*)(int64_t, int64_t, const float*, const uint32_t*, bool, float*, int64_t);

template <int... R>
struct TileTable {
  TileFunction whole[sizeof...(R)] = {TileRows<R + 1, kTileVectors>...};
  TileFunction narrow[sizeof...(R)] = {TileRows<R + 1, 1>...};
  Bfloat16TileFunction bfloat16[sizeof...(R)] = {TileRowsBfloat16<R + 1>...};
};

template <int N, int... R>
struct MakeTiles : MakeTiles<N - 1, N - 1, R...> {};
template <int... R>
struct MakeTiles<0, R...> {
  using Table = TileTable<R...>;
};

const MakeTiles<kTileRows>::Table tiles;

void Tile(int64_t rows, int64_t columns, int64_t depth, float alpha, const float* a, const float* b, int64_t bStride,
          const float* next, int64_t nextStep, float beta, float* c, int64_t ldc) {
  const TileFunction* functions = columns > W ? tiles.whole : tiles.narrow;
  functions[rows - 1](columns, depth, alpha, a, b, bStride, next, nextStep, beta, c, ldc);
}

void TileBfloat16(int64_t rows, int64_t columns, int64_t pairs, const float* a, const uint32_t* b, bool add, float* c, int64_t ldc) {
  tiles.bfloat16[rows - 1](columns, pairs, a, b, add, c, ldc);
}

struct AddOp {
  static Vec Apply(Vec a, Vec b) { return a + b; }
};
struct SubOp {
  static Vec Apply(Vec a, Vec b) { return a - b; }
};
struct MultiplyOp {
  static Vec Apply(Vec a, Vec b) { return a * b; }
};
struct DivideOp {
  static Vec Apply(Vec a, Vec b) { return a / b; }
};

template <class Op>
void BinaryLoop(const float* a, int aStep, const float* b, int bStep, float* out, int64_t n) {
  const Vec scalarA = aStep == 0 ? Set(*a) : Set(0.0f), scalarB = bStep == 0 ? Set(*b) : Set(0.0f);
  int64_t i = 0;
  for (; i + W <= n; i += W) {
    Store(out + i, Op::Apply(aStep == 0 ? scalarA : Load(a + i), bStep == 0 ? scalarB : Load(b + i)));
  }
  if (i < n) {
    const int64_t left = n - i;
    StoreN(out + i, Op::Apply(aStep == 0 ? scalarA : LoadN(a + i, left), bStep == 0 ? scalarB : LoadN(b + i, left)), left);
  }
}

void Binary(BinaryOp op, const float* a, int aStep, const float* b, int bStep, float* out, int64_t n) {
  switch (op) {
    case BinaryOp::kAdd: return BinaryLoop<AddOp>(a, aStep, b, bStep, out, n);
    case BinaryOp::kSub: return BinaryLoop<SubOp>(a, aStep, b, bStep, out, n);
    case BinaryOp::kMultiply: return BinaryLoop<MultiplyOp>(a, aStep, b, bStep, out, n);
    case BinaryOp::kDivide: return BinaryLoop<DivideOp>(a, aStep, b, bStep, out, n);
  }
}

struct SquareOp {
  static Vec Apply(Vec x) { return x * x; }
};
struct SqrtOp {
  static Vec Apply(Vec x) { return Sqrt(x); }
};
struct ReciprocalSqrtOp {
  static Vec Apply(Vec x) { return Set(1.0f) / Sqrt(x); }
};
struct ExpOp {
  static Vec Apply(Vec x) { return Exp(x); }
};
struct NegateOp {
  static Vec Apply(Vec x) { return x * Set(-1.0f); }
};
struct SigmoidOp {
  static Vec Apply(Vec x) { return Sigmoid(x); }
};

template <class Op>
void UnaryLoop(const float* x, float* out, int64_t n) {
  int64_t i = 0;
  for (; i + W <= n; i += W) Store(out + i, Op::Apply(Load(x + i)));
  if (i < n) StoreN(out + i, Op::Apply(LoadN(x + i, n - i)), n - i);
}

void Unary(UnaryOp op, const float* x, float* out, int64_t n) {
  switch (op) {
    case UnaryOp::kSquare: return UnaryLoop<SquareOp>(x, out, n);
    case UnaryOp::kSqrt: return UnaryLoop<SqrtOp>(x, out, n);
    case UnaryOp::kReciprocalSqrt: return UnaryLoop<ReciprocalSqrtOp>(x, out, n);
    case UnaryOp::kExp: return UnaryLoop<ExpOp>(x, out, n);
    case UnaryOp::kNegate: return UnaryLoop<NegateOp>(x, out, n);
    case UnaryOp::kSigmoid: return UnaryLoop<SigmoidOp>(x, out, n);
  }
}

void Axpy(float alpha, const float* x, float* y, int64_t n) {
  const Vec scale = Set(alpha);
  int64_t i = 0;
  for (; i + W <= n; i += W) Store(y + i, Fma(scale, Load(x + i), Load(y + i)));
  if (i < n) StoreN(y + i, Fma(scale, LoadN(x + i, n - i), LoadN(y + i, n - i)), n - i);
}

float SumLoop(const float* x, int64_t n) {
  Vec sums[4] = {Set(0.0f), Set(0.0f), Set(0.0f), Set(0.0f)};
  int64_t i = 0;
  for (; i + 4 * W <= n; i += 4 * W) {
    for (int j = 0; j < 4; j++) sums[j] = sums[j] + Load(x + i + j * W);
  }
  for (; i + W <= n; i += W) sums[0] = sums[0] + Load(x + i);
  if (i < n) sums[1] = sums[1] + LoadN(x + i, n - i);
  return Sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

void TransposeBlock(const float* x, int64_t rows, int64_t columns, int64_t ldx, float* out, int64_t ldo) {
  for (int64_t r = 0; r < rows; r += W) {
    const int64_t height = rows - r < W ? rows - r : W;
    for (int64_t c = 0; c < columns; c += W) {
      const int64_t width = columns - c < W ? columns - c : W;
      Vec block[W];
      for (int i = 0; i < W; i++) {
        const float* row = x + (r + i) * ldx + c;
        block[i] = i >= height ? Set(0.0f) : width == W ? Load(row) : LoadN(row, width);
      }
      Transpose(block);
      for (int64_t j = 0; j < width; j++) {
        float* row = out + (c + j) * ldo + r;
        if (height == W) {
          Store(row, block[j]);
        } else {
          StoreN(row, block[j], height);
        }
      }
    }
  }
}

}  // namespace

const Kernels kKernels = {kTileRows, kColumns, PackRows, PackColumns, Tile,    RoundColumns,  RoundRows,
                          TileBfloat16, Binary, Unary,    Axpy,        SumLoop, TransposeBlock};

}  // namespace GRPO_SIMD
}  // namespace grpo

// The products of prompt attention, whose sums stay in registers; compiled once per instruction set against the Vec of simd/<isa>.h.
//
// Scores lie key after key with the queries side by side in vectors ("lanes"): [keys, lanes]. Both products that follow read them
// as they are: as rows of lanes, or one number at a time, broadcast. A product takes one pair of vectors of lanes at a time.

#if defined(_MSC_VER)
#define GRPO_NO_INLINE __declspec(noinline)
#else
#define GRPO_NO_INLINE __attribute__((noinline))
#endif

namespace grpo {
namespace GRPO_SIMD {
namespace {

constexpr int W = Vec::kWidth;

inline int64_t Least(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t Most(int64_t a, int64_t b) { return a > b ? a : b; }

// sums[i][j] = sum over p < depth of a[i * aRow + p * aStep] * b[p * bStep + j * W ..].
template <int R, int J>
inline void Sums(int64_t depth, const float* a, int64_t aRow, int64_t aStep, const float* b, int64_t bStep, Vec (&sums)[R][J]) {
  GRPO_SIMD_UNROLL for (int i = 0; i < R; i++) {
    GRPO_SIMD_UNROLL for (int j = 0; j < J; j++) sums[i][j] = Set(0.0f);
  }
  for (int64_t p = 0; p < depth; p++) {
    Vec row[J];
    GRPO_SIMD_UNROLL for (int j = 0; j < J; j++) row[j] = Load(b + j * W);
    GRPO_SIMD_UNROLL for (int i = 0; i < R; i++) {
      const Vec x = Set(a[i * aRow]);
      GRPO_SIMD_UNROLL for (int j = 0; j < J; j++) sums[i][j] = Fma(x, row[j], sums[i][j]);
    }
    a += aStep;
    b += bStep;
  }
}

// out[R keys, lanes] = keys[R, depth] * queries[depth, lanes]
template <int64_t kLanes, int J>
struct ScoreTile {
  template <int R>
  GRPO_NO_INLINE static void Run(int64_t depth, const float* keys, int64_t stride, const float* queries, float* out) {
    Vec sums[R][J];
    Sums<R, J>(depth, keys, stride, 1, queries, kLanes, sums);
    GRPO_SIMD_UNROLL for (int i = 0; i < R; i++) {
      GRPO_SIMD_UNROLL for (int j = 0; j < J; j++) Store(out + i * kLanes + j * W, sums[i][j]);
    }
  }
};

// out[R of headDim, lanes] = out * keep[lanes] + values[keys, R of headDim]^T * weights[keys, lanes]
template <int64_t kLanes, int J>
struct MixTile {
  template <int R>
  GRPO_NO_INLINE static void Run(int64_t keys, const float* values, int64_t stride, const float* weights, const Vec* keep, float* out) {
    Vec sums[R][J];
    Sums<R, J>(keys, values, 1, stride, weights, kLanes, sums);
    GRPO_SIMD_UNROLL for (int i = 0; i < R; i++) {
      GRPO_SIMD_UNROLL for (int j = 0; j < J; j++) {
        float* at = out + i * kLanes + j * W;
        Store(at, Fma(Load(at), keep[j], sums[i][j]));
      }
    }
  }
};

// out[R keys, columns] += weights[R keys, rows] * stacked[rows, columns], where rows are lanes.
template <int64_t kLanes, int J>
struct AddTile {
  template <int R>
  GRPO_NO_INLINE static void Run(int64_t rows, const float* weights, const float* stacked, int64_t width, int64_t columns, float* out,
                                 int64_t stride) {
    Vec sums[R][J];
    Sums<R, J>(rows, weights, kLanes, 1, stacked, width, sums);
    GRPO_SIMD_UNROLL for (int i = 0; i < R; i++) {
      GRPO_SIMD_UNROLL for (int j = 0; j < J; j++) {
        float* at = out + i * stride + j * W;
        const int64_t left = columns - j * W;
        if (left >= W) {
          Store(at, Load(at) + sums[i][j]);
        } else if (left > 0) {
          StoreN(at, LoadN(at, left) + sums[i][j], left);
        }
      }
    }
  }
};

// Tile::Run<rows>(arguments...)
template <class Tile, int R = kTileRows, class... Arguments>
inline void RunRows(int64_t rows, Arguments... arguments) {
  if constexpr (R > 1) {
    if (rows < R) return RunRows<Tile, R - 1>(rows, arguments...);
  }
  Tile::template Run<R>(arguments...);
}

// Calls body(first, count) on tiles of about equal size, at most kTileRows, that cover [0, n).
template <class Body>
inline void ForTiles(int64_t n, Body body) {
  const int64_t tiles = (n + kTileRows - 1) / kTileRows;
  for (int64_t t = 0; t < tiles; t++) {
    const int64_t first = n * t / tiles;
    body(first, n * (t + 1) / tiles - first);
  }
}

// scores[count, lanes] = keys[count, depth] * queries[depth, lanes], for two vectors of lanes or one.
template <int64_t kLanes>
inline void Score(int64_t count, int64_t depth, const float* keys, int64_t stride, const float* queries, bool two, float* scores) {
  ForTiles(count, [&](int64_t key, int64_t rows) {
    const float* at = keys + key * stride;
    if (two) {
      RunRows<ScoreTile<kLanes, 2>>(rows, depth, at, stride, queries, scores + key * kLanes);
    } else {
      RunRows<ScoreTile<kLanes, 1>>(rows, depth, at, stride, queries, scores + key * kLanes);
    }
  });
}

// mixed[depth, lanes] = mixed * keep[lanes] + values[count, depth]^T * weights[count, lanes], for two vectors of lanes or one.
template <int64_t kLanes>
inline void Mix(int64_t count, int64_t depth, const float* values, int64_t stride, const float* weights, const Vec* keep, bool two,
                float* mixed) {
  ForTiles(depth, [&](int64_t p, int64_t rows) {
    if (two) {
      RunRows<MixTile<kLanes, 2>>(rows, count, values + p, stride, weights, keep, mixed + p * kLanes);
    } else {
      RunRows<MixTile<kLanes, 1>>(rows, count, values + p, stride, weights, keep, mixed + p * kLanes);
    }
  });
}

// out[keys, depth] += weights[R keys, count] * stacked[count, depth]; rows of stacked are `width` floats apart, whole vectors.
template <int64_t kLanes>
inline void AddOuter(int64_t rows, int64_t count, int64_t depth, const float* weights, const float* stacked, int64_t width, float* out,
                     int64_t stride) {
  for (int64_t p = 0; p < depth; p += 2 * W) {
    if (depth - p > W) {
      RunRows<AddTile<kLanes, 2>>(rows, count, weights, stacked + p, width, depth - p, out + p, stride);
    } else {
      RunRows<AddTile<kLanes, 1>>(rows, count, weights, stacked + p, width, depth - p, out + p, stride);
    }
  }
}

// lanes[depth, kLanes] = factor * rows[count, depth]^T, where row r begins at x + offset(r); lanes without a row are 0 as far as
// their vector has one.
template <int64_t kLanes, class Offset>
inline void PackLanes(int64_t count, int64_t depth, const float* x, Offset offset, float factor, float* lanes) {
  const Vec scale = Set(factor);
  for (int64_t g = 0; g < count; g += W) {
    for (int64_t p = 0; p < depth; p += W) {
      const int64_t left = depth - p;
      Vec square[W];
      if (left >= W && count - g >= W) {
        GRPO_SIMD_UNROLL for (int i = 0; i < W; i++) square[i] = Load(x + offset(g + i) + p) * scale;
      } else {
        GRPO_SIMD_UNROLL for (int i = 0; i < W; i++) square[i] = g + i < count ? LoadN(x + offset(g + i) + p, left) * scale : Set(0.0f);
      }
      Transpose(square);
      GRPO_SIMD_UNROLL for (int j = 0; j < W; j++) {
        if (j < left) Store(lanes + (p + j) * kLanes + g, square[j]);
      }
    }
  }
}

// rows[count, depth] = (factor[lanes] * lanes[depth, kLanes])^T, where row r begins at x + offset(r).
template <int64_t kLanes, class Offset>
inline void UnpackLanes(int64_t count, int64_t depth, const float* lanes, const float* factor, float* x, Offset offset) {
  for (int64_t g = 0; g < count; g += W) {
    const Vec scale = Load(factor + g);
    for (int64_t p = 0; p < depth; p += W) {
      const int64_t left = depth - p;
      Vec square[W];
      GRPO_SIMD_UNROLL for (int j = 0; j < W; j++) square[j] = j < left ? Load(lanes + (p + j) * kLanes + g) * scale : Set(0.0f);
      Transpose(square);
      if (left >= W && count - g >= W) {
        GRPO_SIMD_UNROLL for (int i = 0; i < W; i++) Store(x + offset(g + i) + p, square[i]);
      } else {
        GRPO_SIMD_UNROLL for (int i = 0; i < W; i++) {
          if (g + i < count) StoreN(x + offset(g + i) + p, square[i], left);
        }
      }
    }
  }
}

}  // namespace
}  // namespace GRPO_SIMD
}  // namespace grpo

// Source of the innermost loops of prompt attention, compiled once per instruction set against the Vec of simd/<isa>.h.
//
// Scores lie key after key with a block's queries side by side in vectors ("lanes"), so that the softmax is vertical arithmetic
// and both products that follow read the scores as they are: [keys, lanes] is what a product with one row of lanes per key needs,
// and its transpose is read one number at a time, broadcast. Keys are taken a block at a time (the online softmax of
// FlashAttention, Dao et al. 2022), so that the scores of a block stay in the first cache.

#define GRPO_UNROLL _Pragma("GCC unroll 16")
namespace grpo {
namespace GRPO_SIMD {
namespace {

constexpr int W = Vec::kWidth;
constexpr int64_t kForwardLanes = 2 * W;
constexpr int64_t kBackwardLanes = 4 * W;
constexpr int64_t kForwardKeys = 256;   // keys of a block
constexpr int64_t kBackwardKeys = 64;
constexpr float kLog2E = 1.44269504088896341f, kLn2 = 0.693147180559945309f;
constexpr float kLowest = -1e38f;

inline int64_t Least(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t Most(int64_t a, int64_t b) { return a > b ? a : b; }

// sums[i][j] = sum over p < depth of a[i * aRow + p * aStep] * b[p * bStep + j * W ..].
template <int R, int J>
inline void Sums(int64_t depth, const float* a, int64_t aRow, int64_t aStep, const float* b, int64_t bStep, Vec (&sums)[R][J]) {
  GRPO_UNROLL for (int i = 0; i < R; i++) {
    GRPO_UNROLL for (int j = 0; j < J; j++) sums[i][j] = Set(0.0f);
  }
  for (int64_t p = 0; p < depth; p++) {
    Vec row[J];
    GRPO_UNROLL for (int j = 0; j < J; j++) row[j] = Load(b + j * W);
    GRPO_UNROLL for (int i = 0; i < R; i++) {
      const Vec x = Set(a[i * aRow]);
      GRPO_UNROLL for (int j = 0; j < J; j++) sums[i][j] = Fma(x, row[j], sums[i][j]);
    }
    a += aStep;
    b += bStep;
  }
}

// out[R keys, lanes] = keys[R, depth] * queries[depth, lanes]
template <int64_t kLanes, int J>
struct ScoreTile {
  template <int R>
  static void Run(int64_t depth, const float* keys, int64_t stride, const float* queries, float* out) {
    Vec sums[R][J];
    Sums<R, J>(depth, keys, stride, 1, queries, kLanes, sums);
    GRPO_UNROLL for (int i = 0; i < R; i++) {
      GRPO_UNROLL for (int j = 0; j < J; j++) Store(out + i * kLanes + j * W, sums[i][j]);
    }
  }
};

// out[R of headDim, lanes] = out * keep[lanes] + values[keys, R of headDim]^T * weights[keys, lanes]
template <int64_t kLanes, int J>
struct MixTile {
  template <int R>
  static void Run(int64_t keys, const float* values, int64_t stride, const float* weights, const Vec* keep, float* out) {
    Vec sums[R][J];
    Sums<R, J>(keys, values, 1, stride, weights, kLanes, sums);
    GRPO_UNROLL for (int i = 0; i < R; i++) {
      GRPO_UNROLL for (int j = 0; j < J; j++) {
        float* at = out + i * kLanes + j * W;
        Store(at, Fma(Load(at), keep[j], sums[i][j]));
      }
    }
  }
};

// out[R keys, columns] += weights[R keys, rows] * stacked[rows, columns]
template <int64_t kLanes, int J>
struct AddTile {
  template <int R>
  static void Run(int64_t rows, const float* weights, const float* stacked, int64_t width, int64_t columns, float* out, int64_t stride) {
    Vec sums[R][J];
    Sums<R, J>(rows, weights, kLanes, 1, stacked, width, sums);
    GRPO_UNROLL for (int i = 0; i < R; i++) {
      GRPO_UNROLL for (int j = 0; j < J; j++) {
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

// Calls body(first, wide) on the pairs of vectors, and the single one left, of the first `count` lanes.
template <class Body>
inline void ForPairs(int64_t count, Body body) {
  for (int64_t lane = 0; lane < count; lane += 2 * W) body(lane, count - lane > W);
}

// Where the block's rows begin in an array of queries.
struct RowOffsets {
  int64_t at[kBackwardLanes];

  explicit RowOffsets(const QueryBlock& block) {
    int64_t token = block.first / block.shared, head = block.first % block.shared;
    for (int64_t r = 0; r < block.count; r++) {
      at[r] = token * block.width + head * block.headDim;
      if (++head == block.shared) {
        head = 0;
        token++;
      }
    }
  }
};

// lanes[depth, kLanes] = factor * rows[count, depth]^T, where row r begins at x + offset(r); lanes without a row are 0.
template <int64_t kLanes, class Offset>
inline void PackLanes(int64_t count, int64_t depth, const float* x, Offset offset, float factor, float* lanes) {
  const Vec scale = Set(factor);
  for (int64_t g = 0; g < count; g += W) {
    for (int64_t p = 0; p < depth; p += W) {
      const int64_t left = depth - p;
      Vec square[W];
      if (left >= W && count - g >= W) {
        GRPO_UNROLL for (int i = 0; i < W; i++) square[i] = Load(x + offset(g + i) + p) * scale;
      } else {
        GRPO_UNROLL for (int i = 0; i < W; i++) square[i] = g + i < count ? LoadN(x + offset(g + i) + p, left) * scale : Set(0.0f);
      }
      Transpose(square);
      if (left >= W) {
        GRPO_UNROLL for (int j = 0; j < W; j++) Store(lanes + (p + j) * kLanes + g, square[j]);
      } else {
        GRPO_UNROLL for (int j = 0; j < W; j++) {
          if (j < left) Store(lanes + (p + j) * kLanes + g, square[j]);
        }
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
      GRPO_UNROLL for (int j = 0; j < W; j++) square[j] = j < left ? Load(lanes + (p + j) * kLanes + g) * scale : Set(0.0f);
      Transpose(square);
      if (left >= W && count - g >= W) {
        GRPO_UNROLL for (int i = 0; i < W; i++) Store(x + offset(g + i) + p, square[i]);
      } else {
        GRPO_UNROLL for (int i = 0; i < W; i++) {
          if (g + i < count) StoreN(x + offset(g + i) + p, square[i], left);
        }
      }
    }
  }
}

// For one vector of lanes: the keys that its first row does not see or that any row has hidden by the window need a mask.
struct Edge {
  Vec visible, hidden;      // per lane
  int64_t from;             // keys from here on are not seen by all lanes
  int64_t to;               // keys before this are not seen by all lanes
  int64_t end;              // keys from here on are seen by none

  bool Cuts(int64_t key) const { return key >= from || key < to; }

  // Makes the scores of lanes that do not see the key very low.
  Vec Masked(Vec scores, int64_t key) const {
    const Vec at = Set(static_cast<float>(key) + 0.5f), zero = Set(0.0f);
    return Fma(Min(visible - at, zero) + Min(at - hidden, zero), Set(1e30f), scores);
  }
};

Edge EdgeOf(const QueryBlock& block, int64_t lane) {
  const int64_t last = Least(block.count, lane + W) - 1;
  float visible[W], hidden[W];
  for (int i = 0; i < W; i++) {
    visible[i] = static_cast<float>(block.Visible(Least(lane + i, last)));
    hidden[i] = static_cast<float>(block.Hidden(Least(lane + i, last)));
  }
  return {Load(visible), Load(hidden), block.Visible(lane), block.Hidden(last), block.Visible(last)};
}

// Keys [first, end) of a segment's sequence that lie in one array: its prefix or its own tokens.
struct Piece {
  int64_t first, count;  // in the sequence
  const float *keys, *values;
  float *dKeys, *dValues;
};

// The pieces of [first, end): at most one in the prefix and one in the segment's own keys.
template <class Body>
inline void ForPieces(const QueryBlock& block, const KeyGradients& gradients, int64_t first, int64_t end, Body body) {
  const int64_t prefix = block.prefixLength, stride = block.kvWidth;
  if (first < prefix) {
    const int64_t at = first * stride;
    body(Piece{first, Least(end, prefix) - first, block.prefixKeys + at, block.prefixValues + at, gradients.prefixKeys + at,
               gradients.prefixValues + at});
  }
  if (end > prefix) {
    const int64_t from = Most(first, prefix), at = (from - prefix) * stride;
    body(Piece{from, end - from, block.ownKeys + at, block.ownValues + at, gradients.ownKeys + at, gradients.ownValues + at});
  }
}

// scores[count keys, the lanes of one pair] = keys * queries
template <int64_t kLanes>
inline void Score(int64_t count, int64_t depth, const float* keys, int64_t stride, const float* queries, bool wide, float* scores) {
  ForTiles(count, [&](int64_t key, int64_t rows) {
    const float* at = keys + key * stride;
    if (wide) {
      RunRows<ScoreTile<kLanes, 2>>(rows, depth, at, stride, queries, scores + key * kLanes);
    } else {
      RunRows<ScoreTile<kLanes, 1>>(rows, depth, at, stride, queries, scores + key * kLanes);
    }
  });
}

// mixed[depth, the lanes of one pair] = mixed * keep + values^T * weights
template <int64_t kLanes>
inline void Mix(int64_t count, int64_t depth, const float* values, int64_t stride, const float* weights, const Vec* keep, bool wide,
                float* mixed) {
  ForTiles(depth, [&](int64_t p, int64_t rows) {
    if (wide) {
      RunRows<MixTile<kLanes, 2>>(rows, count, values + p, stride, weights, keep, mixed + p * kLanes);
    } else {
      RunRows<MixTile<kLanes, 1>>(rows, count, values + p, stride, weights, keep, mixed + p * kLanes);
    }
  });
}

int64_t ForwardScratch(int64_t headDim) { return (2 * headDim + kForwardKeys) * kForwardLanes; }

void ForwardBlock(const QueryBlock& block, const float* q, float* out, float* logSums, float* scratch) {
  constexpr int64_t kLanes = kForwardLanes;
  const int64_t d = block.headDim, keys = block.Visible(block.count - 1);
  const int vectors = block.count > W ? 2 : 1;
  float *queries = scratch, *mixed = queries + d * kLanes, *scores = mixed + d * kLanes;
  const RowOffsets offsets(block);
  const auto offset = [&](int64_t r) { return offsets.at[r]; };
  PackLanes<kLanes>(block.count, d, q, offset, block.scale * kLog2E, queries);
  for (int64_t i = 0; i < d * kLanes; i += W) Store(mixed + i, Set(0.0f));
  const Vec one = Set(1.0f);
  Vec top[2], sum[2];
  Edge edges[2];
  for (int j = 0; j < vectors; j++) {
    top[j] = Set(kLowest);
    sum[j] = Set(0.0f);
    edges[j] = EdgeOf(block, j * W);
  }
  for (int64_t first = block.Hidden(0) / kForwardKeys * kForwardKeys; first < keys; first += kForwardKeys) {
    const int64_t end = Least(keys, first + kForwardKeys);
    ForPieces(block, {}, first, end, [&](const Piece& piece) {
      Score<kLanes>(piece.count, d, piece.keys, block.kvWidth, queries, vectors > 1, scores + (piece.first - first) * kLanes);
    });
    Vec keep[2];
    for (int j = 0; j < vectors; j++) {
      Vec highest = top[j];
      for (int64_t key = first; key < end; key++) {
        float* at = scores + (key - first) * kLanes + j * W;
        if (edges[j].Cuts(key)) Store(at, edges[j].Masked(Load(at), key));
        highest = Max(highest, Load(at));
      }
      keep[j] = Exp2(top[j] - highest);
      top[j] = highest;
      Vec total = Set(0.0f);
      for (int64_t key = first; key < end; key++) {
        float* at = scores + (key - first) * kLanes + j * W;
        const Vec weight = Exp2(Load(at) - highest);
        Store(at, weight);
        total = total + weight;
      }
      sum[j] = Fma(sum[j], keep[j], total);
    }
    ForPieces(block, {}, first, end, [&](const Piece& piece) {
      Mix<kLanes>(piece.count, d, piece.values, block.kvWidth, scores + (piece.first - first) * kLanes, keep, vectors > 1, mixed);
      keep[0] = keep[1] = one;
    });
  }
  float tops[kLanes], sums[kLanes], inverses[kLanes];
  for (int j = 0; j < vectors; j++) {
    Store(tops + j * W, top[j]);
    Store(sums + j * W, sum[j]);
    Store(inverses + j * W, one / sum[j]);
  }
  UnpackLanes<kLanes>(block.count, d, mixed, inverses, out, offset);
  for (int64_t r = 0; r < block.count; r++) logSums[block.Number(r)] = tops[r] * kLn2 + std::log(sums[r]);
}

int64_t Padded(int64_t headDim) { return (headDim + W - 1) / W * W; }

int64_t BackwardScratch(int64_t headDim) { return (3 * headDim + 2 * Padded(headDim) + 2 * kBackwardKeys) * kBackwardLanes; }

// rows[count, padded] = the block's rows of x
void CopyRows(const QueryBlock& block, const RowOffsets& offsets, const float* x, int64_t padded, float* rows) {
  for (int64_t r = 0; r < block.count; r++) {
    for (int64_t p = 0; p < padded; p += W) Store(rows + r * padded + p, LoadN(x + offsets.at[r] + p, block.headDim - p));
  }
}

float DotRow(const float* a, const float* b, int64_t n) {
  Vec sum = Set(0.0f);
  for (int64_t p = 0; p < n; p += W) sum = Fma(LoadN(a + p, n - p), LoadN(b + p, n - p), sum);
  return Sum(sum);
}

// Adds weights[keys, rows] * stacked[rows, headDim] to a piece's gradient; own keys are not seen by rows before their token.
void AddToKeys(const QueryBlock& block, const Piece& piece, const float* weights, const float* stacked, float* out) {
  constexpr int64_t kLanes = kBackwardLanes;
  const int64_t d = block.headDim, padded = Padded(d);
  ForTiles(piece.count, [&](int64_t key, int64_t rows) {
    const int64_t unseen = Most(0, (piece.first + key - block.prefixLength) * block.shared - block.first);
    const int64_t count = block.count - unseen;
    for (int64_t p = 0; p < d; p += 2 * W) {
      const float *from = weights + key * kLanes + unseen, *with = stacked + unseen * padded + p;
      float* to = out + key * block.kvWidth + p;
      if (d - p > W) {
        RunRows<AddTile<kLanes, 2>>(rows, count, from, with, padded, d - p, to, block.kvWidth);
      } else {
        RunRows<AddTile<kLanes, 1>>(rows, count, from, with, padded, d - p, to, block.kvWidth);
      }
    }
  });
}

void BackwardBlock(const QueryBlock& block, const float* q, const float* out, const float* dOut, const float* logSums, float* dq,
                   const KeyGradients& gradients, float* scratch) {
  constexpr int64_t kLanes = kBackwardLanes;
  const int64_t d = block.headDim, padded = Padded(d), keys = block.Visible(block.count - 1), stride = block.kvWidth;
  float *queries = scratch, *dLanes = queries + d * kLanes, *dQueries = dLanes + d * kLanes, *scores = dQueries + d * kLanes;
  float *dScores = scores + kBackwardKeys * kLanes, *rows = dScores + kBackwardKeys * kLanes, *dRows = rows + padded * kLanes;
  const RowOffsets offsets(block);
  const auto copied = [=](int64_t r) { return r * padded; };
  CopyRows(block, offsets, q, padded, rows);
  CopyRows(block, offsets, dOut, padded, dRows);
  PackLanes<kLanes>(block.count, d, rows, copied, block.scale * kLog2E, queries);
  PackLanes<kLanes>(block.count, d, dRows, copied, 1.0f, dLanes);
  for (int64_t i = 0; i < d * kLanes; i += W) Store(dQueries + i, Set(0.0f));
  const int vectors = static_cast<int>((block.count + W - 1) / W);
  float shifts[kLanes], deltas[kLanes], scales[kLanes];
  for (int64_t r = 0; r < kLanes; r++) {
    const bool used = r < block.count;
    shifts[r] = used ? logSums[block.Number(r)] * kLog2E : 0.0f;
    deltas[r] = used ? DotRow(dRows + r * padded, out + offsets.at[r], d) : 0.0f;
    scales[r] = 1.0f;
  }
  Edge edges[4];
  for (int j = 0; j < vectors; j++) edges[j] = EdgeOf(block, j * W);
  const Vec ones[2] = {Set(1.0f), Set(1.0f)};

  for (int64_t first = block.Hidden(0) / kBackwardKeys * kBackwardKeys; first < keys; first += kBackwardKeys) {
    const int64_t end = Least(keys, first + kBackwardKeys);
    // Keys past the last that a pair's rows see are left out for it; AddToKeys and Mix do not read them.
    const auto seen = [&](const Piece& piece, int64_t lane) {
      return Least(piece.count, block.Visible(Least(block.count, lane + 2 * W) - 1) - piece.first);
    };
    ForPieces(block, gradients, first, end, [&](const Piece& piece) {
      const int64_t at = (piece.first - first) * kLanes;
      ForPairs(block.count, [&](int64_t lane, bool wide) {
        Score<kLanes>(seen(piece, lane), d, piece.keys, stride, queries + lane, wide, scores + at + lane);
        Score<kLanes>(seen(piece, lane), d, piece.values, stride, dLanes + lane, wide, dScores + at + lane);
      });
    });
    for (int j = 0; j < vectors; j++) {
      const Vec scale = Set(block.scale), shift = Load(shifts + j * W), delta = Load(deltas + j * W);
      const int64_t last = Least(end, edges[j | 1].end > 0 && (j | 1) < vectors ? edges[j | 1].end : edges[j].end);
      for (int64_t key = first; key < last; key++) {
        float *score = scores + (key - first) * kLanes + j * W, *dScore = dScores + (key - first) * kLanes + j * W;
        Vec logit = Load(score) - shift;
        if (edges[j].Cuts(key)) logit = edges[j].Masked(logit, key);
        const Vec weight = Exp2(logit);
        Store(score, weight);
        Store(dScore, weight * (Load(dScore) - delta) * scale);
      }
      for (int64_t key = Most(first, last); key < end; key++) {
        Store(scores + (key - first) * kLanes + j * W, Set(0.0f));
        Store(dScores + (key - first) * kLanes + j * W, Set(0.0f));
      }
    }
    ForPieces(block, gradients, first, end, [&](const Piece& piece) {
      const int64_t at = (piece.first - first) * kLanes;
      ForPairs(block.count, [&](int64_t lane, bool wide) {
        Mix<kLanes>(seen(piece, lane), d, piece.keys, stride, dScores + at + lane, ones, wide, dQueries + lane);
      });
      AddToKeys(block, piece, dScores + at, rows, piece.dKeys);
      AddToKeys(block, piece, scores + at, dRows, piece.dValues);
    });
  }
  UnpackLanes<kLanes>(block.count, d, dQueries, scales, dq, [&](int64_t r) { return offsets.at[r]; });
}

}  // namespace

const AttentionKernels kAttentionKernels = {ForwardScratch, BackwardScratch, kForwardLanes, kBackwardLanes, ForwardBlock, BackwardBlock};

}  // namespace GRPO_SIMD
}  // namespace grpo

// Source of the innermost loops of prompt attention, compiled once per instruction set after attention_tiles.inl.
//
// A block's queries are lanes, so the softmax is vertical arithmetic. Keys are taken a block at a time with the online softmax of
// FlashAttention (Dao et al. 2022), so that no more scores exist at once than stay in the nearest caches. Scores are in powers of
// two: they are multiplied by log2(e) on the way in.

namespace grpo {
namespace GRPO_SIMD {
namespace {

constexpr int64_t kForwardLanes = 2 * W;
constexpr int64_t kBackwardLanes = 4 * W;  // more of them: the gradients of keys are loaded and stored once per block
constexpr int64_t kForwardKeys = 256;      // keys taken at a time
constexpr int64_t kBackwardKeys = 128;
constexpr float kLog2E = 1.44269504088896341f, kLn2 = 0.693147180559945309f;
constexpr float kLowest = -1e38f;

int64_t Padded(int64_t headDim) { return (headDim + W - 1) / W * W; }
int64_t ForwardScratch(int64_t headDim) { return (2 * headDim + kForwardKeys) * kForwardLanes; }
int64_t BackwardScratch(int64_t headDim) { return (3 * headDim + 2 * Padded(headDim) + 2 * kBackwardKeys) * kBackwardLanes; }

// Where the block's rows lie in arrays of queries and of one number a head.
struct Rows {
  int64_t offsets[kBackwardLanes], numbers[kBackwardLanes];

  explicit Rows(const QueryBlock& block) {
    int64_t token = block.first / block.shared, head = block.first % block.shared;
    for (int64_t r = 0; r < block.count; r++) {
      offsets[r] = token * block.width + head * block.headDim;
      numbers[r] = token * block.heads + head;
      if (++head == block.shared) {
        head = 0;
        token++;
      }
    }
  }
};

// Which keys the lanes of one vector see.
struct Sight {
  Vec visible, hidden;  // keys [hidden, visible), per lane
  int64_t allTo, allFrom;  // all lanes see keys [allFrom, allTo)

  Sight(const QueryBlock& block, int64_t lane) {
    const int64_t last = Least(block.count, lane + W) - 1;
    float visibles[W], hiddens[W];
    for (int64_t i = 0; i < W; i++) {
      visibles[i] = static_cast<float>(block.Visible(Least(lane + i, last)));
      hiddens[i] = static_cast<float>(block.Hidden(Least(lane + i, last)));
    }
    visible = Load(visibles);
    hidden = Load(hiddens);
    allTo = block.Visible(lane);
    allFrom = block.Hidden(last);
  }

  // Makes the scores of a key very low in the lanes that do not see it.
  Vec Mask(Vec scores, int64_t key) const {
    if (key >= allFrom && key < allTo) return scores;
    const Vec at = Set(static_cast<float>(key) + 0.5f), zero = Set(0.0f);
    return Fma(Min(visible - at, zero) + Min(at - hidden, zero), Set(1e30f), scores);
  }
};

// Keys [first, first + count) of a segment's text, within one of its spans.
struct Piece {
  int64_t first, count;
  int64_t offset;        // of the first in arrays of keys
  int64_t offsetInSpan;  // the same, in an array that begins with the span
  bool firstSpan;
};

// Calls body with the pieces of [first, end).
template <class Body>
inline void ForPieces(const QueryBlock& block, int64_t first, int64_t end, Body body) {
  int64_t before = 0;
  for (const Span* span = block.text; before < end; before += span++->length) {
    const int64_t from = Most(first, before), to = Least(end, before + span->length);
    if (from >= to) continue;
    const int64_t place = from - before;
    body(Piece{from, to - from, (span->start + place) * block.kvWidth, place * block.kvWidth, span == block.text});
  }
}

// The softmax so far, over the keys taken so far, for one vector of lanes.
struct Softmax {
  Vec top = Set(kLowest), sum = Set(0.0f);

  // scores[keys, kForwardLanes] become weights relative to the highest score so far; returns by what earlier weights shrink.
  Vec Take(const Sight& sight, int64_t first, int64_t end, float* scores) {
    Vec highest = top;
    float* at = scores;
    for (int64_t key = first; key < end; key++, at += kForwardLanes) {
      const Vec score = sight.Mask(Load(at), key);
      Store(at, score);
      highest = Max(highest, score);
    }
    Vec total = Set(0.0f);
    at = scores;
    for (int64_t key = first; key < end; key++, at += kForwardLanes) {
      const Vec weight = Exp2(Load(at) - highest);
      Store(at, weight);
      total = total + weight;
    }
    const Vec keep = Exp2(top - highest);
    top = highest;
    sum = Fma(sum, keep, total);
    return keep;
  }
};

void ForwardBlock(const QueryBlock& block, const float* q, float* out, float* logSums, float* scratch) {
  constexpr int64_t kLanes = kForwardLanes;
  const int64_t d = block.headDim, stride = block.kvWidth, keys = block.Visible(block.count - 1);
  const int vectors = block.count > W ? 2 : 1;
  float *queries = scratch, *mixed = queries + d * kLanes, *scores = mixed + d * kLanes;
  const Rows rows(block);
  const auto offset = [&](int64_t r) { return rows.offsets[r]; };
  PackLanes<kLanes>(block.count, d, q, offset, block.scale * kLog2E, queries);
  for (int64_t i = 0; i < d * kLanes; i += W) Store(mixed + i, Set(0.0f));
  const Sight sights[2] = {Sight(block, 0), Sight(block, vectors > 1 ? W : 0)};
  Softmax softmax[2];

  for (int64_t first = block.Hidden(0) / kForwardKeys * kForwardKeys; first < keys; first += kForwardKeys) {
    const int64_t end = Least(keys, first + kForwardKeys);
    ForPieces(block, first, end, [&](const Piece& piece) {
      Score<kLanes>(piece.count, d, block.keys + piece.offset, stride, queries, vectors > 1, scores + (piece.first - first) * kLanes);
    });
    Vec keep[2];
    for (int j = 0; j < vectors; j++) keep[j] = softmax[j].Take(sights[j], first, end, scores + j * W);
    ForPieces(block, first, end, [&](const Piece& piece) {
      const float* weights = scores + (piece.first - first) * kLanes;
      Mix<kLanes>(piece.count, d, block.values + piece.offset, stride, weights, keep, vectors > 1, mixed);
      keep[0] = keep[1] = Set(1.0f);
    });
  }

  float tops[kLanes], sums[kLanes], inverses[kLanes];
  for (int j = 0; j < vectors; j++) {
    Store(tops + j * W, softmax[j].top);
    Store(sums + j * W, softmax[j].sum);
    Store(inverses + j * W, Set(1.0f) / softmax[j].sum);
  }
  UnpackLanes<kLanes>(block.count, d, mixed, inverses, out, offset);
  for (int64_t r = 0; r < block.count; r++) logSums[rows.numbers[r]] = tops[r] * kLn2 + std::log(sums[r]);
}

// to[count, padded] = the block's rows of x, with zeros after them.
void CopyRows(const QueryBlock& block, const Rows& rows, const float* x, int64_t padded, float* to) {
  for (int64_t r = 0; r < block.count; r++) {
    for (int64_t p = 0; p < padded; p += W) Store(to + r * padded + p, LoadN(x + rows.offsets[r] + p, block.headDim - p));
  }
}

float DotRow(const float* a, const float* b, int64_t n) {
  Vec sum = Set(0.0f);
  for (int64_t p = 0; p < n; p += W) sum = Fma(LoadN(a + p, n - p), LoadN(b + p, n - p), sum);
  return Sum(sum);
}

// Adds weights[keys, rows] * stacked[rows, padded] to a piece's gradient. Own keys are not seen by the rows before their token.
void AddToKeys(const QueryBlock& block, const Piece& piece, const float* weights, const float* stacked, float* out) {
  const int64_t padded = Padded(block.headDim);
  ForTiles(piece.count, [&](int64_t key, int64_t count) {
    const int64_t unseen = Most(0, (piece.first + key - block.prefixLength) * block.shared - block.first);
    AddOuter<kBackwardLanes>(count, block.count - unseen, block.headDim, weights + key * kBackwardLanes + unseen, stacked + unseen * padded,
                             padded, out + key * block.kvWidth, block.kvWidth);
  });
}

// For one vector of lanes and keys [first, end): scores become weights, and dScores, gradients with respect to weights, become
// gradients with respect to scores. Keys from `seen` on are not seen by any lane.
void ScoreGradients(const Sight& sight, int64_t first, int64_t seen, int64_t end, Vec shift, Vec delta, float scale, float* scores,
                    float* dScores) {
  constexpr int64_t kLanes = kBackwardLanes;
  const Vec factor = Set(scale), zero = Set(0.0f);
  for (int64_t key = first; key < seen; key++, scores += kLanes, dScores += kLanes) {
    const Vec weight = Exp2(sight.Mask(Load(scores), key) - shift);
    Store(scores, weight);
    Store(dScores, weight * factor * (Load(dScores) - delta));
  }
  for (int64_t key = Most(first, seen); key < end; key++, scores += kLanes, dScores += kLanes) {
    Store(scores, zero);
    Store(dScores, zero);
  }
}

void BackwardBlock(const QueryBlock& block, const float* q, const float* out, const float* dOut, const float* logSums, float* dq,
                   const KeyGradients& gradients, float* scratch) {
  constexpr int64_t kLanes = kBackwardLanes;
  const int64_t d = block.headDim, padded = Padded(d), stride = block.kvWidth, keys = block.Visible(block.count - 1);
  float *queries = scratch, *dLanes = queries + d * kLanes, *dQueries = dLanes + d * kLanes, *scores = dQueries + d * kLanes;
  float *dScores = scores + kBackwardKeys * kLanes, *stacked = dScores + kBackwardKeys * kLanes, *dStacked = stacked + padded * kLanes;
  const Rows rows(block);
  const auto copied = [&](int64_t r) { return r * padded; };
  CopyRows(block, rows, q, padded, stacked);
  CopyRows(block, rows, dOut, padded, dStacked);
  PackLanes<kLanes>(block.count, d, stacked, copied, block.scale * kLog2E, queries);
  PackLanes<kLanes>(block.count, d, dStacked, copied, 1.0f, dLanes);
  for (int64_t i = 0; i < d * kLanes; i += W) Store(dQueries + i, Set(0.0f));
  float shifts[kLanes], deltas[kLanes], ones[kLanes];
  for (int64_t r = 0; r < kLanes; r++) {
    const bool used = r < block.count;
    shifts[r] = used ? logSums[rows.numbers[r]] * kLog2E : 0.0f;
    deltas[r] = used ? DotRow(dStacked + r * padded, out + rows.offsets[r], d) : 0.0f;
    ones[r] = 1.0f;
  }
  const Vec keep[2] = {Set(1.0f), Set(1.0f)};

  for (int64_t first = block.Hidden(0) / kBackwardKeys * kBackwardKeys; first < keys; first += kBackwardKeys) {
    const int64_t end = Least(keys, first + kBackwardKeys);
    for (int64_t lane = 0; lane < block.count; lane += 2 * W) {
      const int vectors = block.count - lane > W ? 2 : 1;
      const int64_t seen = Least(end, block.Visible(Least(block.count, lane + 2 * W) - 1));
      ForPieces(block, first, seen, [&](const Piece& piece) {
        const int64_t at = (piece.first - first) * kLanes + lane;
        Score<kLanes>(piece.count, d, block.keys + piece.offset, stride, queries + lane, vectors > 1, scores + at);
        Score<kLanes>(piece.count, d, block.values + piece.offset, stride, dLanes + lane, vectors > 1, dScores + at);
      });
      for (int64_t g = lane; g < lane + vectors * W; g += W) {
        ScoreGradients(Sight(block, g), first, seen, end, Load(shifts + g), Load(deltas + g), block.scale, scores + g, dScores + g);
      }
      ForPieces(block, first, seen, [&](const Piece& piece) {
        const int64_t at = (piece.first - first) * kLanes + lane;
        Mix<kLanes>(piece.count, d, block.keys + piece.offset, stride, dScores + at, keep, vectors > 1, dQueries + lane);
      });
    }
    ForPieces(block, first, end, [&](const Piece& piece) {
      const int64_t at = (piece.first - first) * kLanes;
      const bool apart = piece.firstSpan && gradients.firstKeys != nullptr;
      AddToKeys(block, piece, dScores + at, stacked, apart ? gradients.firstKeys + piece.offsetInSpan : gradients.keys + piece.offset);
      AddToKeys(block, piece, scores + at, dStacked, apart ? gradients.firstValues + piece.offsetInSpan : gradients.values + piece.offset);
    });
  }
  UnpackLanes<kLanes>(block.count, d, dQueries, ones, dq, [&](int64_t r) { return rows.offsets[r]; });
}

}  // namespace

const AttentionKernels kAttentionKernels = {kForwardLanes, kBackwardLanes, ForwardScratch, BackwardScratch, ForwardBlock, BackwardBlock};

}  // namespace GRPO_SIMD
}  // namespace grpo

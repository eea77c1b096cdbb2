#include <algorithm>
#include <cmath>
#include <vector>

#include "../aligned_buffer.h"
#include "../gemm.h"
#include "../thread_pool.h"
#include "op_kernels.h"
#include "ops.h"

// One task is a block of a segment's queries, for all query heads that share one key/value head: their rows are copied together
// ("stacked", head after head), and two matrix products give the scores against the prefix and against the segment itself.
namespace grpo {
namespace {

constexpr int64_t kStackedRows = 128;  // about how many query rows a block stacks
constexpr int64_t kLanes = 8;          // partial sums into which the completions of one prompt add its gradient

struct Segment {
  int64_t start, length, prefixStart, prefixLength;
};

struct Layout {
  explicit Layout(const AttentionShape& shape)
      : shape(shape),
        width(shape.heads * shape.headDim),
        kvWidth(shape.kvHeads * shape.headDim),
        shared(shape.heads / shape.kvHeads),
        blockTokens(std::max<int64_t>(1, kStackedRows / shared)) {}

  const AttentionShape shape;
  const int64_t width, kvWidth, shared, blockTokens;
};

std::vector<Segment> ReadSegments(const int32_t* table, int64_t count) {
  std::vector<Segment> segments;
  for (int64_t i = 0; i < count; i++) segments.push_back({table[4 * i], table[4 * i + 1], table[4 * i + 2], table[4 * i + 3]});
  return segments;
}

// A block of queries [first, last) of a segment and the scratch that holds its stacked rows.
struct Block {
  const Layout& layout;
  const Segment& segment;
  int64_t kvHead, first, last;

  int64_t Tokens() const { return last - first; }
  int64_t Rows() const { return layout.shared * Tokens(); }
  int64_t Keys() const { return segment.prefixLength + last; }  // keys the last query of the block sees
  // Keys up to the token of stacked row r; with a window it does not see the first ones.
  int64_t Visible(int64_t r) const { return segment.prefixLength + first + r % Tokens() + 1; }
  // Index of stacked row r in an array [N, heads].
  int64_t HeadIndex(int64_t r) const {
    return (segment.start + first + r % Tokens()) * layout.shape.heads + kvHead * layout.shared + r / Tokens();
  }

  // Stacks the block's rows of packed [N, heads * headDim], or puts stacked rows back.
  void Stack(const float* packed, float* stacked) const {
    const int64_t d = layout.shape.headDim;
    for (int64_t r = 0; r < Rows(); r++) std::copy_n(packed + HeadIndex(r) * d, d, stacked + r * d);
  }
  void Unstack(const float* stacked, float* packed) const {
    const int64_t d = layout.shape.headDim;
    for (int64_t r = 0; r < Rows(); r++) std::copy_n(stacked + r * d, d, packed + HeadIndex(r) * d);
  }

  const float* Prefix(const float* kv) const { return kv + segment.prefixStart * layout.kvWidth + kvHead * layout.shape.headDim; }
  const float* Own(const float* kv) const { return kv + segment.start * layout.kvWidth + kvHead * layout.shape.headDim; }

  // out[rows, Keys()] = stacked · (prefix and own rows of kv)ᵀ.
  void AgainstKeys(const float* stacked, const float* kv, float* out) const {
    const int64_t d = layout.shape.headDim, p = segment.prefixLength;
    Gemm(false, true, Rows(), p, d, 1.0f, stacked, d, Prefix(kv), layout.kvWidth, 0.0f, out, Keys());
    Gemm(false, true, Rows(), last, d, 1.0f, stacked, d, Own(kv), layout.kvWidth, 0.0f, out + p, Keys());
  }

  // out[rows, headDim] = weights[rows, Keys()] · (prefix and own rows of kv).
  void MixValues(const float* weights, const float* kv, float* out) const {
    const int64_t d = layout.shape.headDim, p = segment.prefixLength;
    Gemm(false, false, Rows(), d, p, 1.0f, weights, Keys(), Prefix(kv), layout.kvWidth, 0.0f, out, d);
    Gemm(false, false, Rows(), d, last, 1.0f, weights + p, Keys(), Own(kv), layout.kvWidth, 1.0f, out, d);
  }

  // prefixSum and ownSum += weights[rows, Keys()]ᵀ · stacked.
  void AddToKeys(const float* weights, const float* stacked, float* prefixSum, int64_t prefixStride, float* ownSum) const {
    const int64_t d = layout.shape.headDim, p = segment.prefixLength;
    Gemm(true, false, p, d, Rows(), 1.0f, weights, Keys(), stacked, d, 1.0f, prefixSum, prefixStride);
    Gemm(true, false, last, d, Rows(), 1.0f, weights + p, Keys(), stacked, d, 1.0f, ownSum, layout.kvWidth);
  }
};

struct Scratch {
  AlignedBuffer scores, gradients, first, second, third;
};

Scratch& ThreadScratch() {
  static thread_local Scratch scratch;
  return scratch;
}

void ForwardBlock(const Block& block, const float* q, const float* k, const float* v, float* out, float* logSums) {
  const OpKernels& kernels = ActiveOpKernels();
  Scratch& scratch = ThreadScratch();
  const int64_t rows = block.Rows(), keys = block.Keys(), d = block.layout.shape.headDim;
  const float scale = block.layout.shape.scale;
  float* stacked = scratch.first.Reserve(rows * d);
  float* scores = scratch.scores.Reserve(rows * keys);
  block.Stack(q, stacked);
  block.AgainstKeys(stacked, k, scores);
  for (int64_t r = 0; r < rows; r++) {
    float* row = scores + r * keys;
    const int64_t visible = block.Visible(r), hidden = block.layout.shape.Hidden(visible);
    const float top = kernels.max(row + hidden, visible - hidden) * scale;
    const float sum = kernels.exponentials(row + hidden, scale, top, visible - hidden);
    kernels.scale(row + hidden, 1.0f / sum, visible - hidden);
    std::fill(row, row + hidden, 0.0f);
    std::fill(row + visible, row + keys, 0.0f);
    logSums[block.HeadIndex(r)] = top + std::log(sum);
  }
  block.MixValues(scores, v, stacked);
  block.Unstack(stacked, out);
}

// The gradient of a prompt's keys (or values) from its completions is summed in kLanes arrays [length, kvWidth], lane after lane.
struct Prompt {
  int64_t start, length;
  int64_t lanes;     // lanes in use: min(completions, kLanes)
  int64_t children;  // completions
  int64_t offset;    // of the first lane in the scratch
};

struct Lane {
  std::vector<int64_t> segments;  // indices, in order; all continue the same prompt
  int64_t offset;                 // of the lane's partial sum; -1 for a segment without a prefix
};

struct Plan {
  std::vector<Lane> lanes;
  std::vector<Prompt> prompts;
  int64_t partialSize = 0;
};

Plan MakePlan(const std::vector<Segment>& segments, const Layout& layout) {
  Plan plan;
  for (const Segment& segment : segments) {
    if (segment.prefixLength == 0) continue;
    const auto known = std::find_if(plan.prompts.begin(), plan.prompts.end(), [&](const Prompt& p) { return p.start == segment.prefixStart; });
    if (known == plan.prompts.end()) {
      plan.prompts.push_back({segment.prefixStart, segment.prefixLength, 1, 1, 0});
    } else {
      known->children++;
      known->lanes = std::min(known->children, kLanes);
    }
  }
  for (Prompt& prompt : plan.prompts) {
    prompt.offset = plan.partialSize;
    plan.partialSize += prompt.lanes * prompt.length * layout.kvWidth;
    const size_t firstLane = plan.lanes.size();
    for (int64_t lane = 0; lane < prompt.lanes; lane++) plan.lanes.push_back({{}, prompt.offset + lane * prompt.length * layout.kvWidth});
    int64_t child = 0;
    for (size_t i = 0; i < segments.size(); i++) {
      if (segments[i].prefixLength == 0 || segments[i].prefixStart != prompt.start) continue;
      plan.lanes[firstLane + static_cast<size_t>(child++ % prompt.lanes)].segments.push_back(static_cast<int64_t>(i));
    }
  }
  for (size_t i = 0; i < segments.size(); i++) {
    if (segments[i].prefixLength == 0) plan.lanes.push_back({{static_cast<int64_t>(i)}, -1});
  }
  return plan;
}

struct GradientArrays {
  const float *dOut, *q, *k, *v, *out, *logSums;
  float *dq, *dk, *dv;
};

void BackwardBlock(const Block& block, const GradientArrays& arrays, float* prefixKeys, float* prefixValues) {
  const OpKernels& kernels = ActiveOpKernels();
  Scratch& scratch = ThreadScratch();
  const Layout& layout = block.layout;
  const int64_t rows = block.Rows(), keys = block.Keys(), d = layout.shape.headDim;
  const int64_t own = block.segment.start * layout.kvWidth + block.kvHead * d;
  float* queries = scratch.first.Reserve(rows * d);
  float* dStacked = scratch.second.Reserve(rows * d);
  float* dQueries = scratch.third.Reserve(rows * d);
  float* weights = scratch.scores.Reserve(rows * keys);
  float* dScores = scratch.gradients.Reserve(rows * keys);
  block.Stack(arrays.q, queries);
  block.Stack(arrays.dOut, dStacked);
  block.AgainstKeys(queries, arrays.k, weights);
  block.AgainstKeys(dStacked, arrays.v, dScores);
  for (int64_t r = 0; r < rows; r++) {
    const int64_t visible = block.Visible(r), hidden = layout.shape.Hidden(visible), index = block.HeadIndex(r);
    float *weight = weights + r * keys, *dScore = dScores + r * keys;
    const float delta = kernels.dot(dStacked + r * d, arrays.out + index * d, d);
    kernels.attentionGrad(weight + hidden, dScore + hidden, layout.shape.scale, arrays.logSums[index], delta, visible - hidden);
    std::fill(weight, weight + hidden, 0.0f);
    std::fill(dScore, dScore + hidden, 0.0f);
    std::fill(weight + visible, weight + keys, 0.0f);
    std::fill(dScore + visible, dScore + keys, 0.0f);
  }
  block.MixValues(dScores, arrays.k, dQueries);
  block.Unstack(dQueries, arrays.dq);
  block.AddToKeys(dScores, queries, prefixKeys, layout.kvWidth, arrays.dk + own);
  block.AddToKeys(weights, dStacked, prefixValues, layout.kvWidth, arrays.dv + own);
}

// Zeroes the columns of one kv head in rows [0, count) of an array [.., kvWidth].
void ZeroHead(float* array, int64_t count, int64_t headDim, int64_t stride) {
  for (int64_t i = 0; i < count; i++) std::fill_n(array + i * stride, headDim, 0.0f);
}

}  // namespace

void Attention(const float* q, const float* k, const float* v, const int32_t* table, int64_t count, const AttentionShape& shape,
               float* out, float* logSums) {
  const Layout layout(shape);
  const std::vector<Segment> segments = ReadSegments(table, count);
  std::vector<Block> blocks;
  for (const Segment& segment : segments) {
    for (int64_t kvHead = 0; kvHead < shape.kvHeads; kvHead++) {
      for (int64_t t = 0; t < segment.length; t += layout.blockTokens) {
        blocks.push_back({layout, segment, kvHead, t, std::min(t + layout.blockTokens, segment.length)});
      }
    }
  }
  ParallelFor(static_cast<int64_t>(blocks.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) ForwardBlock(blocks[static_cast<size_t>(i)], q, k, v, out, logSums);
  });
}

void AttentionGrad(const float* dOut, const float* q, const float* k, const float* v, const float* out, const float* logSums,
                   const int32_t* table, int64_t count, const AttentionShape& shape, float* dq, float* dk, float* dv) {
  const Layout layout(shape);
  const std::vector<Segment> segments = ReadSegments(table, count);
  const Plan plan = MakePlan(segments, layout);
  const GradientArrays arrays{dOut, q, k, v, out, logSums, dq, dk, dv};
  const int64_t d = shape.headDim, kvWidth = layout.kvWidth;
  AlignedBuffer partials;
  float* partialKeys = partials.Reserve(2 * plan.partialSize);
  float* partialValues = partialKeys + plan.partialSize;

  ParallelFor(static_cast<int64_t>(plan.lanes.size()) * shape.kvHeads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; task++) {
      const Lane& lane = plan.lanes[static_cast<size_t>(task / shape.kvHeads)];
      const int64_t kvHead = task % shape.kvHeads;
      float *prefixKeys = nullptr, *prefixValues = nullptr;
      if (lane.offset >= 0) {
        const int64_t length = segments[static_cast<size_t>(lane.segments[0])].prefixLength;
        prefixKeys = partialKeys + lane.offset + kvHead * d;
        prefixValues = partialValues + lane.offset + kvHead * d;
        ZeroHead(prefixKeys, length, d, kvWidth);
        ZeroHead(prefixValues, length, d, kvWidth);
      }
      for (const int64_t index : lane.segments) {
        const Segment& segment = segments[static_cast<size_t>(index)];
        const int64_t own = segment.start * kvWidth + kvHead * d;
        ZeroHead(dk + own, segment.length, d, kvWidth);
        ZeroHead(dv + own, segment.length, d, kvWidth);
        for (int64_t t = 0; t < segment.length; t += layout.blockTokens) {
          BackwardBlock({layout, segment, kvHead, t, std::min(t + layout.blockTokens, segment.length)}, arrays, prefixKeys, prefixValues);
        }
      }
    }
  });

  const OpKernels& kernels = ActiveOpKernels();
  for (const Prompt& prompt : plan.prompts) {
    ParallelFor(prompt.length, std::max<int64_t>(1, 16384 / kvWidth), [&](int64_t begin, int64_t end) {
      const int64_t size = (end - begin) * kvWidth;
      for (int64_t lane = 0; lane < prompt.lanes; lane++) {
        const int64_t from = prompt.offset + (lane * prompt.length + begin) * kvWidth, to = (prompt.start + begin) * kvWidth;
        kernels.add(partialKeys + from, dk + to, size);
        kernels.add(partialValues + from, dv + to, size);
      }
    });
  }
}

}  // namespace grpo

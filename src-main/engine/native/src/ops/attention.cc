#include <algorithm>
#include <atomic>
#include <vector>

#include "../aligned_buffer.h"
#include "../thread_pool.h"
#include "attention_kernels.h"
#include "op_kernels.h"
#include "ops.h"

// Each key/value head of each segment is on its own; its work is cut into blocks of queries (attention_kernels.h). Forward, every
// block is a task. Backward, blocks that add to the same keys are one task. All texts that begin alike add to the keys of their first
// segment, the root of their tree (a prompt): what branches off it adds to partial sums ("lanes") that are added up in the end.
namespace grpo {
namespace {

constexpr int64_t kLanes = 8;  // partial sums into which the branches of one root add its gradient

struct Segment {
  int64_t start, length, parent, prefixLength;

  int64_t Pairs() const { return length * prefixLength + length * (length + 1) / 2; }  // of a query and a key it sees
};

// The spans of the first `tokens` tokens of a segment's text.
void AddText(const std::vector<Segment>& segments, int64_t index, int64_t tokens, std::vector<Span>& text) {
  const Segment& segment = segments[static_cast<size_t>(index)];
  const int64_t prefix = std::min(tokens, segment.prefixLength);
  if (prefix > 0) AddText(segments, segment.parent, prefix, text);
  if (tokens > prefix) text.push_back({segment.start, tokens - prefix});
}

struct Batch {
  std::vector<Segment> segments;
  std::vector<std::vector<Span>> texts;

  Batch(const int32_t* table, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
      segments.push_back({table[4 * i], table[4 * i + 1], table[4 * i + 2], table[4 * i + 3]});
      texts.emplace_back();
      AddText(segments, i, segments.back().prefixLength + segments.back().length, texts.back());
    }
  }
};

// One key/value head of a segment.
struct Part {
  const Segment& segment;
  const std::vector<Span>& text;
  const AttentionShape& shape;
  int64_t kvHead;

  Part(const Batch& batch, int64_t index, const AttentionShape& shape, int64_t kvHead)
      : segment(batch.segments[static_cast<size_t>(index)]), text(batch.texts[static_cast<size_t>(index)]), shape(shape), kvHead(kvHead) {}

  int64_t Shared() const { return shape.heads / shape.kvHeads; }
  int64_t KeyWidth() const { return shape.kvHeads * shape.headDim; }
  int64_t Rows() const { return segment.length * Shared(); }
  // Of the first query in arrays [N, heads]; times headDim, in arrays of queries.
  int64_t Number() const { return segment.start * shape.heads + kvHead * Shared(); }

  QueryBlock Block(int64_t first, int64_t most, const float* k, const float* v) const {
    return {first,
            std::min(most, Rows() - first),
            Shared(),
            shape.headDim,
            shape.window,
            shape.heads * shape.headDim,
            KeyWidth(),
            shape.heads,
            segment.prefixLength,
            shape.scale,
            text.data(),
            k + kvHead * shape.headDim,
            v + kvHead * shape.headDim};
  }
};

float* ThreadScratch(int64_t floats) {
  static thread_local AlignedBuffer scratch;
  return scratch.Reserve(floats);
}

// Calls body(i) for every i < n, one after the other on each thread that is free: for tasks that are long and of unequal length.
template <class Body>
void ForTasks(int64_t n, Body body) {
  std::atomic<int64_t> next{0};
  ParallelFor(std::min<int64_t>(n, Threads()), 1, [&](int64_t, int64_t) {
    for (int64_t i = next++; i < n; i = next++) body(i);
  });
}

// The gradient of a root's keys (or values) from its branches is summed in arrays [length, kvWidth], lane after lane.
struct Root {
  int64_t index;   // of its segment
  int64_t lanes;   // lanes in use: min(branches, kLanes)
  int64_t offset;  // of the first lane in the scratch
};

struct Lane {
  std::vector<int64_t> segments;  // indices, in order: roots, or whole branches of one root
  int64_t offset;                 // of the lane's partial sum; -1 for a root
  int64_t rootLength;             // tokens of the partial sum
  int64_t pairs = 0;
};

struct Plan {
  std::vector<Lane> lanes;  // the longest first
  std::vector<Root> roots;  // those with branches
  int64_t partialSize = 0;
};

Plan MakePlan(const std::vector<Segment>& segments, int64_t kvWidth) {
  const int64_t count = static_cast<int64_t>(segments.size());
  std::vector<std::vector<int64_t>> branches(segments.size());      // of a root: the segments whose parent it is
  std::vector<std::vector<int64_t>> descendants(segments.size());   // of a branch: itself and all that branches off it
  std::vector<int64_t> branchOf(segments.size());
  Plan plan;
  for (int64_t i = 0; i < count; i++) {
    const size_t at = static_cast<size_t>(i), parent = static_cast<size_t>(segments[at].parent);
    if (segments[at].prefixLength == 0) {
      plan.lanes.push_back({{i}, -1, 0, segments[at].Pairs()});
      continue;
    }
    const bool offRoot = segments[parent].prefixLength == 0;
    if (offRoot) branches[parent].push_back(i);
    branchOf[at] = offRoot ? i : branchOf[parent];
    descendants[static_cast<size_t>(branchOf[at])].push_back(i);
  }
  for (int64_t i = 0; i < count; i++) {
    const std::vector<int64_t>& own = branches[static_cast<size_t>(i)];
    if (own.empty()) continue;
    const int64_t length = segments[static_cast<size_t>(i)].length, size = length * kvWidth;
    plan.roots.push_back({i, std::min(static_cast<int64_t>(own.size()), kLanes), plan.partialSize});
    std::vector<Lane> lanes;
    for (int64_t lane = 0; lane < plan.roots.back().lanes; lane++) lanes.push_back({{}, plan.partialSize + lane * size, length});
    plan.partialSize += plan.roots.back().lanes * size;
    for (const int64_t branch : own) {
      Lane& lane = *std::min_element(lanes.begin(), lanes.end(), [](const Lane& a, const Lane& b) { return a.pairs < b.pairs; });
      for (const int64_t segment : descendants[static_cast<size_t>(branch)]) {
        lane.segments.push_back(segment);
        lane.pairs += segments[static_cast<size_t>(segment)].Pairs();
      }
    }
    plan.lanes.insert(plan.lanes.end(), lanes.begin(), lanes.end());
  }
  std::stable_sort(plan.lanes.begin(), plan.lanes.end(), [](const Lane& a, const Lane& b) { return a.pairs > b.pairs; });
  return plan;
}

// Zeroes the columns of one kv head in rows [0, count) of an array [.., kvWidth].
void ZeroHead(float* array, int64_t count, int64_t headDim, int64_t stride) {
  for (int64_t i = 0; i < count; i++) std::fill_n(array + i * stride, headDim, 0.0f);
}

}  // namespace

void Attention(const float* q, const float* k, const float* v, const int32_t* table, int64_t count, const AttentionShape& shape,
               float* out, float* logSums) {
  struct Task {
    Part part;
    int64_t first;
  };
  const AttentionKernels& kernels = ActiveAttentionKernels();
  const int64_t d = shape.headDim;
  const Batch batch(table, count);
  std::vector<Task> tasks;
  for (int64_t kvHead = 0; kvHead < shape.kvHeads; kvHead++) {
    for (int64_t i = 0; i < count; i++) {
      const Part part(batch, i, shape, kvHead);
      for (int64_t row = 0; row < part.Rows(); row += kernels.forwardRows) tasks.push_back({part, row});
    }
  }
  ForTasks(static_cast<int64_t>(tasks.size()), [&](int64_t i) {
    const auto& [part, first] = tasks[static_cast<size_t>(i)];
    const int64_t number = part.Number();
    kernels.forward(part.Block(first, kernels.forwardRows, k, v), q + number * d, out + number * d, logSums + number,
                    ThreadScratch(kernels.forwardScratch(d)));
  });
}

void AttentionGrad(const float* dOut, const float* q, const float* k, const float* v, const float* out, const float* logSums,
                   const int32_t* table, int64_t count, const AttentionShape& shape, float* dq, float* dk, float* dv) {
  const AttentionKernels& kernels = ActiveAttentionKernels();
  const int64_t d = shape.headDim, kvWidth = shape.kvHeads * d;
  const Batch batch(table, count);
  const Plan plan = MakePlan(batch.segments, kvWidth);
  static thread_local AlignedBuffer partials;
  float* partialKeys = partials.Reserve(2 * plan.partialSize);
  float* partialValues = partialKeys + plan.partialSize;

  ForTasks(static_cast<int64_t>(plan.lanes.size()) * shape.kvHeads, [&](int64_t task) {
    const Lane& lane = plan.lanes[static_cast<size_t>(task / shape.kvHeads)];
    const int64_t head = task % shape.kvHeads * d;
    float *rootKeys = nullptr, *rootValues = nullptr;
    if (lane.offset >= 0) {
      rootKeys = partialKeys + lane.offset + head;
      rootValues = partialValues + lane.offset + head;
      ZeroHead(rootKeys, lane.rootLength, d, kvWidth);
      ZeroHead(rootValues, lane.rootLength, d, kvWidth);
    }
    float* scratch = ThreadScratch(kernels.backwardScratch(d));
    for (const int64_t index : lane.segments) {
      const Part part(batch, index, shape, task % shape.kvHeads);
      const int64_t number = part.Number(), own = part.segment.start * kvWidth + head;
      ZeroHead(dk + own, part.segment.length, d, kvWidth);
      ZeroHead(dv + own, part.segment.length, d, kvWidth);
      for (int64_t row = 0; row < part.Rows(); row += kernels.backwardRows) {
        kernels.backward(part.Block(row, kernels.backwardRows, k, v), q + number * d, out + number * d, dOut + number * d, logSums + number,
                         dq + number * d, {dk + head, dv + head, rootKeys, rootValues}, scratch);
      }
    }
  });

  const auto add = ActiveOpKernels().add;
  for (const Root& root : plan.roots) {
    const Segment& segment = batch.segments[static_cast<size_t>(root.index)];
    ParallelFor(segment.length, std::max<int64_t>(1, 16384 / kvWidth), [&](int64_t begin, int64_t end) {
      const int64_t size = (end - begin) * kvWidth;
      for (int64_t lane = 0; lane < root.lanes; lane++) {
        const int64_t from = root.offset + (lane * segment.length + begin) * kvWidth, to = (segment.start + begin) * kvWidth;
        add(partialKeys + from, dk + to, size);
        add(partialValues + from, dv + to, size);
      }
    });
  }
}

}  // namespace grpo

#include <algorithm>
#include <atomic>
#include <vector>

#include "../aligned_buffer.h"
#include "../thread_pool.h"
#include "attention_kernels.h"
#include "op_kernels.h"
#include "ops.h"

// Each key/value head of each segment is on its own; its work is cut into blocks of queries (attention_kernels.h). Forward, every
// block is a task. Backward, blocks that add to the same keys are one task, and the completions of one prompt, which all add to
// its keys, add to partial sums ("lanes") that are added up in the end.
namespace grpo {
namespace {

constexpr int64_t kLanes = 8;  // partial sums into which the completions of one prompt add its gradient

struct Segment {
  int64_t start, length, prefixStart, prefixLength;

  int64_t Pairs() const { return length * prefixLength + length * (length + 1) / 2; }  // of a query and a key it sees
};

std::vector<Segment> ReadSegments(const int32_t* table, int64_t count) {
  std::vector<Segment> segments;
  for (int64_t i = 0; i < count; i++) segments.push_back({table[4 * i], table[4 * i + 1], table[4 * i + 2], table[4 * i + 3]});
  return segments;
}

// One key/value head of a segment.
struct Part {
  const Segment& segment;
  const AttentionShape& shape;
  int64_t kvHead;

  int64_t Shared() const { return shape.heads / shape.kvHeads; }
  int64_t KeyWidth() const { return shape.kvHeads * shape.headDim; }
  int64_t Rows() const { return segment.length * Shared(); }
  // Of the first query in arrays [N, heads]; times headDim, in arrays of queries.
  int64_t Number() const { return segment.start * shape.heads + kvHead * Shared(); }
  int64_t OwnKeys() const { return segment.start * KeyWidth() + kvHead * shape.headDim; }
  int64_t PrefixKeys() const { return segment.prefixStart * KeyWidth() + kvHead * shape.headDim; }

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
            k + PrefixKeys(),
            v + PrefixKeys(),
            k + OwnKeys(),
            v + OwnKeys()};
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
  int64_t pairs = 0;
};

struct Plan {
  std::vector<Lane> lanes;  // the longest first
  std::vector<Prompt> prompts;
  int64_t partialSize = 0;
};

Plan MakePlan(const std::vector<Segment>& segments, int64_t kvWidth) {
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
    plan.partialSize += prompt.lanes * prompt.length * kvWidth;
    const size_t firstLane = plan.lanes.size();
    for (int64_t lane = 0; lane < prompt.lanes; lane++) plan.lanes.push_back({{}, prompt.offset + lane * prompt.length * kvWidth});
    int64_t child = 0;
    for (size_t i = 0; i < segments.size(); i++) {
      if (segments[i].prefixLength == 0 || segments[i].prefixStart != prompt.start) continue;
      plan.lanes[firstLane + static_cast<size_t>(child++ % prompt.lanes)].segments.push_back(static_cast<int64_t>(i));
    }
  }
  for (size_t i = 0; i < segments.size(); i++) {
    if (segments[i].prefixLength == 0) plan.lanes.push_back({{static_cast<int64_t>(i)}, -1});
  }
  for (Lane& lane : plan.lanes) {
    for (const int64_t i : lane.segments) lane.pairs += segments[static_cast<size_t>(i)].Pairs();
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
  const std::vector<Segment> segments = ReadSegments(table, count);
  std::vector<Task> tasks;
  for (int64_t kvHead = 0; kvHead < shape.kvHeads; kvHead++) {
    for (const Segment& segment : segments) {
      const Part part{segment, shape, kvHead};
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
  const std::vector<Segment> segments = ReadSegments(table, count);
  const Plan plan = MakePlan(segments, kvWidth);
  static thread_local AlignedBuffer partials;
  float* partialKeys = partials.Reserve(2 * plan.partialSize);
  float* partialValues = partialKeys + plan.partialSize;

  ForTasks(static_cast<int64_t>(plan.lanes.size()) * shape.kvHeads, [&](int64_t task) {
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
    float* scratch = ThreadScratch(kernels.backwardScratch(d));
    for (const int64_t index : lane.segments) {
      const Part part{segments[static_cast<size_t>(index)], shape, kvHead};
      const int64_t number = part.Number(), own = part.OwnKeys();
      ZeroHead(dk + own, part.segment.length, d, kvWidth);
      ZeroHead(dv + own, part.segment.length, d, kvWidth);
      for (int64_t row = 0; row < part.Rows(); row += kernels.backwardRows) {
        kernels.backward(part.Block(row, kernels.backwardRows, k, v), q + number * d, out + number * d, dOut + number * d, logSums + number,
                         dq + number * d, {prefixKeys, prefixValues, dk + own, dv + own}, scratch);
      }
    }
  });

  const auto add = ActiveOpKernels().add;
  for (const Prompt& prompt : plan.prompts) {
    ParallelFor(prompt.length, std::max<int64_t>(1, 16384 / kvWidth), [&](int64_t begin, int64_t end) {
      const int64_t size = (end - begin) * kvWidth;
      for (int64_t lane = 0; lane < prompt.lanes; lane++) {
        const int64_t from = prompt.offset + (lane * prompt.length + begin) * kvWidth, to = (prompt.start + begin) * kvWidth;
        add(partialKeys + from, dk + to, size);
        add(partialValues + from, dv + to, size);
      }
    });
  }
}

}  // namespace grpo

#include <algorithm>
#include <vector>

#include "../aligned_buffer.h"
#include "../thread_pool.h"
#include "attention_kernels.h"
#include "op_kernels.h"
#include "ops.h"

// A task is a block of a segment's stacked rows: the queries of all heads that share one key/value head, token after token.
namespace grpo {
namespace {

constexpr int64_t kLanes = 8;          // partial sums into which the completions of one prompt add its gradient

struct Segment {
  int64_t start, length, prefixStart, prefixLength;
};

std::vector<Segment> ReadSegments(const int32_t* table, int64_t count) {
  std::vector<Segment> segments;
  for (int64_t i = 0; i < count; i++) segments.push_back({table[4 * i], table[4 * i + 1], table[4 * i + 2], table[4 * i + 3]});
  return segments;
}

QueryBlock BlockOf(const Segment& segment, int64_t kvHead, int64_t rows, const AttentionShape& shape, const float* k, const float* v) {
  const int64_t d = shape.headDim, kvWidth = shape.kvHeads * d;
  const int64_t own = segment.start * kvWidth + kvHead * d, prefix = segment.prefixStart * kvWidth + kvHead * d;
  QueryBlock block;
  block.first = 0;
  block.count = rows;
  block.shared = shape.heads / shape.kvHeads;
  block.headDim = d;
  block.window = shape.window;
  block.width = shape.heads * d;
  block.kvWidth = kvWidth;
  block.heads = shape.heads;
  block.prefixLength = segment.prefixLength;
  block.scale = shape.scale;
  block.prefixKeys = k + prefix;
  block.prefixValues = v + prefix;
  block.ownKeys = k + own;
  block.ownValues = v + own;
  return block;
}

float* ThreadScratch(int64_t floats) {
  static thread_local AlignedBuffer scratch;
  return scratch.Reserve(floats);
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
    const Segment* segment;
    int64_t kvHead, first, count;
  };
  const AttentionKernels& kernels = ActiveAttentionKernels();
  const int64_t d = shape.headDim, shared = shape.heads / shape.kvHeads;
  const std::vector<Segment> segments = ReadSegments(table, count);
  std::vector<Task> tasks;
  for (const Segment& segment : segments) {
    for (int64_t kvHead = 0; kvHead < shape.kvHeads; kvHead++) {
      for (int64_t row = 0; row < segment.length * shared; row += kernels.forwardRows) {
        tasks.push_back({&segment, kvHead, row, std::min(kernels.forwardRows, segment.length * shared - row)});
      }
    }
  }
  ParallelFor(static_cast<int64_t>(tasks.size()), 1, [&](int64_t begin, int64_t end) {
    float* scratch = ThreadScratch(kernels.forwardScratch(d));
    for (int64_t i = begin; i < end; i++) {
      const Task& task = tasks[static_cast<size_t>(i)];
      const int64_t number = task.segment->start * shape.heads + task.kvHead * shared;
      QueryBlock block = BlockOf(*task.segment, task.kvHead, task.count, shape, k, v);
      block.first = task.first;
      kernels.forward(block, q + number * d, out + number * d, logSums + number, scratch);
    }
  });
}

void AttentionGrad(const float* dOut, const float* q, const float* k, const float* v, const float* out, const float* logSums,
                   const int32_t* table, int64_t count, const AttentionShape& shape, float* dq, float* dk, float* dv) {
  const AttentionKernels& kernels = ActiveAttentionKernels();
  const int64_t d = shape.headDim, kvWidth = shape.kvHeads * d, shared = shape.heads / shape.kvHeads;
  const std::vector<Segment> segments = ReadSegments(table, count);
  const Plan plan = MakePlan(segments, kvWidth);
  AlignedBuffer partials;
  float* partialKeys = partials.Reserve(2 * plan.partialSize);
  float* partialValues = partialKeys + plan.partialSize;

  ParallelFor(static_cast<int64_t>(plan.lanes.size()) * shape.kvHeads, 1, [&](int64_t begin, int64_t end) {
    float* scratch = ThreadScratch(kernels.backwardScratch(d));
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
        const int64_t number = segment.start * shape.heads + kvHead * shared, rows = segment.length * shared;
        for (int64_t row = 0; row < rows; row += kernels.backwardRows) {
          QueryBlock block = BlockOf(segment, kvHead, std::min(kernels.backwardRows, rows - row), shape, k, v);
          block.first = row;
          kernels.backward(block, q + number * d, out + number * d, dOut + number * d, logSums + number, dq + number * d,
                           {prefixKeys, prefixValues, dk + own, dv + own}, scratch);
        }
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

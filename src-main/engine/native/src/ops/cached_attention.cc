#include <algorithm>
#include <cmath>
#include <vector>

#include "../aligned_buffer.h"
#include "../kernels.h"
#include "../thread_pool.h"
#include "op_kernels.h"
#include "ops.h"

namespace grpo {
namespace {

constexpr int64_t kRowsPerTask = 16;  // completions of one prompt whose scores against it are one matrix product

// Completions [first, last) of the batch, which continue the same prompt, for one key/value head.
struct Task {
  int64_t first, last, kvHead;
};

struct Step {
  const float *q, *k, *v;
  const CacheView& cache;
  const DecodeRowsView& rows;
  const AttentionShape& shape;
  float* out;

  // Where a page holds the tokens of a slot.
  int64_t Block(int64_t slot, int64_t kvHead) const { return (kvHead * cache.slots + slot) * shape.headDim * kPageTokens; }
};

// Copies the own tokens of another slot, which goes on by itself.
void TakeOver(const Step& step, int64_t row, int64_t kvHead) {
  const int64_t d = step.shape.headDim, size = d * kPageTokens;
  const int64_t from = step.Block(step.rows.sources[row], kvHead), to = step.Block(step.rows.slots[row], kvHead);
  for (int64_t page = 0; page * kPageTokens < step.rows.ownLength; page++) {
    const int64_t tokens = std::min(kPageTokens, step.rows.ownLength - page * kPageTokens);
    float *keys = step.cache.keyPages[page], *values = step.cache.valuePages[page];
    for (int64_t i = 0; i < size; i += kPageTokens) std::copy_n(keys + from + i, tokens, keys + to + i);
    std::copy_n(values + from, tokens * d, values + to);
  }
}

void Append(const Step& step, const Task& task) {
  const int64_t d = step.shape.headDim, page = step.rows.ownLength / kPageTokens, place = step.rows.ownLength % kPageTokens;
  for (int64_t b = task.first; b < task.last; b++) {
    if (step.rows.sources[b] != step.rows.slots[b]) TakeOver(step, b, task.kvHead);
    const int64_t from = (b * step.shape.kvHeads + task.kvHead) * d;
    const int64_t block = step.Block(step.rows.slots[b], task.kvHead);
    float* keys = step.cache.keyPages[page] + block;
    for (int64_t i = 0; i < d; i++) keys[i * kPageTokens + place] = step.k[from + i];
    std::copy_n(step.v + from, d, step.cache.valuePages[page] + block + place * d);
  }
}

void Run(const Step& step, const Task& task) {
  static thread_local AlignedBuffer queryBuffer, scoreBuffer, mixBuffer;
  static thread_local PackedRows packed;
  const OpKernels& kernels = ActiveOpKernels();
  const AttentionShape& shape = step.shape;
  const int64_t d = shape.headDim, shared = shape.heads / shape.kvHeads;
  const int64_t own = step.rows.ownLength + 1, pages = (own + kPageTokens - 1) / kPageTokens;
  const int64_t prompt = step.rows.promptLengths[task.first], stacked = (task.last - task.first) * shared;
  const int64_t promptStart = step.rows.promptStarts[task.first];
  const PackedMatrix &promptKeys = step.cache.prompts.keys[static_cast<size_t>(task.kvHead)];
  const PackedMatrix &promptValues = step.cache.prompts.values[static_cast<size_t>(task.kvHead)];
  // Scores of the prompt come in whole strips, which may begin before it and end after it.
  const int64_t tile = ActiveKernels().tileColumns, firstStrip = promptStart / tile, lead = promptStart - firstStrip * tile;
  const int64_t width = lead + prompt + std::max(tile, pages * kPageTokens), hidden = shape.Hidden(prompt + own), seen = prompt + own - hidden;
  float* queries = queryBuffer.Reserve(stacked * d);
  float* scores = scoreBuffer.Reserve(stacked * width) + lead;
  float* mixed = mixBuffer.Reserve(stacked * d);
  Append(step, task);

  // The heads that share a key/value head lie side by side in a row of q.
  const auto head = [&](int64_t r) { return ((task.first + r / shared) * shape.heads + task.kvHead * shared + r % shared) * d; };
  const auto block = [&](int64_t r) { return step.Block(step.rows.slots[task.first + r / shared], task.kvHead); };
  for (int64_t r = 0; r < stacked; r++) std::copy_n(step.q + head(r), d, queries + r * d);
  packed.Pack(queries, stacked, d);
  for (int64_t strip = firstStrip; strip * tile < promptStart + prompt; strip++) {
    packed.Multiply(promptKeys, strip, false, scores - lead + (strip - firstStrip) * tile, width);
  }
  // Slots of one prompt mostly lie side by side: a page is read from its beginning to its end.
  for (int64_t page = 0; page < pages; page++) {
    for (int64_t r = 0; r < stacked; r++) {
      kernels.pageScores(queries + r * d, step.cache.keyPages[page] + block(r), d, scores + r * width + prompt + page * kPageTokens);
    }
  }
  for (int64_t r = 0; r < stacked; r++) {
    float* row = scores + r * width;
    const float top = kernels.max(row + hidden, seen) * shape.scale;
    const float sum = kernels.exponentials(row + hidden, shape.scale, top, seen);
    kernels.scale(row + hidden, 1.0f / sum, seen);
    std::fill(row, row + hidden, 0.0f);
  }
  if (prompt > 0) {
    packed.Pack(scores, stacked, prompt, WeightFormat::kFloat32, width);
    for (int64_t strip = 0; strip < promptValues.Strips(); strip++) {
      packed.Multiply(promptValues, strip, false, mixed + strip * tile, d, promptStart);
    }
  } else {
    std::fill_n(mixed, stacked * d, 0.0f);
  }
  for (int64_t page = 0; page < pages; page++) {
    const int64_t tokens = std::min(kPageTokens, own - page * kPageTokens);
    for (int64_t r = 0; r < stacked; r++) {
      kernels.weightedSum(scores + r * width + prompt + page * kPageTokens, step.cache.valuePages[page] + block(r), d, tokens, d,
                          mixed + r * d);
    }
  }
  for (int64_t r = 0; r < stacked; r++) std::copy_n(mixed + r * d, d, step.out + head(r));
}

}  // namespace

void PackedPrompts::Pack(const float* allKeys, const float* allValues, int64_t tokens, int64_t kvHeads, int64_t headDim) {
  const size_t heads = static_cast<size_t>(kvHeads);
  if (keys.size() != heads) keys = std::vector<PackedMatrix>(heads), values = std::vector<PackedMatrix>(heads);
  const int64_t keyFloats = PackedMatrix::FloatsOf(tokens, headDim), valueFloats = PackedMatrix::FloatsOf(headDim, tokens);
  float* memory = memory_.Reserve(kvHeads * (keyFloats + valueFloats));  // one buffer, which huge pages can hold
  for (int64_t head = 0; head < kvHeads; head++) {
    const size_t h = static_cast<size_t>(head);
    keys[h].Place(memory);
    values[h].Place(memory + keyFloats);
    memory += keyFloats + valueFloats;
    keys[h].Pack(allKeys + head * headDim, tokens, headDim, WeightFormat::kFloat32, kvHeads * headDim);
    values[h].PackTransposed(allValues + head * headDim, tokens, headDim, kvHeads * headDim);
  }
}

void CachedAttention(const float* q, const float* k, const float* v, const CacheView& cache, const DecodeRowsView& rows,
                     const AttentionShape& shape, float* out) {
  const Step step{q, k, v, cache, rows, shape, out};
  std::vector<Task> tasks;
  for (int64_t first = 0; first < shape.tokens;) {
    int64_t last = first + 1;
    while (last < shape.tokens && last - first < kRowsPerTask && rows.promptStarts[last] == rows.promptStarts[first] &&
           rows.promptLengths[last] == rows.promptLengths[first]) {
      last++;
    }
    for (int64_t kvHead = 0; kvHead < shape.kvHeads; kvHead++) tasks.push_back({first, last, kvHead});
    first = last;
  }
  const int64_t work = shape.heads * shape.headDim * (rows.promptLengths[0] + rows.ownLength + 1) * shape.tokens;
  const int64_t grain = work < 65536 ? static_cast<int64_t>(tasks.size()) : 1;
  ParallelFor(static_cast<int64_t>(tasks.size()), grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) Run(step, tasks[static_cast<size_t>(i)]);
  });
}

}  // namespace grpo

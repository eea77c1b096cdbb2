#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "../aligned_buffer.h"
#include "../gemm.h"
#include "../thread_pool.h"
#include "op_kernels.h"
#include "ops.h"

// Logits exist one block of rows by vocabulary at a time. The forward pass folds each block into running sums ("online softmax",
// Milakov & Gimelshein 2018); the backward pass turns each into the gradient of the logits. It computes a block again unless the
// forward pass kept it, which it does for as many of the first rows as the caller has memory for.
namespace grpo {
namespace {

constexpr int64_t kVocabularyBlock = 4096;
constexpr int64_t kBlockFloats = 1 << 20;

struct Blocks {
  explicit Blocks(const LogSoftmaxShape& shape)
      : columns(std::min(shape.vocabulary, kVocabularyBlock)),
        rows(std::min(shape.rows, std::max<int64_t>(1, kBlockFloats / columns))) {
    const int64_t fitting = std::min(shape.rows, shape.keptFloats / shape.vocabulary);
    kept = fitting == shape.rows ? fitting : fitting / rows * rows;
  }
  const int64_t columns, rows;
  int64_t kept;  // rows whose logits are kept, in whole blocks: gradients are the same bits however many are kept

  // Where the logits of the rows from m, one of `kept`, and the columns from v lie: a block is contiguous.
  int64_t KeptAt(int64_t m, int64_t v, int64_t count) const { return kept * v + m * count; }
};

// What the vocabulary seen so far amounts to, relative to its largest logit.
struct Running {
  double max = -std::numeric_limits<double>::infinity();
  double sum = 0;       // of e^(logit - max)
  double weighted = 0;  // of e^(logit - max) * (logit - max)
  double target = 0;    // the target's logit

  void Add(double blockMax, const SoftmaxSums& sums) {
    if (blockMax > max) {
      if (sum > 0) {
        const double shift = max - blockMax, factor = std::exp(shift);
        weighted = factor * (weighted + shift * sum);
        sum *= factor;
      }
      max = blockMax;
      sum += sums.exponentials;
      weighted += sums.weighted;
    } else {
      const double shift = blockMax - max, factor = std::exp(shift);
      sum += factor * sums.exponentials;
      weighted += factor * (sums.weighted + shift * sums.exponentials);
    }
  }
};

// One block of logits, kept from call to call.
float* LogitsBlock(const Blocks& blocks) {
  static thread_local AlignedBuffer buffer;
  return buffer.Reserve(blocks.rows * blocks.columns);
}

int64_t RowGrain(int64_t columns) { return std::max<int64_t>(1, 8192 / columns); }

}  // namespace

void SelectiveLogSoftmax(const float* hidden, const float* head, const int32_t* targets, const LogSoftmaxShape& shape, float* logps,
                         float* entropies, float* logSums, float* keptLogits) {
  const OpKernels& kernels = ActiveOpKernels();
  const Blocks blocks(shape);
  const float scale = 1.0f / shape.temperature;
  std::vector<Running> running(static_cast<size_t>(shape.rows));
  for (int64_t v = 0; v < shape.vocabulary; v += blocks.columns) {
    const int64_t columns = std::min(blocks.columns, shape.vocabulary - v);
    for (int64_t m = 0; m < shape.rows; m += blocks.rows) {
      const int64_t rows = std::min(blocks.rows, shape.rows - m);
      float* logits = m < blocks.kept ? keptLogits + blocks.KeptAt(m, v, columns) : LogitsBlock(blocks);
      Gemm(false, true, rows, columns, shape.width, 1.0f, hidden + m * shape.width, shape.width, head + v * shape.width, shape.width,
           0.0f, logits, columns);
      ParallelFor(rows, RowGrain(columns), [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; r++) {
          const float* row = logits + r * columns;
          Running& state = running[static_cast<size_t>(m + r)];
          const float max = kernels.max(row, columns) * scale;
          state.Add(max, kernels.softmaxSums(row, scale, max, columns));
          const int64_t target = targets[m + r] - v;
          if (target >= 0 && target < columns) state.target = static_cast<double>(row[target]) * scale;
        }
      });
    }
  }
  for (int64_t m = 0; m < shape.rows; m++) {
    const Running& state = running[static_cast<size_t>(m)];
    const double logSum = std::log(state.sum);
    logps[m] = static_cast<float>(state.target - state.max - logSum);
    entropies[m] = static_cast<float>(logSum - state.weighted / state.sum);
    logSums[m] = static_cast<float>(state.max + logSum);
  }
}

void SelectiveLogSoftmaxGrad(const float* dLogps, const float* dEntropies, const float* hidden, const float* head,
                             const float* entropies, const float* logSums, const float* keptLogits, const int32_t* targets,
                             const LogSoftmaxShape& shape, float* dHidden, float* dHead) {
  const OpKernels& kernels = ActiveOpKernels();
  const Blocks blocks(shape);
  const float scale = 1.0f / shape.temperature;
  float* block = LogitsBlock(blocks);  // of logits computed again, then of their gradient
  for (int64_t v = 0; v < shape.vocabulary; v += blocks.columns) {
    const int64_t columns = std::min(blocks.columns, shape.vocabulary - v);
    const float* headBlock = head + v * shape.width;
    for (int64_t m = 0; m < shape.rows; m += blocks.rows) {
      const int64_t rows = std::min(blocks.rows, shape.rows - m);
      const float* hiddenBlock = hidden + m * shape.width;
      const float* logits = m < blocks.kept ? keptLogits + blocks.KeptAt(m, v, columns) : block;
      if (logits == block) {
        Gemm(false, true, rows, columns, shape.width, 1.0f, hiddenBlock, shape.width, headBlock, shape.width, 0.0f, block, columns);
      }
      // d logit = (dLogp * (onehot - p) - dEntropy * p * (log p + H)) / temperature
      ParallelFor(rows, RowGrain(columns), [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; r++) {
          const int64_t i = m + r;
          const float a = -(dLogps[i] + dEntropies[i] * entropies[i]) * scale, b = -dEntropies[i] * scale;
          kernels.logSoftmaxGrad(logits + r * columns, scale, logSums[i], a, b, block + r * columns, columns);
          const int64_t target = targets[i] - v;
          if (target >= 0 && target < columns) block[r * columns + target] += dLogps[i] * scale;
        }
      });
      if (dHidden != nullptr) {
        Gemm(false, false, rows, shape.width, columns, 1.0f, block, columns, headBlock, shape.width, v == 0 ? 0.0f : 1.0f,
             dHidden + m * shape.width, shape.width);
      }
      if (dHead != nullptr) {
        Gemm(true, false, columns, shape.width, rows, 1.0f, block, columns, hiddenBlock, shape.width, m == 0 ? 0.0f : 1.0f,
             dHead + v * shape.width, shape.width);
      }
    }
  }
}

}  // namespace grpo

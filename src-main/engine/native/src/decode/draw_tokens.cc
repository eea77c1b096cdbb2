#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "../aligned_buffer.h"
#include "../ops/op_kernels.h"
#include "../thread_pool.h"
#include "decoder.h"

namespace grpo {
namespace {

constexpr int64_t kBlock = 256;  // tokens whose probabilities are summed before the one that is drawn is looked for among them

// The token at which the running sum of weights[0, n) passes `target`; the last of weight above zero where rounding leaves a crumb.
int64_t Find(const float* weights, const std::vector<float>& sums, int64_t n, double target) {
  int64_t last = 0;
  for (size_t block = 0; block < sums.size(); block++) {
    const int64_t begin = static_cast<int64_t>(block) * kBlock, end = std::min(begin + kBlock, n);
    if (target >= sums[block] && block + 1 < sums.size()) {
      target -= sums[block];
      continue;
    }
    for (int64_t v = begin; v < end; v++) {
      if (weights[v] == 0.0f) continue;
      last = v;
      target -= weights[v];
      if (target < 0) return v;
    }
  }
  return last;
}

}  // namespace

void DrawTokens(const float* logits, int64_t vocabulary, const int32_t* rows, int64_t count, const double* uniforms, float temperature,
                const int32_t* banned, int64_t bannedCount, int32_t* tokens, float* logps) {
  const OpKernels& kernels = ActiveOpKernels();
  const float scale = 1.0f / temperature;
  ParallelFor(count, std::max<int64_t>(1, 16384 / vocabulary), [&](int64_t begin, int64_t end) {
    static thread_local AlignedBuffer buffer;
    float* weights = buffer.Reserve(vocabulary);
    std::vector<float> sums(static_cast<size_t>((vocabulary + kBlock - 1) / kBlock));
    for (int64_t i = begin; i < end; i++) {
      const float* row = logits + rows[i] * vocabulary;
      std::copy_n(row, vocabulary, weights);
      for (int64_t b = 0; b < bannedCount; b++) weights[banned[b]] = -std::numeric_limits<float>::infinity();
      const float top = kernels.max(weights, vocabulary) * scale;  // of the tokens that can be drawn
      double total = 0;
      for (size_t block = 0; block < sums.size(); block++) {
        const int64_t from = static_cast<int64_t>(block) * kBlock;
        sums[block] = kernels.exponentials(weights + from, scale, top, std::min(kBlock, vocabulary - from));
        total += sums[block];
      }
      const int64_t token = Find(weights, sums, vocabulary, uniforms[i] * total);
      tokens[i] = static_cast<int32_t>(token);
      // e^logit of the banned tokens belongs to the distribution whose log-prob is reported.
      double logSum = top + std::log(total);
      for (int64_t b = 0; b < bannedCount; b++) {
        const double logit = static_cast<double>(row[banned[b]]) * scale, larger = std::max(logit, logSum);
        logSum = larger + std::log1p(std::exp(std::min(logit, logSum) - larger));
      }
      logps[i] = static_cast<float>(static_cast<double>(row[token]) * scale - logSum);
    }
  });
}

}  // namespace grpo

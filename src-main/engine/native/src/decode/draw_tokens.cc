#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "../aligned_buffer.h"
#include "../ops/op_kernels.h"
#include "../thread_pool.h"
#include "draw_tokens.h"

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

// The logarithm of the sum of e^(scale * logit).
double LogSum(const float* logits, int64_t n, float scale) {
  const float largest = ActiveOpKernels().max(logits, n) * scale;
  double total = 0;
  for (int64_t v = 0; v < n; v += kBlock) {
    total += ActiveOpKernels().softmaxSums(logits + v, scale, largest, std::min(kBlock, n - v)).exponentials;
  }
  return largest + std::log(total);
}

// The first of the largest; the first of all where there is a NaN.
int64_t Likeliest(const float* logits, int64_t n) {
  const int64_t token = std::find(logits, logits + n, ActiveOpKernels().max(logits, n)) - logits;
  return token < n ? token : 0;
}

}  // namespace

void DrawTokens(const DrawRequest& request, int32_t* tokens, float* logps) {
  const OpKernels& kernels = ActiveOpKernels();
  const LogitFilters& filters = request.filters;
  const int64_t n = request.vocabulary;
  const float scale = 1.0f / static_cast<float>(filters.temperature);
  ParallelFor(request.count, std::max<int64_t>(1, 16384 / n), [&](int64_t begin, int64_t end) {
    static thread_local AlignedBuffer buffer;
    static thread_local FilterScratch scratch;
    float* weights = buffer.Reserve(n);
    std::vector<float> sums(static_cast<size_t>((n + kBlock - 1) / kBlock));
    for (int64_t i = begin; i < end; i++) {
      const float* row = request.logits + request.rows[i] * n;
      const double logSum = LogSum(row, n, scale);
      std::copy_n(row, n, weights);
      if (request.previous != nullptr) {
        const int64_t from = i == 0 ? 0 : request.previousEnds[i - 1];
        PenalizeRepetition(row, request.previous + from, request.previousEnds[i] - from, filters.repetitionPenalty, weights);
      }
      for (int64_t b = 0; b < request.bannedCount; b++) weights[request.banned[b]] = -std::numeric_limits<float>::infinity();
      const bool filtered = filters.Any() && std::isfinite(logSum);
      if (filtered) FilterLogits(weights, n, filters, scratch);

      int64_t token;
      if (request.uniforms == nullptr) {
        token = Likeliest(weights, n);
      } else {
        const float factor = filtered ? 1.0f : scale, top = kernels.max(weights, n) * factor;
        double total = 0;
        for (size_t block = 0; block < sums.size(); block++) {
          const int64_t from = static_cast<int64_t>(block) * kBlock;
          sums[block] = kernels.exponentials(weights + from, factor, top, std::min(kBlock, n - from));
          total += sums[block];
        }
        token = Find(weights, sums, n, request.uniforms[i] * total);
      }
      tokens[i] = static_cast<int32_t>(token);
      logps[i] = static_cast<float>(static_cast<double>(row[token]) * scale - logSum);
    }
  });
}

}  // namespace grpo

#include "logit_filters.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "../ops/op_kernels.h"

namespace grpo {
namespace {

constexpr float kFiltered = -std::numeric_limits<float>::infinity();
constexpr int64_t kBlock = 64;    // logits of which only the largest is looked at first
constexpr int64_t kFewTokens = 64;  // tokens that are sorted rather than halved

void DropBelow(float* logits, int64_t n, double threshold) {
  for (int64_t v = 0; v < n; v++) {
    if (logits[v] < threshold) logits[v] = kFiltered;
  }
}

float KthLargest(std::vector<float>& values, int64_t k) {
  std::nth_element(values.begin(), values.begin() + (k - 1), values.end(), std::greater<float>());
  return values[static_cast<size_t>(k - 1)];
}

// The k-th largest of the blocks' largest logits is at most the k-th largest of all, and few logits reach it.
void KeepTopK(float* logits, int64_t n, int64_t k, std::vector<float>& values) {
  float least = kFiltered;
  if (k <= n / kBlock) {
    values.clear();
    for (int64_t v = 0; v < n; v += kBlock) values.push_back(ActiveOpKernels().max(logits + v, std::min(kBlock, n - v)));
    least = KthLargest(values, k);
  }
  values.clear();
  for (int64_t v = 0; v < n; v++) {
    if (logits[v] >= least) values.push_back(logits[v]);
  }
  DropBelow(logits, n, KthLargest(values, k));
}

// The least likely tokens are dropped one after the other, of equals the first, as long as what is dropped sums to no more than 1 - p.
void KeepTopP(float* logits, int64_t n, double p, FilterScratch& scratch) {
  std::vector<float>& weights = scratch.weights;
  std::vector<int32_t>& tokens = scratch.tokens;
  weights.assign(logits, logits + n);
  const float top = ActiveOpKernels().max(logits, n);
  ActiveOpKernels().exponentials(weights.data(), 1.0f, top, n);
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  const double room = 1 - p;
  double dropped = 0;
  const auto drop = [&](int64_t token) {
    dropped += weights[static_cast<size_t>(token)] / total;
    logits[token] = kFiltered;
  };
  // All tokens below this share together do not fill the room.
  tokens.clear();
  for (int64_t v = 0; v < n; v++) {
    if (weights[static_cast<size_t>(v)] / total < room / static_cast<double>(n)) {
      drop(v);
    } else {
      tokens.push_back(static_cast<int32_t>(v));
    }
  }
  const auto lessLikely = [logits](int32_t a, int32_t b) { return logits[a] < logits[b] || (logits[a] == logits[b] && a < b); };
  // The lower half of the tokens in question is dropped, or the upper half stays.
  auto begin = tokens.begin(), end = tokens.end() - 1;  // the likeliest stays
  std::nth_element(begin, end, tokens.end(), lessLikely);
  while (end - begin > kFewTokens) {
    const auto middle = begin + (end - begin) / 2;
    std::nth_element(begin, middle, end, lessLikely);
    double lower = 0;
    for (auto token = begin; token != middle; ++token) lower += weights[static_cast<size_t>(*token)] / total;
    if (dropped + lower > room) {
      end = middle;
    } else {
      std::for_each(begin, middle, drop);
      begin = middle;
    }
  }
  std::sort(begin, end, lessLikely);
  for (; begin != end && dropped + weights[static_cast<size_t>(*begin)] / total <= room; ++begin) drop(*begin);
}

}  // namespace

void PenalizeRepetition(const float* row, const int32_t* previous, int64_t count, double penalty, float* logits) {
  for (int64_t i = 0; i < count; i++) {
    const double logit = row[previous[i]];
    logits[previous[i]] = static_cast<float>(logit < 0 ? logit * penalty : logit / penalty);
  }
}

void FilterLogits(float* logits, int64_t n, const LogitFilters& filters, FilterScratch& scratch) {
  if (filters.temperature != 1) {
    for (int64_t v = 0; v < n; v++) logits[v] = static_cast<float>(logits[v] / filters.temperature);
  }
  if (filters.topK > 0 && filters.topK < n) KeepTopK(logits, n, filters.topK, scratch.values);
  if (filters.topP < 1) KeepTopP(logits, n, filters.topP, scratch);
  if (filters.minP > 0) DropBelow(logits, n, ActiveOpKernels().max(logits, n) + std::log(filters.minP));
}

}  // namespace grpo

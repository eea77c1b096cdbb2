#include "logit_filters.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "../ops/op_kernels.h"

namespace grpo {
namespace {

constexpr float kFiltered = -std::numeric_limits<float>::infinity();
constexpr int64_t kBlock = 64;     // logits, at most, of which only the largest is looked at first
constexpr int64_t kRanges = 1024;  // ranges of logits whose probability is summed

void DropBelow(float* logits, int64_t n, double threshold) {
  for (int64_t v = 0; v < n; v++) logits[v] = logits[v] < threshold ? kFiltered : logits[v];
}

float KthLargest(std::vector<float>& values, int64_t k) {
  std::nth_element(values.begin(), values.begin() + (k - 1), values.end(), std::greater<float>());
  return values[static_cast<size_t>(k - 1)];
}

// The k-th largest of the blocks' largest logits is at most the k-th largest of all, and not many more than k logits reach it.
void KeepTopK(float* logits, int64_t n, int64_t k, std::vector<float>& values) {
  const int64_t block = std::max<int64_t>(1, std::min(kBlock, n / (2 * k)));
  values.clear();
  for (int64_t v = 0; v < n; v += block) values.push_back(ActiveOpKernels().max(logits + v, std::min(block, n - v)));
  const float least = KthLargest(values, k);
  values.clear();
  for (int64_t v = 0; v < n; v++) {
    if (logits[v] >= least) values.push_back(logits[v]);
  }
  DropBelow(logits, n, KthLargest(values, k));
}

// The least likely tokens are dropped one after the other, of equals the first, as long as what is dropped sums to no more than 1 - p.
// Whole ranges of logits at first, then the tokens of the range in which the sum is reached.
void KeepTopP(float* logits, int64_t n, double p, FilterScratch& scratch) {
  std::vector<float>& weights = scratch.values;
  std::vector<int32_t>& tokens = scratch.tokens;
  std::vector<double>& masses = scratch.masses;
  const float top = ActiveOpKernels().max(logits, n);
  weights.assign(logits, logits + n);
  double total = 0;
  for (int64_t v = 0; v < n; v += kBlock) {
    total += ActiveOpKernels().exponentials(weights.data() + v, 1.0f, top, std::min(kBlock, n - v));
  }
  const double room = 1 - p;
  // All tokens below this logit together do not fill the room.
  const float floor = top + static_cast<float>(std::log(room / static_cast<double>(n)));
  const float scale = static_cast<float>(kRanges) / (top - floor);
  const auto rangeOf = [=](float logit) {
    return static_cast<size_t>(std::min(static_cast<float>(kRanges - 1), (logit - floor) * scale));
  };
  double dropped = 0;
  tokens.clear();
  masses.assign(static_cast<size_t>(kRanges), 0.0);
  for (int64_t v = 0; v < n; v++) {
    if (logits[v] < floor) {
      dropped += weights[static_cast<size_t>(v)] / total;
      logits[v] = kFiltered;
    } else {
      tokens.push_back(static_cast<int32_t>(v));
      masses[rangeOf(logits[v])] += weights[static_cast<size_t>(v)];
    }
  }
  size_t last = 0;  // the range in which the sum is reached
  while (last + 1 < masses.size() && dropped + masses[last] / total <= room) dropped += masses[last++] / total;
  const auto end = std::remove_if(tokens.begin(), tokens.end(), [&](int32_t token) {
    const size_t range = rangeOf(logits[token]);
    if (range < last) logits[token] = kFiltered;
    return range != last;
  });
  std::sort(tokens.begin(), end, [=](int32_t a, int32_t b) { return logits[a] < logits[b] || (logits[a] == logits[b] && a < b); });
  for (auto token = tokens.begin(); token + 1 < end; ++token) {  // the likeliest stays
    dropped += weights[static_cast<size_t>(*token)] / total;
    if (dropped > room) break;
    logits[*token] = kFiltered;
  }
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

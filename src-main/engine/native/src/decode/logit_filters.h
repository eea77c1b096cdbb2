// What narrows the distribution that a token is drawn from; the order is transformers': repetition penalty, temperature, top-k, top-p, min-p.
//
// The same tokens stay as in sampler/logit-filters.ts, which says what each filter does.
#pragma once

#include <cstdint>
#include <vector>

namespace grpo {

struct LogitFilters {
  double temperature = 1;
  int64_t topK = 0;  // 0: all
  double topP = 1, minP = 0, repetitionPenalty = 1;

  // Whether there is more than a temperature.
  bool Any() const { return topK > 0 || topP < 1 || minP > 0 || repetitionPenalty != 1; }
};

// What one thread filters with.
struct FilterScratch {
  std::vector<float> values;
  std::vector<double> masses;
  std::vector<int32_t> tokens;
};

// Moves the logits of previous[0, count), which may repeat, towards -infinity. `row` has the logits as they were.
void PenalizeRepetition(const float* row, const int32_t* previous, int64_t count, double penalty, float* logits);

// Divides logits[n] by the temperature and gives those that are filtered the value -infinity. At least one logit is finite and none
// is NaN or +infinity.
void FilterLogits(float* logits, int64_t n, const LogitFilters& filters, FilterScratch& scratch);

}  // namespace grpo

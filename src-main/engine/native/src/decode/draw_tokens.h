// Draws the next tokens of many completions.
#pragma once

#include <cstdint>

#include "logit_filters.h"

namespace grpo {

struct DrawRequest {
  const float* logits;  // [R, vocabulary]
  int64_t vocabulary, count;
  const int32_t* rows;     // [count]: the row of `logits` that each completion draws from
  const double* uniforms;  // [count] in [0, 1): where the cumulative distribution is inverted; null takes the likeliest token
  const int32_t* banned;   // tokens that cannot be drawn, not all
  int64_t bannedCount;
  // The tokens before, of all completions one after the other, and where those of each end [count]; null without a repetition penalty.
  const int32_t *previous, *previousEnds;
  LogitFilters filters;
};

// logps are those of softmax(logits / temperature), whatever was banned or filtered.
void DrawTokens(const DrawRequest& request, int32_t* tokens, float* logps);

}  // namespace grpo

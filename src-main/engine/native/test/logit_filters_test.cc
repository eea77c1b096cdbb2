// Which tokens the filters leave, against their definition in double precision.
#include "decode/logit_filters.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "test.h"

using namespace grpo;
using grpo_test::Numbers;

namespace {

using Floats = std::vector<float>;

constexpr float kFiltered = -std::numeric_limits<float>::infinity();

void Expect(const Floats& logits, const LogitFilters& filters, const std::vector<bool>& kept) {
  Floats filtered = logits;
  FilterScratch scratch;
  FilterLogits(filtered.data(), static_cast<int64_t>(filtered.size()), filters, scratch);
  for (size_t v = 0; v < logits.size(); v++) {
    CHECK((filtered[v] != kFiltered) == kept[v]);
    if (kept[v]) CHECK(filtered[v] == static_cast<float>(logits[v] / filters.temperature));
  }
}

// Tokens from the least likely one up.
std::vector<size_t> Ascending(const Floats& logits) {
  std::vector<size_t> tokens(logits.size());
  std::iota(tokens.begin(), tokens.end(), size_t{0});
  std::stable_sort(tokens.begin(), tokens.end(), [&](size_t a, size_t b) { return logits[a] < logits[b]; });
  return tokens;
}

std::vector<bool> TopK(const Floats& logits, size_t k) {
  const float least = logits[Ascending(logits)[logits.size() - k]];
  std::vector<bool> kept;
  for (float logit : logits) kept.push_back(logit >= least);
  return kept;
}

std::vector<bool> TopP(const Floats& logits, double p) {
  const double top = *std::max_element(logits.begin(), logits.end());
  double total = 0, dropped = 0;
  for (float logit : logits) total += std::exp(logit - top);
  const std::vector<size_t> tokens = Ascending(logits);
  std::vector<bool> kept(logits.size(), true);
  for (size_t i = 0; i + 1 < tokens.size(); i++) {
    dropped += std::exp(logits[tokens[i]] - top) / total;
    if (dropped > 1 - p) break;
    kept[tokens[i]] = false;
  }
  return kept;
}

Floats Scaled(int64_t n, float scale, uint32_t seed) {
  Floats logits = Numbers(n, seed);
  for (float& logit : logits) logit *= scale;
  return logits;
}

// Groups of equal logits.
Floats Tied(int64_t n, uint32_t seed) {
  Floats logits = Numbers(n, seed);
  for (float& logit : logits) logit = std::round(3 * logit);
  return logits;
}

}  // namespace

TEST(FiltersKeepWhatTheirDefinitionsKeep) {
  for (const int64_t n : {1, 2, 50, 300, 5000}) {
    for (const Floats& logits : {Scaled(n, 0.05f, 1), Scaled(n, 8, 2), Tied(n, 3), Floats(static_cast<size_t>(n), 0.5f)}) {
      for (const int64_t k : {1, 2, 40, 299}) {
        if (k < n) Expect(logits, {1, k, 1, 0, 1}, TopK(logits, static_cast<size_t>(k)));
      }
      for (const double p : {1e-9, 0.123, 0.5, 0.77, 0.9, 0.999}) Expect(logits, {1, 0, p, 0, 1}, TopP(logits, p));
      const float top = *std::max_element(logits.begin(), logits.end());
      for (const double share : {1e-3, 0.3, 1.0}) {
        std::vector<bool> kept;
        for (float logit : logits) kept.push_back(!(logit < top + std::log(share)));
        Expect(logits, {1, 0, 1, share, 1}, kept);
      }
    }
  }
}

TEST(FiltersFollowEachOther) {
  // Of five tokens top-k leaves three, of whose mass the likeliest two hold 0.9; the temperature comes first.
  const Floats logits{0, 2 * std::log(2.0f), 2 * std::log(7.0f), -9, 2 * std::log(1.1f)};
  Expect(logits, {2, 3, 0.85, 0, 1}, {false, true, true, false, false});
  Expect(logits, {2, 3, 0.85, 0.5, 1}, {false, false, true, false, false});
}

TEST(RepetitionPenaltyCountsATokenOnce) {
  const Floats row{2, -2, 1, -1};
  Floats logits = row;
  const int32_t previous[] = {0, 1, 0, 1, 1};
  PenalizeRepetition(row.data(), previous, 5, 2, logits.data());
  CHECK((logits == Floats{1, -4, 1, -1}));
}

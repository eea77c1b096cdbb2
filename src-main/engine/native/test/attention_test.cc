// Attention over a tree of texts, and a decoding step over the cache.
#include <algorithm>

#include "checks.h"
#include "ops/op_kernels.h"
#include "ops/ops.h"

using namespace grpo;
using namespace grpo_test;

namespace {

// Two groups: prompts of 5 and 1 tokens; completions of 3, of 4 that branch off the first after 2, and of 2.
const std::vector<int32_t> kSegments = {0, 5, 0, 0, 5, 3, 0, 5, 8, 4, 1, 7, 12, 1, 0, 0, 13, 2, 3, 1};
const AttentionShape kShape{15, 4, 2, 10, 0.3f};
constexpr int64_t kQueryWidth = 40, kKeyWidth = 20;

// The batch's tokens that a segment's text begins with, as many as asked for.
std::vector<int32_t> TextOf(const std::vector<int32_t>& segments, int32_t index, int32_t tokens) {
  const int32_t* segment = &segments[static_cast<size_t>(4 * index)];
  const int32_t prefix = std::min(tokens, segment[3]);
  std::vector<int32_t> text = prefix > 0 ? TextOf(segments, segment[2], prefix) : std::vector<int32_t>();
  for (int32_t t = prefix; t < tokens; t++) text.push_back(segment[0] + t - prefix);
  return text;
}

// Leaves of what lies before a query only what the window shows it.
void DropHidden(const AttentionShape& shape, std::vector<const float*>& seen) {
  seen.erase(seen.begin(), seen.begin() + shape.Hidden(static_cast<int64_t>(seen.size())));
}

// Attention of one query head over the given tokens, in double precision.
std::vector<double> PlainAttention(const float* q, const std::vector<const float*>& keys, const std::vector<const float*>& values) {
  std::vector<double> weights, out(static_cast<size_t>(kShape.headDim), 0.0);
  double total = 0;
  for (const float* key : keys) {
    double score = 0;
    for (int64_t i = 0; i < kShape.headDim; i++) score += static_cast<double>(q[i]) * key[i];
    weights.push_back(std::exp(score * kShape.scale));
    total += weights.back();
  }
  for (size_t t = 0; t < keys.size(); t++) {
    for (int64_t i = 0; i < kShape.headDim; i++) out[static_cast<size_t>(i)] += weights[t] / total * values[t][i];
  }
  return out;
}

void CheckAttention(const AttentionShape& shape) {
  const int64_t n = kShape.tokens;
  const Floats q = Numbers(n * kQueryWidth, 1), k = Numbers(n * kKeyWidth, 2), v = Numbers(n * kKeyWidth, 3);
  const Floats dOut = Numbers(n * kQueryWidth, 4);
  Floats logSums = Unwritten(n * kShape.heads);
  const auto forward = [&](const Floats& qs, const Floats& ks, const Floats& vs) {
    Floats out = Unwritten(n * kQueryWidth);
    Attention(qs.data(), ks.data(), vs.data(), kSegments.data(), 5, shape, out.data(), logSums.data());
    return out;
  };
  for (int32_t s = 0; s < 5; s++) {
    const int32_t* segment = &kSegments[static_cast<size_t>(4 * s)];
    const Floats out = forward(q, k, v);
    for (int32_t t = 0; t < segment[1]; t++) {
      for (int64_t h = 0; h < kShape.heads; h++) {
        std::vector<const float*> keys, values;
        const auto see = [&](int32_t token) {
          keys.push_back(&k[token * kKeyWidth + h / 2 * kShape.headDim]);
          values.push_back(&v[token * kKeyWidth + h / 2 * kShape.headDim]);
        };
        for (const int32_t token : TextOf(kSegments, s, segment[3] + t + 1)) see(token);
        DropHidden(shape, keys);
        DropHidden(shape, values);
        const int64_t at = (segment[0] + t) * kQueryWidth + h * kShape.headDim;
        const std::vector<double> expected = PlainAttention(&q[at], keys, values);
        for (int64_t i = 0; i < kShape.headDim; i++) CHECK_CLOSE(out[at + i], expected[static_cast<size_t>(i)], 1e-6);
      }
    }
  }
  CheckSameOnThreeThreads([&] { return forward(q, k, v); });
  const auto gradients = [&] {
    const Floats out = forward(q, k, v);
    Floats all = Unwritten(n * (kQueryWidth + 2 * kKeyWidth));
    float *dq = all.data(), *dk = dq + n * kQueryWidth, *dv = dk + n * kKeyWidth;
    AttentionGrad(dOut.data(), q.data(), k.data(), v.data(), out.data(), logSums.data(), kSegments.data(), 5, shape, dq, dk, dv);
    return all;
  };
  CheckSameOnThreeThreads(gradients);
  const Floats all = gradients();
  const auto middle = all.begin() + n * kQueryWidth, last = middle + n * kKeyWidth;
  CheckGradient(q, Floats(all.begin(), middle), [&](const Floats& x) { return Dot(forward(x, k, v), dOut); });
  CheckGradient(k, Floats(middle, last), [&](const Floats& x) { return Dot(forward(q, x, v), dOut); });
  CheckGradient(v, Floats(last, all.end()), [&](const Floats& x) { return Dot(forward(q, k, x), dOut); });
}

// Softmax attention and its gradient by their definitions, in double precision.
struct Plain {
  std::vector<double> out, dq, dk, dv;

  Plain(const Floats& q, const Floats& k, const Floats& v, const Floats& dOut, const std::vector<int32_t>& segments,
        const AttentionShape& shape)
      : out(q.size()), dq(q.size()), dk(k.size()), dv(k.size()) {
    const int64_t d = shape.headDim, shared = shape.heads / shape.kvHeads;
    for (size_t s = 0; s < segments.size(); s += 4) {
      for (int32_t t = 0; t < segments[s + 1]; t++) {
        for (int64_t h = 0; h < shape.heads; h++) {
          std::vector<int64_t> keys;
          for (const int32_t token : TextOf(segments, static_cast<int32_t>(s / 4), segments[s + 3] + t + 1)) {
            keys.push_back((token * shape.kvHeads + h / shared) * d);
          }
          keys.erase(keys.begin(), keys.begin() + shape.Hidden(static_cast<int64_t>(keys.size())));
          AddQuery(q, k, v, dOut, ((segments[s] + t) * shape.heads + h) * d, keys, shape);
        }
      }
    }
  }

 private:
  // The query at `at`, which sees these keys.
  void AddQuery(const Floats& q, const Floats& k, const Floats& v, const Floats& dOut, int64_t at, const std::vector<int64_t>& keys,
                const AttentionShape& shape) {
    const auto dot = [&](const Floats& a, int64_t i, const Floats& b, int64_t j) {
      double sum = 0;
      for (int64_t c = 0; c < shape.headDim; c++) sum += static_cast<double>(a[i + c]) * b[j + c];
      return sum;
    };
    std::vector<double> weights;
    double top = -INFINITY, total = 0, delta = 0;
    for (const int64_t key : keys) top = std::max(top, dot(q, at, k, key) * shape.scale);
    for (const int64_t key : keys) weights.push_back(std::exp(dot(q, at, k, key) * shape.scale - top));
    for (const double weight : weights) total += weight;
    for (size_t i = 0; i < keys.size(); i++) delta += weights[i] / total * dot(dOut, at, v, keys[i]);
    for (size_t i = 0; i < keys.size(); i++) {
      const double weight = weights[i] / total, dScore = weight * (dot(dOut, at, v, keys[i]) - delta) * shape.scale;
      for (int64_t c = 0; c < shape.headDim; c++) {
        out[at + c] += weight * v[keys[i] + c];
        dv[keys[i] + c] += weight * dOut[at + c];
        dq[at + c] += dScore * k[keys[i] + c];
        dk[keys[i] + c] += dScore * q[at + c];
      }
    }
  }
};

// Segments that need several blocks of queries and of keys, which do not begin and end together.
void CheckManyBlocks(const AttentionShape& shape, double tolerance) {
  const std::vector<int32_t> segments = {0, 270, 0, 0, 270, 70, 0, 270, 340, 3, 1, 300, 343, 100, 2, 302, 443, 29, 0, 0};
  const int64_t queries = shape.tokens * shape.heads * shape.headDim, keys = shape.tokens * shape.kvHeads * shape.headDim;
  const Floats q = Numbers(queries, 1), k = Numbers(keys, 2), v = Numbers(keys, 3), dOut = Numbers(queries, 4);
  const auto compute = [&] {
    Floats all = Unwritten(2 * queries + 2 * keys), logSums = Unwritten(shape.tokens * shape.heads);
    float *out = all.data(), *dq = out + queries, *dk = dq + queries, *dv = dk + keys;
    Attention(q.data(), k.data(), v.data(), segments.data(), 5, shape, out, logSums.data());
    AttentionGrad(dOut.data(), q.data(), k.data(), v.data(), out, logSums.data(), segments.data(), 5, shape, dq, dk, dv);
    return all;
  };
  CheckSameOnThreeThreads(compute);
  const Floats all = compute();
  const Plain plain(q, k, v, dOut, segments, shape);
  const float* actual = all.data();
  for (const auto* expected : {&plain.out, &plain.dq, &plain.dk, &plain.dv}) {
    for (const double value : *expected) CHECK_CLOSE(*actual++, value, tolerance);
  }
}

void CheckCachedAttention(int64_t window) {
  const int64_t rows = 4, slots = 4, prompt = 8, steps = kPageTokens + 2;
  const int32_t slot[] = {3, 0, 1, 2}, promptStarts[] = {0, 0, 5, 8}, promptLengths[] = {5, 5, 3, 0};
  const Floats promptKeys = Numbers(prompt * kKeyWidth, 1), promptValues = Numbers(prompt * kKeyWidth, 2);
  PackedPrompts prompts;
  prompts.Pack(promptKeys.data(), promptValues.data(), prompt, kShape.kvHeads, kShape.headDim);
  std::vector<Floats> keyPages(2, Floats(static_cast<size_t>(slots * kKeyWidth * kPageTokens), 0.0f)), valuePages = keyPages;
  float* keyPointers[] = {keyPages[0].data(), keyPages[1].data()};
  float* valuePointers[] = {valuePages[0].data(), valuePages[1].data()};
  AttentionShape shape = kShape;
  shape.tokens = rows;
  shape.window = window;
  std::vector<Floats> ownKeys, ownValues;
  for (int64_t step = 0; step < steps; step++) {
    const uint32_t seed = static_cast<uint32_t>(10 + 3 * step);
    const Floats q = Numbers(rows * kQueryWidth, seed);
    ownKeys.push_back(Numbers(rows * kKeyWidth, seed + 1));
    ownValues.push_back(Numbers(rows * kKeyWidth, seed + 2));
    Floats out = Unwritten(rows * kQueryWidth);
    CachedAttention(q.data(), ownKeys.back().data(), ownValues.back().data(),
                    {prompts, slots, keyPointers, valuePointers}, {slot, slot, promptStarts, promptLengths, step},
                    shape, out.data());
    for (int64_t b = 0; b < rows; b++) {
      for (int64_t h = 0; h < kShape.heads; h++) {
        std::vector<const float*> keys, values;
        const int64_t head = h / 2 * kShape.headDim;
        for (int32_t i = 0; i < promptLengths[b]; i++) {
          keys.push_back(&promptKeys[(promptStarts[b] + i) * kKeyWidth + head]);
          values.push_back(&promptValues[(promptStarts[b] + i) * kKeyWidth + head]);
        }
        for (size_t t = 0; t < ownKeys.size(); t++) {
          keys.push_back(&ownKeys[t][b * kKeyWidth + head]);
          values.push_back(&ownValues[t][b * kKeyWidth + head]);
        }
        DropHidden(shape, keys);
        DropHidden(shape, values);
        const int64_t at = b * kQueryWidth + h * kShape.headDim;
        const std::vector<double> expected = PlainAttention(&q[at], keys, values);
        for (int64_t i = 0; i < kShape.headDim; i++) CHECK_CLOSE(out[at + i], expected[static_cast<size_t>(i)], 1e-6);
      }
    }
  }
}

// The last output of two completions of one prompt that differ in their last token only: decoded side by side, or as one until then.
Floats DecodeTwins(bool asOne) {
  const int64_t slots = 2, steps = kPageTokens + 2;
  const int32_t both[] = {1, 0}, first[] = {1, 1}, promptStarts[] = {0, 0}, promptLengths[] = {3, 3};
  const Floats promptKeys = Numbers(3 * kKeyWidth, 1), promptValues = Numbers(3 * kKeyWidth, 2);
  PackedPrompts prompts;
  prompts.Pack(promptKeys.data(), promptValues.data(), 3, kShape.kvHeads, kShape.headDim);
  std::vector<Floats> pages(4, Floats(static_cast<size_t>(slots * kKeyWidth * kPageTokens), 0.0f));
  float *keyPages[] = {pages[0].data(), pages[1].data()}, *valuePages[] = {pages[2].data(), pages[3].data()};
  AttentionShape shape = kShape;
  Floats out;
  for (int64_t step = 0; step < steps; step++) {
    const bool last = step == steps - 1;
    shape.tokens = asOne && !last ? 1 : 2;
    const auto rows = [&](int64_t width, uint32_t seed) {
      Floats all = Numbers(width, seed);
      const Floats other = last ? Numbers(width, seed + 500) : all;
      all.insert(all.end(), other.begin(), other.end());
      return all;
    };
    const uint32_t seed = static_cast<uint32_t>(10 + 3 * step);
    const Floats q = rows(kQueryWidth, seed), k = rows(kKeyWidth, seed + 1), v = rows(kKeyWidth, seed + 2);
    out = Unwritten(shape.tokens * kQueryWidth);
    CachedAttention(q.data(), k.data(), v.data(), {prompts, slots, keyPages, valuePages},
                    {both, asOne && last ? first : both, promptStarts, promptLengths, step}, shape, out.data());
  }
  return out;
}

}  // namespace

TEST(AttentionAndItsGradient) {
  for (int64_t window : {0, 1, 3, 6}) {
    AttentionShape shape = kShape;
    shape.window = window;
    CheckAttention(shape);
  }
}

TEST(AttentionInManyBlocks) {
  for (int64_t window : {0, 45, 260}) CheckManyBlocks({472, 3, 1, 40, 0.3f, window}, 1e-5);
  CheckManyBlocks({472, 2, 2, 17, 20.0f}, 2e-4);  // weights so uneven that most underflow
}

// A query's attention has the same bits whatever other segments and later tokens the batch holds.
TEST(AttentionDoesNotDependOnTheRestOfTheBatch) {
  const AttentionShape shape{130, 2, 1, 24, 0.2f};
  const int64_t width = shape.heads * shape.headDim;
  const Floats q = Numbers(shape.tokens * width, 1), k = Numbers(shape.tokens * shape.headDim, 2), v = Numbers(shape.tokens * shape.headDim, 3);
  const auto run = [&](const std::vector<int32_t>& segments) {
    Floats out = Unwritten(shape.tokens * width), logSums = Unwritten(shape.tokens * shape.heads);
    Attention(q.data(), k.data(), v.data(), segments.data(), static_cast<int64_t>(segments.size() / 4), shape, out.data(), logSums.data());
    return out;
  };
  const Floats whole = run({0, 50, 0, 0, 50, 80, 0, 50});
  for (const int32_t length : {1, 33, 79}) {
    const Floats part = run({0, 50, 0, 0, 50, length, 0, 50});
    CHECK(std::equal(part.begin() + 50 * width, part.begin() + (50 + length) * width, whole.begin() + 50 * width));
  }
}

TEST(CachedAttentionStepByStep) {
  for (int64_t window : {0, 1, 4, 36}) CheckCachedAttention(window);
}

TEST(CompletionsThatPartInTheCache) { CHECK(DecodeTwins(true) == DecodeTwins(false)); }

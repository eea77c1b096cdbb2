// The fused operations: forward against a plain double-precision definition, gradients against central differences, and both
// against themselves on another number of threads.
#include "ops/ops.h"

#include <functional>

#include "ops/op_kernels.h"
#include "test.h"
#include "thread_pool.h"

using namespace grpo;
using grpo_test::Numbers;

namespace {

using Floats = std::vector<float>;

Floats Unwritten(int64_t count) { return Floats(static_cast<size_t>(count), NAN); }  // an element no one wrote shows

double Dot(const Floats& a, const Floats& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); i++) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

// Checks `gradient`, that of loss with respect to x, at every third element.
void CheckGradient(Floats x, const Floats& gradient, const std::function<double(const Floats&)>& loss) {
  const float step = 1e-2f;
  for (size_t i = 0; i < x.size(); i += 3) {
    const float before = x[i];
    x[i] = before + step;
    const double above = loss(x);
    x[i] = before - step;
    const double below = loss(x);
    x[i] = before;
    CHECK_CLOSE(gradient[i], (above - below) / (2 * step), 1e-2);
  }
}

void CheckSameOnThreeThreads(const std::function<Floats()>& compute) {
  const int before = Threads();
  const Floats first = compute();
  SetThreads(3);
  CHECK(first == compute());
  SetThreads(before);
}

}  // namespace

TEST(RmsNormAndItsGradient) {
  for (int64_t width : {1, 17, 70}) {
    const int64_t tokens = 9;
    const Floats x = Numbers(tokens * width, 1), weight = Numbers(width, 2), dy = Numbers(tokens * width, 3);
    const auto forward = [&](const Floats& input, const Floats& scale) {
      Floats out = Unwritten(tokens * width);
      RmsNorm(input.data(), scale.data(), tokens, width, 0.1f, out.data());
      return out;
    };
    const Floats out = forward(x, weight);
    for (int64_t i = 0; i < tokens; i++) {
      double squares = 0;
      for (int64_t j = 0; j < width; j++) squares += static_cast<double>(x[i * width + j]) * x[i * width + j];
      for (int64_t j = 0; j < width; j++) {
        CHECK_CLOSE(out[i * width + j], x[i * width + j] / std::sqrt(squares / width + 0.1) * weight[j], 1e-6);
      }
    }
    Floats dx = Unwritten(tokens * width), dWeight = Unwritten(width);
    RmsNormGrad(dy.data(), x.data(), weight.data(), tokens, width, 0.1f, dx.data(), dWeight.data());
    CheckGradient(x, dx, [&](const Floats& input) { return Dot(forward(input, weight), dy); });
    CheckGradient(weight, dWeight, [&](const Floats& scale) { return Dot(forward(x, scale), dy); });
  }
}

TEST(RopeTurnsAndTurnsBack) {
  const int64_t tokens = 7, heads = 3, headDim = 22, half = 9, places = 40;
  const Floats x = Numbers(tokens * heads * headDim, 1);
  const int32_t positions[] = {0, 1, 39, 5, 5, 17, 2};
  Floats cos = Unwritten(places * half), sin = Unwritten(places * half);
  for (int64_t i = 0; i < places * half; i++) {
    cos[i] = static_cast<float>(std::cos(0.1 * static_cast<double>(i)));
    sin[i] = static_cast<float>(std::sin(0.1 * static_cast<double>(i)));
  }
  Floats turned = Unwritten(tokens * heads * headDim), back = turned;
  Rope(x.data(), cos.data(), sin.data(), positions, tokens, heads, headDim, half, 1, turned.data());
  for (int64_t t = 0; t < tokens; t++) {
    for (int64_t h = 0; h < heads; h++) {
      const float *from = &x[(t * heads + h) * headDim], *to = &turned[(t * heads + h) * headDim];
      const float *c = &cos[positions[t] * half], *s = &sin[positions[t] * half];
      for (int64_t i = 0; i < half; i++) {
        CHECK_CLOSE(to[i], from[i] * c[i] - from[half + i] * s[i], 1e-6);
        CHECK_CLOSE(to[half + i], from[half + i] * c[i] + from[i] * s[i], 1e-6);
      }
      for (int64_t i = 2 * half; i < headDim; i++) CHECK(to[i] == from[i]);
    }
  }
  Rope(turned.data(), cos.data(), sin.data(), positions, tokens, heads, headDim, half, -1, back.data());
  for (size_t i = 0; i < x.size(); i++) CHECK_CLOSE(back[i], x[i], 1e-6);
}

TEST(SwiGluAndItsGradient) {
  for (int64_t size : {1, 16, 37}) {
    const Floats gate = Numbers(size, 1), up = Numbers(size, 2), dy = Numbers(size, 3);
    const auto forward = [&](const Floats& g, const Floats& u) {
      Floats out = Unwritten(size);
      SwiGlu(g.data(), u.data(), size, out.data());
      return out;
    };
    const Floats out = forward(gate, up);
    for (int64_t i = 0; i < size; i++) CHECK_CLOSE(out[i], gate[i] / (1 + std::exp(-static_cast<double>(gate[i]))) * up[i], 1e-6);
    Floats dGate = Unwritten(size), dUp = Unwritten(size);
    SwiGluGrad(dy.data(), gate.data(), up.data(), size, dGate.data(), dUp.data());
    CheckGradient(gate, dGate, [&](const Floats& g) { return Dot(forward(g, up), dy); });
    CheckGradient(up, dUp, [&](const Floats& u) { return Dot(forward(gate, u), dy); });
  }
}

TEST(GeGluAndItsGradient) {
  for (int64_t size : {1, 16, 37}) {
    const Floats gate = Numbers(size, 1), up = Numbers(size, 2), dy = Numbers(size, 3);
    const auto forward = [&](const Floats& g, const Floats& u) {
      Floats out = Unwritten(size);
      GeGlu(g.data(), u.data(), size, out.data());
      return out;
    };
    const Floats out = forward(gate, up);
    for (int64_t i = 0; i < size; i++) {
      const double g = gate[i], share = (1 + std::tanh(std::sqrt(2 / M_PI) * (g + 0.044715 * g * g * g))) / 2;
      CHECK_CLOSE(out[i], g * share * up[i], 1e-6);
    }
    Floats dGate = Unwritten(size), dUp = Unwritten(size);
    GeGluGrad(dy.data(), gate.data(), up.data(), size, dGate.data(), dUp.data());
    CheckGradient(gate, dGate, [&](const Floats& g) { return Dot(forward(g, up), dy); });
    CheckGradient(up, dUp, [&](const Floats& u) { return Dot(forward(gate, u), dy); });
  }
}

TEST(EmbeddingAndItsGradient) {
  const int64_t width = 19, vocabulary = 6, tokens = 8;
  const Floats weight = Numbers(vocabulary * width, 1), dy = Numbers(tokens * width, 2);
  const int32_t ids[] = {5, 0, 5, 2, 2, 2, 3, 0};
  Floats out = Unwritten(tokens * width), dWeight = Unwritten(vocabulary * width), expected(dWeight.size(), 0.0f);
  Embedding(weight.data(), ids, tokens, width, out.data());
  EmbeddingGrad(dy.data(), ids, tokens, width, vocabulary, dWeight.data());
  for (int64_t t = 0; t < tokens; t++) {
    for (int64_t j = 0; j < width; j++) {
      CHECK(out[t * width + j] == weight[ids[t] * width + j]);
      expected[ids[t] * width + j] += dy[t * width + j];
    }
  }
  CHECK(dWeight == expected);
}

TEST(AdamWMatchesTheDefinition) {
  for (int64_t size : {1, 15, 33}) {
    const Floats gradient = Numbers(size, 1), start = Numbers(size, 2), m0 = Numbers(size, 3);
    Floats parameter = start, m = m0, v(static_cast<size_t>(size), 0.25f);
    const AdamWSettings s{0.01, 0.9, 0.99, 1e-8, 0.1, 3, 0.5};
    AdamW(parameter.data(), m.data(), v.data(), gradient.data(), size, s);
    for (int64_t i = 0; i < size; i++) {
      const double g = 0.5 * gradient[i], first = 0.9 * m0[i] + 0.1 * g, second = 0.99 * 0.25 + 0.01 * g * g;
      const double update = first / (1 - std::pow(0.9, 3)) / (std::sqrt(second / (1 - std::pow(0.99, 3))) + 1e-8);
      CHECK_CLOSE(m[i], first, 1e-6);
      CHECK_CLOSE(v[i], second, 1e-6);
      CHECK_CLOSE(parameter[i], start[i] * (1 - 0.01 * 0.1) - 0.01 * update, 1e-6);
    }
  }
}

namespace {

// Two groups: prompts of 5 and 1 tokens, completions of 3, 4 and 2.
const int32_t kSegments[] = {0, 5, 0, 0, 5, 3, 0, 5, 8, 4, 0, 5, 12, 1, 0, 0, 13, 2, 12, 1};
const AttentionShape kShape{15, 4, 2, 10, 0.3f};
constexpr int64_t kQueryWidth = 40, kKeyWidth = 20;

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
    Attention(qs.data(), ks.data(), vs.data(), kSegments, 5, shape, out.data(), logSums.data());
    return out;
  };
  for (int64_t s = 0; s < 5; s++) {
    const int32_t* segment = kSegments + 4 * s;
    const Floats out = forward(q, k, v);
    for (int32_t t = 0; t < segment[1]; t++) {
      for (int64_t h = 0; h < kShape.heads; h++) {
        std::vector<const float*> keys, values;
        const auto see = [&](int32_t token) {
          keys.push_back(&k[token * kKeyWidth + h / 2 * kShape.headDim]);
          values.push_back(&v[token * kKeyWidth + h / 2 * kShape.headDim]);
        };
        for (int32_t i = 0; i < segment[3]; i++) see(segment[2] + i);
        for (int32_t i = 0; i <= t; i++) see(segment[0] + i);
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
    AttentionGrad(dOut.data(), q.data(), k.data(), v.data(), out.data(), logSums.data(), kSegments, 5, shape, dq, dk, dv);
    return all;
  };
  CheckSameOnThreeThreads(gradients);
  const Floats all = gradients();
  const auto middle = all.begin() + n * kQueryWidth, last = middle + n * kKeyWidth;
  CheckGradient(q, Floats(all.begin(), middle), [&](const Floats& x) { return Dot(forward(x, k, v), dOut); });
  CheckGradient(k, Floats(middle, last), [&](const Floats& x) { return Dot(forward(q, x, v), dOut); });
  CheckGradient(v, Floats(last, all.end()), [&](const Floats& x) { return Dot(forward(q, k, x), dOut); });
}

void CheckCachedAttention(int64_t window) {
  const int64_t rows = 3, slots = 4, prompt = 8, steps = kPageTokens + 2;
  const int32_t slot[] = {3, 0, 1}, promptStarts[] = {0, 0, 5}, promptLengths[] = {5, 5, 3};
  const Floats promptKeys = Numbers(prompt * kKeyWidth, 1), promptValues = Numbers(prompt * kKeyWidth, 2);
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
                    {promptKeys.data(), promptValues.data(), keyPointers, valuePointers}, {slot, promptStarts, promptLengths, step},
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

}  // namespace

TEST(AttentionAndItsGradient) {
  for (int64_t window : {0, 1, 3, 6}) {
    AttentionShape shape = kShape;
    shape.window = window;
    CheckAttention(shape);
  }
}

TEST(CachedAttentionStepByStep) {
  for (int64_t window : {0, 1, 4, 36}) CheckCachedAttention(window);
}

TEST(CopiedColumns) {
  const int64_t rows = 3, fromWidth = 5, toWidth = 4;
  const Floats from = Numbers(rows * fromWidth, 1);
  Floats to(static_cast<size_t>(rows * toWidth), 7.0f);
  CopyColumns(from.data(), rows, fromWidth, 2, 3, to.data(), toWidth, 1);
  for (int64_t row = 0; row < rows; row++) {
    CHECK(to[row * toWidth] == 7.0f);
    for (int64_t i = 0; i < 3; i++) CHECK(to[row * toWidth + 1 + i] == from[row * fromWidth + 2 + i]);
  }
}

TEST(SelectiveLogSoftmaxAndItsGradient) {
  const LogSoftmaxShape shape{5, 13, 37, 0.7f};
  const Floats hidden = Numbers(shape.rows * shape.width, 1), head = Numbers(shape.vocabulary * shape.width, 2);
  const Floats dLogps = Numbers(shape.rows, 3), dEntropies = Numbers(shape.rows, 4);
  const int32_t targets[] = {0, 36, 7, 7, 20};
  Floats logSums = Unwritten(shape.rows), entropies = logSums;
  const auto forward = [&](const Floats& x, const Floats& w) {
    Floats logps = Unwritten(shape.rows);
    SelectiveLogSoftmax(x.data(), w.data(), targets, shape, logps.data(), entropies.data(), logSums.data());
    return logps;
  };
  const auto loss = [&](const Floats& x, const Floats& w) { return Dot(forward(x, w), dLogps) + Dot(entropies, dEntropies); };
  const Floats logps = forward(hidden, head);
  for (int64_t i = 0; i < shape.rows; i++) {
    std::vector<double> logits;
    double total = 0, entropy = 0;
    for (int64_t t = 0; t < shape.vocabulary; t++) {
      double logit = 0;
      for (int64_t j = 0; j < shape.width; j++) logit += static_cast<double>(hidden[i * shape.width + j]) * head[t * shape.width + j];
      logits.push_back(logit / shape.temperature);
      total += std::exp(logits.back());
    }
    for (double logit : logits) entropy -= std::exp(logit) / total * (logit - std::log(total));
    CHECK_CLOSE(logps[i], logits[static_cast<size_t>(targets[i])] - std::log(total), 1e-5);
    CHECK_CLOSE(entropies[i], entropy, 1e-5);
  }
  const auto gradients = [&] {
    forward(hidden, head);
    Floats all = Unwritten((shape.rows + shape.vocabulary) * shape.width);
    SelectiveLogSoftmaxGrad(dLogps.data(), dEntropies.data(), hidden.data(), head.data(), entropies.data(), logSums.data(), targets,
                            shape, all.data(), all.data() + shape.rows * shape.width);
    return all;
  };
  CheckSameOnThreeThreads(gradients);
  const Floats all = gradients();
  const auto middle = all.begin() + shape.rows * shape.width;
  CheckGradient(hidden, Floats(all.begin(), middle), [&](const Floats& x) { return loss(x, head); });
  CheckGradient(head, Floats(middle, all.end()), [&](const Floats& x) { return loss(hidden, x); });
}

TEST(SumSquaresOfManyBlocks) {
  for (int64_t size : {0, 3, 70000}) {
    const Floats x = Numbers(size, 6);
    CHECK_CLOSE(SumSquares(x.data(), size), Dot(x, x), 1e-5);
  }
}

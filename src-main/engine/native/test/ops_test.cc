// The fused operations: forward against a plain double-precision definition, gradients against central differences, and both
// against themselves on another number of threads.
#include "ops/ops.h"

#include "checks.h"

using namespace grpo;
using namespace grpo_test;

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
  const LogSoftmaxShape shape{5, 13, 37, 0.7f, 0};
  const Floats hidden = Numbers(shape.rows * shape.width, 1), head = Numbers(shape.vocabulary * shape.width, 2);
  const Floats dLogps = Numbers(shape.rows, 3), dEntropies = Numbers(shape.rows, 4);
  const int32_t targets[] = {0, 36, 7, 7, 20};
  Floats logSums = Unwritten(shape.rows), entropies = logSums;
  const auto forward = [&](const Floats& x, const Floats& w) {
    Floats logps = Unwritten(shape.rows);
    SelectiveLogSoftmax(x.data(), w.data(), targets, shape, logps.data(), entropies.data(), logSums.data(), nullptr);
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
    SelectiveLogSoftmaxGrad(dLogps.data(), dEntropies.data(), hidden.data(), head.data(), entropies.data(), logSums.data(), nullptr,
                            targets, shape, all.data(), all.data() + shape.rows * shape.width);
    return all;
  };
  CheckSameOnThreeThreads(gradients);
  const Floats all = gradients();
  const auto middle = all.begin() + shape.rows * shape.width;
  CheckGradient(hidden, Floats(all.begin(), middle), [&](const Floats& x) { return loss(x, head); });
  CheckGradient(head, Floats(middle, all.end()), [&](const Floats& x) { return loss(hidden, x); });
}

TEST(KeptLogitsGiveTheSameGradients) {
  const int64_t rows = 300, width = 3, vocabulary = 4100;
  const Floats hidden = Numbers(rows * width, 1), head = Numbers(vocabulary * width, 2), dLogps = Numbers(rows, 3), dEntropies = Numbers(rows, 4);
  const std::vector<int32_t> targets(static_cast<size_t>(rows), 4099);
  const auto gradients = [&](int64_t keptFloats) {
    const LogSoftmaxShape shape{rows, width, vocabulary, 1.0f, keptFloats};
    Floats logps = Unwritten(rows), entropies = logps, logSums = logps, kept = Unwritten(keptFloats);
    SelectiveLogSoftmax(hidden.data(), head.data(), targets.data(), shape, logps.data(), entropies.data(), logSums.data(), kept.data());
    Floats all = Unwritten((rows + vocabulary) * width);
    SelectiveLogSoftmaxGrad(dLogps.data(), dEntropies.data(), hidden.data(), head.data(), entropies.data(), logSums.data(), kept.data(),
                            targets.data(), shape, all.data(), all.data() + rows * width);
    return all;
  };
  const Floats all = gradients(0);
  CHECK(gradients(rows * vocabulary) == all);
  CHECK(gradients(rows * vocabulary - 1) == all);  // room for the first block of rows
  CHECK(gradients(200 * vocabulary) == all);       // and for none
}

TEST(SumSquaresOfManyBlocks) {
  for (int64_t size : {0, 3, 70000}) {
    const Floats x = Numbers(size, 6);
    CHECK_CLOSE(SumSquares(x.data(), size), Dot(x, x), 1e-5);
  }
}

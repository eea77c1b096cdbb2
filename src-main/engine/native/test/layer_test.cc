// A whole layer: its gradients against central differences of its own forward pass, and both on another number of threads.
#include "layer/decoder_layer.h"

#include <functional>

#include "test.h"
#include "thread_pool.h"

using namespace grpo;
using grpo_test::Numbers;

namespace {

using Floats = std::vector<float>;

// Two groups, a key/value head for two query heads, a bias on some linear layers and a low-rank update on others.
struct Layer {
  static constexpr int64_t kHidden = 12, kWide = 20, kHeads = 4, kKvHeads = 2, kHeadDim = 6, kRank = 3, kPlaces = 70;
  std::vector<int32_t> segments{0, 5, 0, 0, 5, 60, 0, 5, 65, 2, 1, 35, 67, 3, 0, 0, 70, 4, 3, 3};
  int64_t tokens = 74;
  std::vector<int32_t> positions, rows;  // of no rows: all are wanted
  Floats cos, sin;
  Floats norms[2];
  Floats arrays[4 * kLayerLinears];  // weight, bias, down, up
  int64_t ranks[kLayerLinears] = {kRank, 0, kRank, 0, 0, kRank, kRank};

  Layer() {
    for (size_t row = 0; row < segments.size(); row += 4) {
      for (int32_t t = 0; t < segments[row + 1]; t++) positions.push_back(segments[row + 3] + t);
    }
    for (int64_t i = 0; i < kPlaces * kHeadDim / 2; i++) {
      cos.push_back(std::cos(0.1f * static_cast<float>(i)));
      sin.push_back(std::sin(0.1f * static_cast<float>(i)));
    }
    uint32_t seed = 20;
    for (Floats& norm : norms) norm = Numbers(kHidden, seed++);
    for (int64_t i = 0; i < kLayerLinears; i++) {
      const Linear linear = Sizes(i);
      arrays[4 * i] = Numbers(linear.outputs * linear.inputs, seed++);
      if (i % 2 == 1) arrays[4 * i + 1] = Numbers(linear.outputs, seed++);
      arrays[4 * i + 2] = Numbers(linear.rank * linear.inputs, seed++);
      arrays[4 * i + 3] = Numbers(linear.outputs * linear.rank, seed++);
    }
  }

  Linear Sizes(int64_t i) const {
    const int64_t q = kHeads * kHeadDim, kv = kKvHeads * kHeadDim;
    const int64_t outputs[] = {q, kv, kv, kHidden, kWide, kWide, kHidden}, inputs[] = {kHidden, kHidden, kHidden, q, kHidden, kHidden, kWide};
    return {outputs[i], inputs[i], nullptr, nullptr, nullptr, nullptr, ranks[i], 0.5f};
  }

  int64_t RowCount() const { return rows.empty() ? tokens : static_cast<int64_t>(rows.size()); }

  LayerShape Shape() const {
    LayerShape shape{kHidden, kWide, kHeadDim / 2, 0.1f, {tokens, kHeads, kKvHeads, kHeadDim, 0.4f}, nullptr, 0, nullptr, nullptr, nullptr, nullptr, 0};
    shape.segments = segments.data();
    shape.segmentCount = static_cast<int64_t>(segments.size()) / 4;
    shape.positions = positions.data();
    shape.cos = cos.data();
    shape.sin = sin.data();
    shape.rows = rows.empty() ? nullptr : rows.data();
    shape.rowCount = RowCount();
    return shape;
  }

  LayerParameters Parameters() const {
    LayerParameters parameters;
    parameters.inputNorm = norms[0].data();
    parameters.attentionNorm = norms[1].data();
    for (int64_t i = 0; i < kLayerLinears; i++) {
      Linear linear = Sizes(i);
      linear.weight = arrays[4 * i].data();
      linear.bias = arrays[4 * i + 1].empty() ? nullptr : arrays[4 * i + 1].data();
      linear.down = arrays[4 * i + 2].data();
      linear.up = arrays[4 * i + 3].data();
      parameters.linears[i] = linear;
    }
    return parameters;
  }
};

struct Memory {
  explicit Memory(const Layer& layer) {
    const int64_t n = layer.tokens, widths[] = {Layer::kHeads * Layer::kHeadDim, Layer::kKvHeads * Layer::kHeadDim,
                                                Layer::kKvHeads * Layer::kHeadDim, Layer::kHeads * Layer::kHeadDim,
                                                Layer::kHeads, Layer::kHidden, Layer::kWide, Layer::kWide};
    for (int64_t width : widths) arrays.emplace_back(static_cast<size_t>(n * width), NAN);
    for (int64_t rank : layer.ranks) arrays.emplace_back(static_cast<size_t>(n * rank), NAN);
  }
  LayerActivations View(bool whole) {
    LayerActivations view{arrays[0].data(), arrays[1].data(), arrays[2].data(), arrays[3].data(), arrays[4].data(), arrays[5].data(),
                          whole ? arrays[6].data() : nullptr, whole ? arrays[7].data() : nullptr, {}};
    for (size_t i = 0; whole && i < kLayerLinears; i++) view.reduced[i] = arrays[8 + i].data();
    return view;
  }
  std::vector<Floats> arrays;
};

Floats Forward(const Layer& layer, const Floats& x, bool whole = false) {
  Memory memory(layer);
  Floats out(static_cast<size_t>(layer.RowCount() * Layer::kHidden), NAN);
  DecoderLayer(layer.Shape(), layer.Parameters(), x.data(), memory.View(whole), out.data());
  return out;
}

// All gradients, one after the other: dx, the norms, the linear layers' arrays.
std::vector<Floats> Backward(const Layer& layer, const Floats& x, const Floats& dy) {
  Memory memory(layer);
  Floats out(static_cast<size_t>(layer.RowCount() * Layer::kHidden), NAN);
  DecoderLayer(layer.Shape(), layer.Parameters(), x.data(), memory.View(true), out.data());
  std::vector<Floats> gradients{Floats(x.size(), NAN), Floats(Layer::kHidden, NAN), Floats(Layer::kHidden, NAN)};
  for (const Floats& array : layer.arrays) gradients.emplace_back(array.size(), NAN);
  LayerGradients view{gradients[1].data(), gradients[2].data(), {}};
  for (int64_t i = 0; i < kLayerLinears; i++) {
    const auto at = [&](int64_t k) { return gradients[static_cast<size_t>(3 + 4 * i + k)].empty() ? nullptr : gradients[static_cast<size_t>(3 + 4 * i + k)].data(); };
    view.linears[i] = {at(0), at(1), at(2), at(3)};
  }
  DecoderLayerGrad(layer.Shape(), layer.Parameters(), x.data(), memory.View(true), dy.data(), gradients[0].data(), view);
  return gradients;
}

double Loss(const Floats& out, const Floats& dy) {
  double sum = 0;
  for (size_t i = 0; i < out.size(); i++) sum += static_cast<double>(out[i]) * dy[i];
  return sum;
}

}  // namespace

// The gradients of a layer against central differences, and on another number of threads.
static void CheckLayer(Layer layer) {
  Floats x = Numbers(layer.tokens * Layer::kHidden, 1);
  const Floats dy = Numbers(layer.RowCount() * Layer::kHidden, 2);
  CHECK(Forward(layer, x) == Forward(layer, x, true));
  const std::vector<Floats> gradients = Backward(layer, x, dy);
  const auto check = [&](Floats& values, const Floats& gradient) {
    CHECK(values.size() == gradient.size());
    const float step = 1e-2f;
    for (size_t i = 0; i < values.size(); i += 1 + values.size() / 12) {
      const float before = values[i];
      values[i] = before + step;
      const double above = Loss(Forward(layer, x), dy);
      values[i] = before - step;
      const double below = Loss(Forward(layer, x), dy);
      values[i] = before;
      CHECK_CLOSE(gradient[i], (above - below) / (2 * step), 3e-2);
    }
  };
  check(x, gradients[0]);
  for (size_t i = 0; i < 2; i++) check(layer.norms[i], gradients[1 + i]);
  for (size_t i = 0; i < 4 * kLayerLinears; i++) check(layer.arrays[i], gradients[3 + i]);

  const int before = Threads();
  SetThreads(3);
  CHECK(Backward(layer, x, dy) == gradients);
  SetThreads(before);
}

TEST(DecoderLayerAndItsGradients) { CheckLayer(Layer()); }

TEST(DecoderLayerOfSomeRows) {
  Layer layer;
  const Floats x = Numbers(layer.tokens * Layer::kHidden, 1), all = Forward(layer, x);
  layer.rows = {73, 2, 30, 31, 64};
  const Floats some = Forward(layer, x);
  for (size_t i = 0; i < some.size(); i++) {
    CHECK(some[i] == all[static_cast<size_t>(layer.rows[i / Layer::kHidden]) * Layer::kHidden + i % Layer::kHidden]);
  }
  CheckLayer(layer);
}

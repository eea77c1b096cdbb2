// Products with packed weights, as they are and rounded, against the definition.
#include "packed_matrix.h"

#include <cstring>

#include "bfloat16.h"
#include "kernels.h"
#include "test.h"
#include "thread_pool.h"

using namespace grpo;
using grpo_test::Numbers;

namespace {

using Floats = std::vector<float>;

float Rounded(float value) { return FloatOf(Bfloat16Bits(value)); }

Floats Multiply(const Floats& rows, int64_t count, const Floats& weight, int64_t outputs, int64_t inputs, WeightFormat format, bool add) {
  PackedMatrix matrix;
  matrix.Pack(weight.data(), outputs, inputs, format);
  PackedRows packed;
  packed.Pack(rows.data(), count, inputs, format);
  Floats out(static_cast<size_t>(count * outputs), add ? 1.0f : NAN);
  const int64_t tile = ActiveKernels().tileColumns;
  for (int64_t strip = 0; strip < matrix.Strips(); strip++) packed.Multiply(matrix, strip, add, out.data() + strip * tile, outputs);
  return out;
}

}  // namespace

TEST(RoundingIsToTheNearestEven) {
  CHECK(Rounded(1.0f) == 1.0f);
  CHECK(Rounded(1.0f + 0x1p-8f) == 1.0f);               // a tie, and 1 is even
  CHECK(Rounded(1.0f + 3 * 0x1p-8f) == 1.0f + 0x1p-6f);  // a tie, and the upper one is even
  CHECK(Rounded(1.0f + 0x1p-8f + 0x1p-20f) == 1.0f + 0x1p-7f);
  CHECK(Rounded(-1.99999f) == -2.0f);
  CHECK(std::isinf(Rounded(INFINITY)));
  CHECK(std::isnan(Rounded(FloatOf(0x7fffffffu))));
}

TEST(PackedProductsMatchTheDefinition) {
  for (const WeightFormat format : {WeightFormat::kFloat32, WeightFormat::kBfloat16}) {
    const auto value = [&](float x) { return static_cast<double>(format == WeightFormat::kBfloat16 ? Rounded(x) : x); };
    for (const int64_t inputs : {1, 2, 15, 33, 384, 401, 1000}) {
      for (const int64_t outputs : {1, 31, 32, 70}) {
        for (const int64_t count : {1, 2, 13, 15, 32}) {
          const Floats rows = Numbers(count * inputs, 1), weight = Numbers(outputs * inputs, 2);
          for (const bool add : {false, true}) {
            const Floats out = Multiply(rows, count, weight, outputs, inputs, format, add);
            for (int64_t r = 0; r < count; r++) {
              for (int64_t o = 0; o < outputs; o++) {
                double sum = add ? 1 : 0;
                for (int64_t p = 0; p < inputs; p++) sum += value(rows[r * inputs + p]) * value(weight[o * inputs + p]);
                CHECK_CLOSE(out[r * outputs + o], sum, 1e-6 * std::sqrt(static_cast<double>(inputs + 1)));
              }
            }
          }
        }
      }
    }
  }
}

TEST(RoundedProductsDependOnNeitherBatchNorThreads) {
  const int64_t count = 40, outputs = 97, inputs = 901;
  const Floats rows = Numbers(count * inputs, 1), weight = Numbers(outputs * inputs, 2);
  const Floats all = Multiply(rows, count, weight, outputs, inputs, WeightFormat::kBfloat16, false);
  for (const int64_t part : {1, 3, 17}) {
    const Floats last(rows.end() - part * inputs, rows.end());
    const Floats some = Multiply(last, part, weight, outputs, inputs, WeightFormat::kBfloat16, false);
    CHECK(std::memcmp(some.data(), all.data() + (count - part) * outputs, some.size() * sizeof(float)) == 0);
  }
  const int before = Threads();
  SetThreads(3);
  CHECK(Multiply(rows, count, weight, outputs, inputs, WeightFormat::kBfloat16, false) == all);
  SetThreads(before);
}

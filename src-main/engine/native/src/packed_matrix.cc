#include "packed_matrix.h"

#include <algorithm>

#include "gemm.h"
#include "kernels.h"
#include "thread_pool.h"

namespace grpo {
namespace {

int64_t CeilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

int64_t StripFloats(int64_t inputs, WeightFormat format) {
  return (format == WeightFormat::kBfloat16 ? CeilDivide(inputs, 2) : inputs) * ActiveKernels().tileColumns;
}

}  // namespace

float* PackedMatrix::Shape(int64_t outputs, int64_t inputs, WeightFormat format) {
  format_ = format;
  outputs_ = outputs;
  inputs_ = inputs;
  strips_ = CeilDivide(outputs, ActiveKernels().tileColumns);
  stripLength_ = StripFloats(inputs, format);
  float* values = memory_ != nullptr ? memory_ : values_.Reserve(FloatsOf(outputs, inputs, format));
  data_ = values;
  return values;
}

int64_t PackedMatrix::FloatsOf(int64_t outputs, int64_t inputs, WeightFormat format) {
  return CeilDivide(outputs, ActiveKernels().tileColumns) * StripFloats(inputs, format) + kVectorMax;
}

void PackedMatrix::Clear() {
  values_.Release();
  outputs_ = inputs_ = strips_ = stripLength_ = 0;
}

void PackedMatrix::Pack(const float* weight, int64_t outputs, int64_t inputs, WeightFormat format, int64_t stride) {
  if (stride == 0) stride = inputs;
  const Kernels& kernels = ActiveKernels();
  const int64_t width = kernels.tileColumns, depth = GemmDepthBlock(inputs);
  float* values = Shape(outputs, inputs, format);
  ParallelFor(strips_, std::max<int64_t>(1, 65536 / stripLength_), [&](int64_t begin, int64_t end) {
    thread_local AlignedBuffer buffer;
    for (int64_t strip = begin; strip < end; strip++) {
      const int64_t row = strip * width, count = std::min(width, outputs - row);
      for (int64_t p = 0; p < inputs; p += depth) {
        const float* source = weight + row * stride + p;
        const int64_t length = std::min(depth, inputs - p);
        if (format == WeightFormat::kBfloat16) {
          float* block = buffer.Reserve(depth * width + kVectorMax);
          kernels.packRows(source, stride, count, length, width, block);
          kernels.roundColumns(block, length, reinterpret_cast<uint32_t*>(values + strip * stripLength_ + p / 2 * width));
        } else {
          kernels.packRows(source, stride, count, length, width, values + strip * stripLength_ + p * width);
        }
      }
    }
  });
}

void PackedMatrix::PackTransposed(const float* weight, int64_t rows, int64_t columns, int64_t stride) {
  if (stride == 0) stride = columns;
  const Kernels& kernels = ActiveKernels();
  const int64_t width = kernels.tileColumns;
  float* values = Shape(columns, rows, WeightFormat::kFloat32);
  ParallelFor(strips_, 131072 / std::max<int64_t>(1, stripLength_), [&](int64_t begin, int64_t end) {
    for (int64_t strip = begin; strip < end; strip++) {
      const int64_t column = strip * width;
      kernels.packColumns(weight + column, stride, std::min(width, columns - column), rows, width, values + strip * stripLength_);
    }
  });
}

// Strips of equal height, so that no product is left with a strip of a row or two, which takes as long as a full one.
void PackedRows::Pack(const float* rows, int64_t count, int64_t width, WeightFormat format, int64_t stride) {
  if (stride == 0) stride = width;
  const Kernels& kernels = ActiveKernels();
  const bool rounds = format == WeightFormat::kBfloat16;
  const int64_t tileRows = kernels.tileRows, depth = GemmDepthBlock(width);
  format_ = format;
  count_ = count;
  width_ = width;
  strips_ = CeilDivide(count, tileRows);
  thread_local AlignedBuffer buffer;
  float* block = buffer.Reserve(depth * tileRows + kVectorMax);
  float* values = values_.Reserve(strips_ * (width + 1) * tileRows + kVectorMax);
  data_ = values;
  for (int64_t p = 0; p < width; p += depth) {
    const int64_t length = std::min(depth, width - p);
    for (int64_t strip = 0; strip < strips_; strip++) {
      const int64_t first = count * strip / strips_, last = count * (strip + 1) / strips_;
      float* packed = values + p * strips_ * tileRows + strip * BlockDepth(length) * tileRows;
      kernels.packRows(rows + first * stride + p, stride, last - first, length, tileRows, rounds ? block : packed);
      if (rounds) kernels.roundRows(block, length, packed);
    }
  }
}

// Blocks of rounded rows have an even depth.
int64_t PackedRows::BlockDepth(int64_t length) const { return format_ == WeightFormat::kBfloat16 ? CeilDivide(length, 2) * 2 : length; }

void PackedRows::Multiply(const PackedMatrix& matrix, int64_t strip, bool add, float* out, int64_t stride, int64_t firstInput) const {
  const Kernels& kernels = ActiveKernels();
  const int64_t tileRows = kernels.tileRows, tileColumns = kernels.tileColumns, depth = GemmDepthBlock(width_);
  const int64_t columns = std::min(tileColumns, matrix.outputs_ - strip * tileColumns);
  const float* packed = matrix.data_ + strip * matrix.stripLength_ + firstInput * tileColumns;
  for (int64_t p = 0; p < width_; p += depth) {
    const int64_t length = std::min(depth, width_ - p);
    for (int64_t s = 0; s < strips_; s++) {
      const int64_t first = count_ * s / strips_, last = count_ * (s + 1) / strips_;
      const float* rows = data_ + p * strips_ * tileRows + s * BlockDepth(length) * tileRows;
      const bool sums = p > 0 || add;
      if (format_ == WeightFormat::kBfloat16) {
        const uint32_t* words = reinterpret_cast<const uint32_t*>(packed + p / 2 * tileColumns);
        kernels.tileBfloat16(last - first, columns, CeilDivide(length, 2), rows, words, sums, out + first * stride, stride);
      } else {
        // The first two products with a block fetch half each of what comes next: its strip's next block, or the next strip.
        const float* block = packed + p * tileColumns;
        const float* following = p + length < width_ ? block + length * tileColumns : packed + matrix.stripLength_;
        const float* next = s < 2 ? following + s * length * tileColumns / 2 : block;
        kernels.tile(last - first, columns, length, 1.0f, rows, block, tileColumns, next, tileColumns / 2, sums ? 1.0f : 0.0f,
                     out + first * stride, stride);
      }
    }
  }
}

}  // namespace grpo

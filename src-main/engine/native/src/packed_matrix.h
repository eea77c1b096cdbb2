// A weight matrix laid out once for many products with few rows: blocks of tokens, or the newest tokens of a rollout.
#pragma once

#include <cstdint>
#include <vector>

#include "aligned_buffer.h"

namespace grpo {

// How a matrix holds its weights. A product with bfloat16 weights also rounds what it multiplies them with, and sums in float.
enum class WeightFormat { kFloat32, kBfloat16 };

// weight[outputs, inputs], cut into strips of the micro-kernel's columns; a strip is the matrix product's packed block of b.
class PackedMatrix {
 public:
  PackedMatrix() = default;

  // Packs weight[outputs, inputs], one row per output; rows are `stride` floats apart, or follow each other.
  void Pack(const float* weight, int64_t outputs, int64_t inputs, WeightFormat format = WeightFormat::kFloat32, int64_t stride = 0);
  // Packs the transpose of weight[rows, columns]: outputs are its columns. Rows are `stride` floats apart, or follow each other.
  void PackTransposed(const float* weight, int64_t rows, int64_t columns, int64_t stride = 0);

  // Floats of memory that a matrix of this shape takes.
  static int64_t FloatsOf(int64_t outputs, int64_t inputs, WeightFormat format = WeightFormat::kFloat32);
  // Packs into the caller's memory from now on, not into its own.
  void Place(float* memory) { memory_ = memory; }

  // Gives its own memory back; there are no outputs until the next Pack.
  void Clear();

  int64_t Outputs() const { return outputs_; }
  int64_t Inputs() const { return inputs_; }
  int64_t Strips() const { return strips_; }
  // Its memory, in floats.
  int64_t Floats() const { return strips_ * stripLength_; }

 private:
  friend class PackedRows;
  float* Shape(int64_t outputs, int64_t inputs, WeightFormat format);
  AlignedBuffer values_;
  float* memory_ = nullptr;  // the caller's
  const float* data_ = nullptr;
  int64_t outputs_ = 0, inputs_ = 0, strips_ = 0, stripLength_ = 0;
  WeightFormat format_ = WeightFormat::kFloat32;
};

// The rows [count, width] of a batch, packed as the left side of such products.
class PackedRows {
 public:
  // For products with matrices of this format. Rows are `stride` floats apart, or follow each other.
  void Pack(const float* rows, int64_t count, int64_t width, WeightFormat format = WeightFormat::kFloat32, int64_t stride = 0);

  // out[count, columns of the strip] = rows · stripᵀ, or += with `add`; rows of `out` are `stride` floats apart. Of a float32 matrix with
  // more inputs than the rows have, those from `firstInput` on are taken.
  void Multiply(const PackedMatrix& matrix, int64_t strip, bool add, float* out, int64_t stride, int64_t firstInput = 0) const;

 private:
  int64_t BlockDepth(int64_t length) const;
  AlignedBuffer values_;
  const float* data_ = nullptr;
  int64_t count_ = 0, width_ = 0, strips_ = 0;
  WeightFormat format_ = WeightFormat::kFloat32;
};

}  // namespace grpo

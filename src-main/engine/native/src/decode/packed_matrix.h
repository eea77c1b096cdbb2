// A weight matrix laid out once for many products with few rows: blocks of tokens, or the newest tokens of a rollout.
#pragma once

#include <cstdint>
#include <vector>

#include "../aligned_buffer.h"

namespace grpo {

// weight[outputs, inputs], cut into strips of the micro-kernel's columns; a strip is the matrix product's packed block of b.
class PackedMatrix {
 public:
  PackedMatrix() = default;

  // Packs weight[outputs, inputs], one row per output.
  void Pack(const float* weight, int64_t outputs, int64_t inputs);
  // Packs the transpose of weight[rows, columns]: outputs are its columns.
  void PackTransposed(const float* weight, int64_t rows, int64_t columns);

  int64_t Outputs() const { return outputs_; }
  int64_t Inputs() const { return inputs_; }
  int64_t Strips() const { return strips_; }
  int64_t Floats() const { return strips_ * stripLength_; }

 private:
  friend class PackedRows;
  float* Shape(int64_t outputs, int64_t inputs);
  AlignedBuffer values_;
  const float* data_ = nullptr;
  int64_t outputs_ = 0, inputs_ = 0, strips_ = 0, stripLength_ = 0;
};

// The rows [count, width] of a batch, packed as the left side of such products.
class PackedRows {
 public:
  void Pack(const float* rows, int64_t count, int64_t width);

  // out[count, columns of the strip] = rows · stripᵀ, or += with `add`; rows of `out` are `stride` floats apart.
  void Multiply(const PackedMatrix& matrix, int64_t strip, bool add, float* out, int64_t stride) const;

 private:
  AlignedBuffer values_;
  const float* data_ = nullptr;
  int64_t count_ = 0, width_ = 0, strips_ = 0;
};

}  // namespace grpo

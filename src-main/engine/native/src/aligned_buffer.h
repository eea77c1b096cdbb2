// A scratch buffer of floats that grows and keeps its memory between calls; aligned to a cache line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

namespace grpo {

class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  AlignedBuffer(const AlignedBuffer&) = delete;
  AlignedBuffer& operator=(const AlignedBuffer&) = delete;
  ~AlignedBuffer() { Free(); }

  // At least `count` floats of undefined content; valid until the next call.
  float* Reserve(int64_t count) {
    if (count > capacity_) {
      Free();
      data_ = static_cast<float*>(::operator new(static_cast<std::size_t>(count) * sizeof(float), kAlignment));
      capacity_ = count;
    }
    return data_;
  }

  // Gives the memory back.
  void Release() { Free(); }

 private:
  static constexpr std::align_val_t kAlignment{64};

  void Free() {
    if (data_ != nullptr) ::operator delete(data_, kAlignment);
    data_ = nullptr;
    capacity_ = 0;
  }

  float* data_ = nullptr;
  int64_t capacity_ = 0;
};

}  // namespace grpo

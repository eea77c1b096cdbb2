#include "gemm.h"

#include <algorithm>
#include <cstring>

#include "test.h"
#include "thread_pool.h"

namespace {

using grpo_test::Numbers;

struct Shape {
  int64_t m, n, k;
};

// Rows are padded by three elements, so that an access outside a row's own elements shows.
void Check(bool transA, bool transB, Shape shape, float alpha, float beta) {
  const auto [m, n, k] = shape;
  const int64_t lda = (transA ? m : k) + 3, ldb = (transB ? k : n) + 3, ldc = n + 3;
  const std::vector<float> a = Numbers((transA ? k : m) * lda, 1), b = Numbers((transB ? n : k) * ldb, 2);
  const std::vector<float> before = Numbers(m * ldc, 3);
  std::vector<float> c = before;
  grpo::Gemm(transA, transB, m, n, k, alpha, a.data(), lda, b.data(), ldb, beta, c.data(), ldc);
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j = 0; j < n; j++) {
      double sum = 0;
      for (int64_t p = 0; p < k; p++) {
        sum += static_cast<double>(a[transA ? p * lda + i : i * lda + p]) * b[transB ? j * ldb + p : p * ldb + j];
      }
      CHECK_CLOSE(c[i * ldc + j], alpha * sum + beta * before[i * ldc + j], 1e-5 * std::sqrt(static_cast<double>(k + 1)));
    }
    for (int64_t j = n; j < ldc; j++) CHECK(c[i * ldc + j] == before[i * ldc + j]);
  }
}

}  // namespace

TEST(GemmMatchesTheDefinition) {
  const Shape shapes[] = {{1, 1, 1},   {1, 33, 7},  {7, 1, 40},   {14, 32, 16}, {15, 33, 17}, {29, 65, 31},
                          {5, 70, 400}, {64, 128, 70}, {3, 40, 1700}, {460, 34, 20}, {31, 31, 0}, {700, 40, 100}};
  for (const Shape& shape : shapes) {
    for (int form = 0; form < 4; form++) {
      Check((form & 1) != 0, (form & 2) != 0, shape, 1.0f, 0.0f);
      Check((form & 1) != 0, (form & 2) != 0, shape, -0.5f, 2.0f);
    }
  }
}

TEST(GemmWithBetaZeroDoesNotReadItsOutput) {
  const std::vector<float> a = Numbers(40 * 20, 1), b = Numbers(20 * 50, 2);
  std::vector<float> c(40 * 50, NAN);
  grpo::Gemm(false, false, 40, 50, 20, 1.0f, a.data(), 20, b.data(), 50, 0.0f, c.data(), 50);
  for (float value : c) CHECK(value == value);
}

TEST(GemmRowsDoNotDependOnTheirBatch) {
  const int64_t m = 70, n = 97, k = 900;
  const std::vector<float> a = Numbers(m * k, 1), b = Numbers(n * k, 2);
  for (bool transB : {false, true}) {
    const int64_t ldb = transB ? k : n;
    std::vector<float> all(m * n), some(m * n);
    grpo::Gemm(false, transB, m, n, k, 1.0f, a.data(), k, b.data(), ldb, 0.0f, all.data(), n);
    for (int64_t count : {1, 2, 13, 15, 40}) {
      for (int64_t from : {int64_t{0}, int64_t{5}, m - count}) {
        grpo::Gemm(false, transB, count, n, k, 1.0f, a.data() + from * k, k, b.data(), ldb, 0.0f, some.data(), n);
        CHECK(std::memcmp(some.data(), all.data() + from * n, static_cast<size_t>(count * n) * sizeof(float)) == 0);
      }
    }
  }
}

TEST(GemmDoesNotDependOnTheThreadCount) {
  const int64_t m = 60, n = 200, k = 800;
  const std::vector<float> a = Numbers(m * k, 1), b = Numbers(n * k, 2);
  const int before = grpo::Threads();
  std::vector<float> first(m * n), other(m * n);
  grpo::SetThreads(1);
  grpo::Gemm(true, true, m, n, k, 1.0f, a.data(), m, b.data(), k, 0.0f, first.data(), n);
  for (int threads : {2, 5}) {
    grpo::SetThreads(threads);
    grpo::Gemm(true, true, m, n, k, 1.0f, a.data(), m, b.data(), k, 0.0f, other.data(), n);
    CHECK(first == other);
  }
  grpo::SetThreads(before);
}

TEST(GemmInsideALoop) {
  const int64_t size = 40;
  const std::vector<float> a = Numbers(size * size, 1), b = Numbers(size * size, 2);
  std::vector<std::vector<float>> results(12, std::vector<float>(size * size));
  grpo::ParallelFor(12, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      grpo::Gemm(false, false, size, size, size, 1.0f, a.data(), size, b.data(), size, 0.0f, results[i].data(), size);
    }
  });
  for (const std::vector<float>& result : results) CHECK(result == results[0]);
}

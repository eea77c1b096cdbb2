#include "elementwise.h"

#include "test.h"

using namespace grpo;
using grpo_test::Numbers;

TEST(BinaryWalksItsOperands) {
  for (int64_t rows : {1, 3, 40}) {
    for (int64_t columns : {1, 15, 16, 33, 700}) {
      const std::vector<float> full = Numbers(rows * columns, 1), row = Numbers(columns, 2), column = Numbers(rows, 3);
      const Operand operands[] = {{full.data(), columns, 1}, {row.data(), 0, 1}, {column.data(), 1, 0}, {row.data(), 0, 0}};
      std::vector<float> out(static_cast<size_t>(rows * columns));
      for (const Operand& a : operands) {
        for (const Operand& b : operands) {
          for (BinaryOp op : {BinaryOp::kAdd, BinaryOp::kSub, BinaryOp::kMultiply, BinaryOp::kDivide}) {
            Binary(op, a, b, rows, columns, out.data());
            for (int64_t i = 0; i < rows; i++) {
              for (int64_t j = 0; j < columns; j++) {
                const float x = a.data[i * a.rowStride + j * a.columnStep], y = b.data[i * b.rowStride + j * b.columnStep];
                const float expected = op == BinaryOp::kAdd ? x + y : op == BinaryOp::kSub ? x - y : op == BinaryOp::kMultiply ? x * y : x / y;
                CHECK(out[static_cast<size_t>(i * columns + j)] == expected);
              }
            }
          }
        }
      }
    }
  }
}

TEST(UnaryMatchesTheLibrary) {
  for (int64_t n : {1, 15, 16, 17, 40000}) {
    std::vector<float> x = Numbers(n, 1), out(x.size());
    for (float& value : x) value *= 30;
    Unary(UnaryOp::kExp, x.data(), n, out.data());
    for (size_t i = 0; i < x.size(); i++) CHECK(std::fabs(out[i] / std::exp(static_cast<double>(x[i])) - 1) < 3e-7);
    Unary(UnaryOp::kSigmoid, x.data(), n, out.data());
    for (size_t i = 0; i < x.size(); i++) CHECK_CLOSE(out[i], 1 / (1 + std::exp(-static_cast<double>(x[i]))), 3e-7);
    Unary(UnaryOp::kSquare, x.data(), n, x.data());
    Unary(UnaryOp::kSqrt, x.data(), n, out.data());
    for (size_t i = 0; i < x.size(); i++) CHECK(out[i] == std::sqrt(x[i]));
    Unary(UnaryOp::kNegate, x.data(), n, out.data());
    for (size_t i = 0; i < x.size(); i++) CHECK(out[i] == -x[i]);
  }
}

TEST(ExpAtItsEnds) {
  const float x[] = {0, -87, -88.5f, -103, -110, 88.7f, 89, INFINITY, -INFINITY, NAN};
  float out[10];
  Unary(UnaryOp::kExp, x, 10, out);
  CHECK(out[0] == 1);
  for (int i : {1, 2, 5}) CHECK_CLOSE(out[i] / std::exp(static_cast<double>(x[i])), 1, 1e-6);
  CHECK(out[3] >= 0 && out[3] < 1e-44);
  CHECK(out[4] == 0 && out[8] == 0);
  CHECK(std::isinf(out[6]) && std::isinf(out[7]));
  CHECK(std::isnan(out[9]));
}

TEST(Sums) {
  for (int64_t rows : {1, 5, 300}) {
    for (int64_t columns : {1, 16, 70, 513}) {
      const std::vector<float> x = Numbers(rows * columns, 1);
      std::vector<double> byRow(static_cast<size_t>(rows)), byColumn(static_cast<size_t>(columns));
      double total = 0;
      for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < columns; j++) {
          const double value = x[static_cast<size_t>(i * columns + j)];
          byRow[static_cast<size_t>(i)] += value;
          byColumn[static_cast<size_t>(j)] += value;
          total += value;
        }
      }
      std::vector<float> rowSums(byRow.size()), columnSums(byColumn.size());
      SumRows(x.data(), rows, columns, rowSums.data());
      SumColumns(x.data(), rows, columns, columnSums.data());
      for (size_t i = 0; i < byRow.size(); i++) CHECK_CLOSE(rowSums[i], byRow[i], 1e-5);
      for (size_t j = 0; j < byColumn.size(); j++) CHECK_CLOSE(columnSums[j], byColumn[j], 1e-5);
      CHECK_CLOSE(SumAll(x.data(), rows * columns), total, 1e-4);
    }
  }
}

TEST(TransposeGatherAccumulate) {
  for (int64_t rows : {1, 7, 16, 65, 200}) {
    for (int64_t columns : {1, 16, 31, 129}) {
      const std::vector<float> x = Numbers(rows * columns, 1);
      std::vector<float> out(x.size());
      TransposeMatrix(x.data(), rows, columns, out.data());
      for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < columns; j++) CHECK(out[static_cast<size_t>(j * rows + i)] == x[static_cast<size_t>(i * columns + j)]);
      }
      const int32_t ids[] = {static_cast<int32_t>(rows - 1), 0, 0};
      std::vector<float> gathered(static_cast<size_t>(3 * columns));
      GatherRows(x.data(), columns, ids, 3, gathered.data());
      for (int64_t j = 0; j < columns; j++) {
        CHECK(gathered[static_cast<size_t>(j)] == x[static_cast<size_t>((rows - 1) * columns + j)]);
        CHECK(gathered[static_cast<size_t>(2 * columns + j)] == x[static_cast<size_t>(j)]);
      }
      std::vector<float> doubled = x;
      Accumulate(x.data(), rows * columns, doubled.data());
      for (size_t i = 0; i < x.size(); i++) CHECK(doubled[i] == 2 * x[i]);
    }
  }
}

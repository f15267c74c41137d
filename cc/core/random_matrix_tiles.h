// Tiles of a random matrix, made on the spot. Only for *_simd.cc files: see isa.h.
#ifndef GENCS_CORE_RANDOM_MATRIX_TILES_H_
#define GENCS_CORE_RANDOM_MATRIX_TILES_H_

#include "cc/core/box_muller.h"
#include "cc/core/philox.h"
#include "cc/core/random_matrix.h"
#include "cc/core/simd.h"

namespace gencs {
namespace GENCS_ISA {
namespace {

// Which entries of the matrix, and where they go: entry (row + i, column + j) to
// out[i * stride + j]. `column` and `columns` are multiples of kRandomGroup.
template <typename T>
struct Tile {
  int64_t row, rows;
  int64_t column, columns;
  int64_t stride;
  T* out;
};

// A block gives 4 entries. 16 neighbouring blocks make a group of 64 columns: entry
// e of block b lies in column 64 (b / 16) + 16 e + b % 16, so that a vector of
// blocks fills vectors of neighbouring columns.
constexpr int kGaussianBlocks = 16;
constexpr int kGaussianGroup = 4 * kGaussianBlocks;

// Rows whose words are made before they become normal numbers. Either loop alone has
// enough independent work in flight to fill the pipelines; their sum would not.
constexpr int kGaussianRows = 16;

template <typename T>
void FillGaussian(const RandomMatrix& matrix, T scale, const Tile<T>& tile) {
  const PhiloxKeys keys(matrix.key);
  for (int64_t group = 0; group < tile.columns; group += kGaussianGroup) {
    const int64_t first = (tile.column + group) / kGaussianGroup * kGaussianBlocks;
    for (int lane = 0; lane < kGaussianBlocks; lane += kWords) {
      const uint32_t block = static_cast<uint32_t>(first + lane);
      const PhiloxBlocks even(EverySecond(block), matrix.stream, keys);
      const PhiloxBlocks odd(EverySecond(block + 1), matrix.stream, keys);
      T* out = tile.out + group + lane;
      for (int64_t i = 0; i < tile.rows; i += kGaussianRows) {
        const int64_t left = tile.rows - i;
        const int rows = left < kGaussianRows ? static_cast<int>(left) : kGaussianRows;
        Words words[kGaussianRows][4];
        for (int k = 0; k < rows; ++k) {
          const uint32_t row = static_cast<uint32_t>(tile.row + i + k);
          const PhiloxState a = even.AtRow(row, keys), b = odd.AtRow(row, keys);
          words[k][0] = Merge(a.c0, b.c0);
          words[k][1] = Merge(a.c1, b.c1);
          words[k][2] = Merge(a.c2, b.c2);
          words[k][3] = Merge(a.c3, b.c3);
        }
        for (int k = 0; k < rows; ++k, out += tile.stride) {
          BoxMuller(words[k][0], words[k][1], scale, out, out + kGaussianBlocks);
          BoxMuller(words[k][2], words[k][3], scale, out + 2 * kGaussianBlocks,
                    out + 3 * kGaussianBlocks);
        }
      }
    }
  }
}

// Word q of a block has the signs of columns 32 q ... 32 q + 31, lowest bit first.
template <typename T>
GENCS_INLINE void StoreSigns(uint32_t word, T scale, T* out) {
  Words bit;
#pragma GCC unroll 16
  for (int lane = 0; lane < kWords; ++lane) {
    bit[lane] = uint32_t{1} << lane;
  }
#pragma GCC unroll 8
  for (int j = 0; j < 32; j += kWords, bit <<= kWords) {
    const Words set = reinterpret_cast<Words>(((Words{} + word) & bit) == bit);
    const auto signs = reinterpret_cast<Simd<float>::Vector>(
        (set & Widened<float>::kSign) ^ 0x3f800000u);  // bits of 1.0f
#pragma GCC unroll 2
    for (int part = 0; part < Widened<T>::kParts; ++part) {
      Simd<T>::Store(Widened<T>::Floats(signs, part) * scale,
                     out + j + part * Simd<T>::kWidth);
    }
  }
}

// A block gives the signs of 128 columns. Its neighbours in a vector belong to
// neighbouring rows.
constexpr int kRademacherGroup = 128;

template <typename T>
void FillRademacher(const RandomMatrix& matrix, T scale, const Tile<T>& tile) {
  const PhiloxKeys keys(matrix.key);
  const WideWords low = Splat(static_cast<uint32_t>(matrix.stream));
  const WideWords high = Splat(matrix.stream >> 32);
  for (int64_t i = 0; i < tile.rows; i += kWords) {
    const uint32_t row = static_cast<uint32_t>(tile.row + i);
    for (int64_t group = 0; group < tile.columns; group += kRademacherGroup) {
      const WideWords block = Splat((tile.column + group) / kRademacherGroup);
      PhiloxState even{block, EverySecond(row), low, high};
      PhiloxState odd{block, EverySecond(row + 1), low, high};
      even.RunRoundsFrom<0>(keys);
      odd.RunRoundsFrom<0>(keys);
      const Words words[4] = {Merge(even.c0, odd.c0), Merge(even.c1, odd.c1),
                              Merge(even.c2, odd.c2), Merge(even.c3, odd.c3)};
      for (int lane = 0; lane < kWords && i + lane < tile.rows; ++lane) {
        T* out = tile.out + (i + lane) * tile.stride + group;
        for (int word = 0; word < 4; ++word) {
          StoreSigns(words[word][lane], scale, out + 32 * word);
        }
      }
    }
  }
}

static_assert(kRandomGroup % kGaussianGroup == 0 &&
                  kRandomGroup % kRademacherGroup == 0,
              "tiles begin and end between blocks");

template <typename T>
void FillTile(const RandomMatrix& matrix, const Tile<T>& tile) {
  const T scale = static_cast<T>(
      1.0 / __builtin_sqrt(matrix.rows > 0 ? static_cast<double>(matrix.rows) : 1.0));
  if (matrix.distribution == RandomDistribution::kGaussian) {
    FillGaussian(matrix, scale, tile);
  } else {
    FillRademacher(matrix, scale, tile);
  }
}

}  // namespace
}  // namespace GENCS_ISA
}  // namespace gencs

#endif  // GENCS_CORE_RANDOM_MATRIX_TILES_H_

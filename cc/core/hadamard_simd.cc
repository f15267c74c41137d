// The Hadamard transform for one instruction set; see isa.h for the rules that
// hold in this file.
//
// A transform of size 2^k runs in three tiers, each of which keeps its data in
// the next larger memory:
//   groups  up to 8 neighbouring vectors in registers: butterflies inside each,
//           then between them (this pass also multiplies by the signs);
//   leaves  blocks well inside the L1 cache: radix-16 and radix-8 passes;
//   rows    recursive passes of these radixes over leaves, depth first, so that every
//           level works on data that the level below has just left in a cache.
// Levels commute, so measuring climbs the tiers (signs first) and the adjoint
// descends them (signs last).
#include <cstdint>

#include "cc/core/hadamard.h"
#include "cc/core/hadamard_groups.h"
#include "cc/core/hadamard_passes.h"
#include "cc/core/isa.h"
#include "cc/core/simd.h"

namespace gencs {
namespace GENCS_ISA {
namespace {

// Whether Sylvester's blocks are smaller than a vector.
template <typename T>
GENCS_INLINE bool IsSmall(int64_t size) {
  return (size % 3 == 0 ? size / 12 : size) < Simd<T>::kWidth;
}

// How a transform of this size is split into blocks: 12, or a radix for Mix, or
// one where nothing has to be mixed.
template <typename T>
struct Split {
  int64_t blocks, size;  // size of a block

  GENCS_INLINE explicit Split(int64_t whole) {
    const int64_t leaves = whole / Layout<T>::kLeaf;
    if (IsSmall<T>(whole)) {
      blocks = 1;
    } else if (whole % 3 == 0) {
      blocks = 12;
    } else {
      blocks = leaves > 1 ? Radix(leaves) : 1;
    }
    size = whole / blocks;
  }
};

// The whole transform where IsSmall(size).
template <typename T>
void SmallTransform(T* v, int64_t size) {
  const int64_t block = size % 3 == 0 ? size / 12 : size;
  for (int64_t h = 1; h < block; h *= 2) {
    for (int64_t i = 0; i < size; i += 2 * h) {
      for (int64_t j = i; j < i + h; ++j) {
        const T a = v[j], b = v[j + h];
        v[j] = a + b;
        v[j + h] = a - b;
      }
    }
  }
  for (int64_t i = 0; i < block && block != size; ++i) {
    T a[12];
    for (int r = 0; r < 12; ++r) {
      a[r] = v[r * block + i];
    }
    Twelve<T>(a);
    for (int r = 0; r < 12; ++r) {
      v[r * block + i] = a[r];
    }
  }
}

// v[0:Pitch(size)] <- transform of the signed signal from `offset` on.
template <typename T, typename Sign>
void Climb(T* v, const Signal<T, Sign>& signal, int64_t offset, int64_t size) {
  using L = Layout<T>;
  if (offset >= signal.n) {
    __builtin_memset(v, 0, L::Pitch(size) * sizeof(T));
    return;
  }
  if (IsSmall<T>(size)) {
    for (int64_t i = 0; i < size; ++i) {
      v[i] = i < signal.n ? signal.x[i] * signal.signs[i] : T(0);
    }
    SmallTransform(v, size);
    return;
  }
  const Split<T> split(size);
  if (split.blocks == 1) {
    GENCS_WITH_GROUP(ReadGroups, size / Simd<T>::kWidth, v, signal, offset, size);
    WideLevels(v, GroupSize<T>(size), size);
    __builtin_memset(v + size, 0, (L::Pitch(size) - size) * sizeof(T));
    return;
  }
  const int64_t pitch = L::Pitch(split.size);
  for (int64_t r = 0; r < split.blocks; ++r) {
    Climb(v + r * pitch, signal, offset + r * split.size, split.size);
  }
  MixBlocks(split.blocks, v, pitch, 0, pitch);
}

// signal from `offset` on <- signs times the transform of v[0:Pitch(size)].
template <typename T, typename Sign>
void Descend(T* v, const Signal<T, Sign>& signal, int64_t offset, int64_t size) {
  if (offset >= signal.n) {
    return;
  }
  if (IsSmall<T>(size)) {
    SmallTransform(v, size);
    for (int64_t i = 0; i < signal.n; ++i) {
      signal.x[i] = v[i] * signal.signs[i];
    }
    return;
  }
  const Split<T> split(size);
  if (split.blocks == 1) {
    WideLevels(v, GroupSize<T>(size), size);
    GENCS_WITH_GROUP(WriteGroups, size / Simd<T>::kWidth, v, signal, offset, size);
    return;
  }
  const int64_t pitch = Layout<T>::Pitch(split.size);
  MixBlocks(split.blocks, v, pitch, 0, pitch);
  for (int64_t r = 0; r < split.blocks; ++r) {
    Descend(v + r * pitch, signal, offset + r * split.size, split.size);
  }
}

// Calls Use(places, i, count) for chunks rows[i : i + count], with the places of
// these rows in the workspace.
template <typename T, typename Use>
GENCS_INLINE void ForPlaces(const int32_t* rows,
                            int64_t begin,
                            int64_t end,
                            const Places<T>& places_of,
                            const Use& use) {
  constexpr int64_t kChunk = 512;
  uint32_t places[kChunk];
  for (int64_t i = begin; i < end; i += kChunk) {
    const int64_t count = end - i < kChunk ? end - i : kChunk;
    for (int64_t j = 0; j < count; ++j) {
      places[j] = places_of.Of(rows[i + j]);
    }
    use(places, i, count);
  }
}

// to[i] <- the selected rows of v times scale, less `from` if there is one.
template <typename T>
void Gather(const T* v,
            const int32_t* rows,
            int64_t begin,
            int64_t end,
            const Places<T>& places_of,
            T scale,
            const T* from,
            T* to) {
  using S = Simd<T>;
  const auto gather = [=](const uint32_t* places, int64_t i, int64_t count) {
    int64_t j = 0;
    for (; j + S::kWidth <= count; j += S::kWidth) {
      auto values = S::Pick(v, places + j) * scale;
      if (from != nullptr) {
        values -= S::Load(from + i + j);
      }
      S::Store(values, to + i + j);
    }
    for (; j < count; ++j) {
      to[i + j] = v[places[j]] * scale - (from != nullptr ? from[i + j] : T(0));
    }
  };
  ForPlaces<T>(rows, begin, end, places_of, gather);
}

// Adds y times scale to the selected rows of v; rows may repeat.
template <typename T>
void Scatter(const T* y,
             const int32_t* rows,
             int64_t m,
             const Places<T>& places_of,
             T scale,
             T* v) {
  const auto scatter = [=](const uint32_t* places, int64_t i, int64_t count) {
#pragma GCC unroll 4
    for (int64_t j = 0; j < count; ++j) {
      v[places[j]] += y[i + j] * scale;
    }
  };
  ForPlaces<T>(rows, 0, m, places_of, scatter);
}

// Columns of the topmost Mix in a part: whole lines of the cache.
template <typename T>
constexpr int64_t kPartColumns = 4096 / sizeof(T);
constexpr int64_t kPartRows = 1024;

GENCS_INLINE int64_t AtMost(int64_t value, int64_t limit) {
  return value < limit ? value : limit;
}

// One row of the batch, phase by phase.
template <typename T, typename Sign>
struct Row {
  const HadamardCall<T>& call;
  const Sign* signs;
  int64_t row;
  T* v;
  Split<T> top;
  Places<T> places;

  GENCS_INLINE Row(const HadamardCall<T>& call,
                   const Sign* signs,
                   int64_t row,
                   int64_t size,
                   T* workspace)
      : call(call), signs(signs), row(row), v(workspace), top(size), places(top.size) {}

  void Read(int64_t begin, int64_t end) const {
    T* x = const_cast<T*>(call.x) + row * call.n;
    const Signal<T, Sign> signal{x, signs, call.n};
    for (int64_t b = begin; b < end; ++b) {
      Climb(v + b * places.Pitch(), signal, b * top.size, top.size);
    }
  }
  void Write(int64_t begin, int64_t end) const {
    const Signal<T, Sign> signal{call.back + row * call.n, signs, call.n};
    for (int64_t b = begin; b < end; ++b) {
      Descend(v + b * places.Pitch(), signal, b * top.size, top.size);
    }
  }
  void Mix(int64_t begin, int64_t end) const {
    if (top.blocks > 1) {
      MixBlocks(top.blocks, v, places.Pitch(), begin * kPartColumns<T>,
                AtMost(end * kPartColumns<T>, Columns()));
    }
  }
  void GatherRows(int64_t begin, int64_t end) const {
    const bool subtract = call.task == HadamardTask::kResidual;
    Gather(v, call.rows, begin * kPartRows, AtMost(end * kPartRows, call.m), places,
           Scale(), subtract ? call.y + row * call.m : nullptr,
           call.measured + row * call.m);
  }
  void ScatterRows() const {
    const T* y = call.task == HadamardTask::kResidual ? call.measured : call.y;
    __builtin_memset(v, 0, top.blocks * places.Pitch() * sizeof(T));
    Scatter(y + row * call.m, call.rows, call.m, places, Scale(), v);
  }

  GENCS_INLINE int64_t Columns() const { return Layout<T>::Pitch(top.size); }
  GENCS_INLINE T Scale() const {
    // m = 0 scales nothing.
    const double m = call.m > 0 ? static_cast<double>(call.m) : 1.0;
    return static_cast<T>(1.0 / __builtin_sqrt(m));
  }

  int64_t Parts(HadamardPhase phase) const {
    switch (phase) {
      case HadamardPhase::kMix:
        return (Columns() + kPartColumns<T> - 1) / kPartColumns<T>;
      case HadamardPhase::kGather:
        return (call.m + kPartRows - 1) / kPartRows;
      case HadamardPhase::kScatter:
        return 1;
      default:
        return top.blocks;
    }
  }
  void Run(HadamardPhase phase, int64_t begin, int64_t end) const {
    switch (phase) {
      case HadamardPhase::kRead:
        return Read(begin, end);
      case HadamardPhase::kMix:
        return Mix(begin, end);
      case HadamardPhase::kGather:
        return GatherRows(begin, end);
      case HadamardPhase::kScatter:
        return begin < end ? ScatterRows() : void();
      case HadamardPhase::kWrite:
        return Write(begin, end);
    }
  }
};

template <typename T, typename Sign>
void RunRows(int64_t begin,
             int64_t end,
             const HadamardCall<T>& call,
             const Sign* signs,
             int64_t size,
             T* workspace) {
  const int task = static_cast<int>(call.task);
  for (int64_t b = begin; b < end; ++b) {
    const Row<T, Sign> row(call, signs, b, size, workspace);
    for (int i = kHadamardFirstPhase[task]; i < kHadamardLastPhase[task]; ++i) {
      row.Run(kHadamardPhases[i], 0, row.Parts(kHadamardPhases[i]));
    }
  }
}

template <typename T>
void RowsOf(int64_t begin,
            int64_t end,
            const HadamardCall<T>& call,
            int64_t size,
            T* workspace) {
  // To convert the signs costs as much as two uses of the converted ones save.
  if (end - begin <= 2 || size > kHadamardMaxSharedSigns) {
    return RunRows(begin, end, call, call.signs, size, workspace);
  }
  const Split<T> top(size);
  T* signs = workspace + top.blocks * Places<T>(top.size).Pitch();
  for (int64_t i = 0; i < call.n; ++i) {
    signs[i] = call.signs[i];
  }
  RunRows(begin, end, call, static_cast<const T*>(signs), size, workspace);
}

}  // namespace

#define GENCS_DEFINE(T)                                                               \
  void HadamardRows(int64_t begin, int64_t end, const HadamardCall<T>& call,          \
                    int64_t size, T* workspace) {                                     \
    RowsOf(begin, end, call, size, workspace);                                        \
  }                                                                                   \
  int64_t HadamardParts(HadamardPhase phase, const HadamardCall<T>& call,             \
                        int64_t size) {                                               \
    return Row<T, int8_t>(call, call.signs, 0, size, nullptr).Parts(phase);           \
  }                                                                                   \
  void HadamardRunPhase(HadamardPhase phase, int64_t row, int64_t begin, int64_t end, \
                        const HadamardCall<T>& call, int64_t size, T* workspace) {    \
    Row<T, int8_t>(call, call.signs, row, size, workspace).Run(phase, begin, end);    \
  }
GENCS_DEFINE(float)
GENCS_DEFINE(double)

}  // namespace GENCS_ISA
}  // namespace gencs

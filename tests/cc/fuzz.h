// What the fuzzers of the core share. A new one is a file fuzz_NAME.cc with
//
//   void Round(Random& random) { ... Expect(...) ... }
//   const Fuzzer fuzzer("NAME", &Round);
//
// in an anonymous namespace: CMake finds the file, main() the fuzzer. Each round is
// a small random case that is checked against plain loops.
#ifndef GENCS_TESTS_CC_FUZZ_H_
#define GENCS_TESTS_CC_FUZZ_H_

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size)
#define ASAN_UNPOISON_MEMORY_REGION(address, size)
#endif

namespace gencs_fuzz {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  // From 0 to limit - 1.
  int64_t Below(int64_t limit) {
    return static_cast<int64_t>(engine_() % static_cast<uint64_t>(limit));
  }
  bool OneIn(int64_t n) { return Below(n) == 0; }

  // From least to most, mostly small or beside a power of two or 12 times one:
  // where vectors end.
  int64_t Size(int64_t least, int64_t most) {
    int64_t size = Below(20);
    if (!OneIn(3)) {
      size = int64_t{1} << Below(1 + static_cast<int64_t>(std::log2(most)));
      size = (OneIn(2) ? size : size / 16 * 12) + Below(5) - 2;
    }
    return size < least ? least : (size > most ? most : size);
  }

  // From -1 to 1.
  template <typename T>
  T Real() {
    return static_cast<T>(static_cast<double>(Below(2000001) - 1000000) * 1e-6);
  }

 private:
  std::mt19937_64 engine_;
};

// `size` entries that end where their memory ends and start where no vector is
// aligned, so that AddressSanitizer sees every entry too far on either side.
template <typename T>
class Tight {
 public:
  Tight(Random& random, int64_t size) : front_(1 + random.Below(7)), size_(size) {
    memory_ = static_cast<T*>(std::malloc((front_ + size_) * sizeof(T)));
    ASAN_POISON_MEMORY_REGION(memory_, front_ * sizeof(T));
    for (int64_t i = 0; i < size_; ++i) {
      data()[i] = T(-77);  // what no result may be
    }
  }
  Tight(Tight&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)),
        front_(other.front_),
        size_(other.size_) {}
  Tight& operator=(Tight&&) = delete;
  ~Tight() {
    if (memory_ == nullptr) {
      return;
    }
    ASAN_UNPOISON_MEMORY_REGION(memory_, front_ * sizeof(T));
    std::free(memory_);
  }

  T* data() { return memory_ + front_; }
  int64_t size() const { return size_; }
  T& operator[](int64_t i) { return data()[i]; }
  std::vector<T> Copy() { return std::vector<T>(data(), data() + size_); }

 private:
  T* memory_;
  int64_t front_, size_;
};

// Numbers from -1 to 1.
template <typename T>
Tight<T> RandomReals(Random& random, int64_t size) {
  Tight<T> reals(random, size);
  for (int64_t i = 0; i < size; ++i) {
    reals[i] = random.Real<T>();
  }
  return reals;
}

// Prints what is wrong with which case, and ends the program, unless `fine`.
void Expect(bool fine, const std::string& what);

// Expects |result - exact| <= allowed; NaN never is.
inline void ExpectClose(double result,
                        double exact,
                        double allowed,
                        const std::string& what) {
  if (std::abs(result - exact) <= allowed) {
    return;
  }
  char numbers[120];
  std::snprintf(numbers, sizeof(numbers), ": %.17g instead of %.17g, may differ by %g",
                result, exact, allowed);
  Expect(false, what + numbers);
}

template <typename T>
double Epsilon() {
  return std::numeric_limits<T>::epsilon();
}

// Calls work(begin, end) for parts of [0, total): in one thread, or in several at
// once, for ThreadSanitizer.
template <typename Work>
void InThreads(Random& random, int64_t total, const Work& work) {
  if (random.OneIn(2)) {
    work(int64_t{0}, total);
    return;
  }
  const int64_t cut = random.Below(total + 1);
  std::thread other([&] { work(int64_t{0}, cut); });
  const int64_t second = cut + random.Below(total - cut + 1);
  std::thread third([&] { work(cut, second); });
  work(second, total);
  other.join();
  third.join();
}

// Registers a fuzzer with main().
struct Fuzzer {
  Fuzzer(const char* name, void (*round)(Random&));
};

}  // namespace gencs_fuzz

#endif  // GENCS_TESTS_CC_FUZZ_H_

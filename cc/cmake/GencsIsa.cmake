# gencs_add_isa(<name> <flags>...): compiles every *_simd.cc of the core once more,
# into the namespace <name> with these flags (see cc/core/isa.h).
function(gencs_add_isa name)
  add_library(gencs_core_${name} OBJECT
    cc/core/blur_downsample_simd.cc
    cc/core/dense_simd.cc
    cc/core/first_order_simd.cc
    cc/core/hadamard_simd.cc
    cc/core/lbfgs_simd.cc
    cc/core/random_matrix_simd.cc)
  target_include_directories(gencs_core_${name} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
  target_compile_definitions(gencs_core_${name} PRIVATE GENCS_ISA=${name})
  target_compile_options(gencs_core_${name} PRIVATE
    -Wall -Wextra -Werror -fopenmp-simd -fno-math-errno ${ARGN})
  target_sources(gencs_core PRIVATE $<TARGET_OBJECTS:gencs_core_${name}>)
endfunction()

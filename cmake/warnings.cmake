# How all of our C is compiled: dialect, floating-point semantics (arithmetic.cmake), warnings. Kernels are known by the target
# property MYGRAD_KERNELS (isa.cmake).

include(${CMAKE_CURRENT_LIST_DIR}/arithmetic.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/protection.cmake)
add_library(mygrad_build INTERFACE)
target_include_directories(mygrad_build INTERFACE
  ${MYGRAD_SOURCE_ROOT} ${MYGRAD_SOURCE_ROOT}/include ${MYGRAD_GEN_ROOT} ${MYGRAD_GEN_ROOT}/include)
target_compile_definitions(mygrad_build INTERFACE _GNU_SOURCE MG_BUILDING)
target_compile_options(mygrad_build INTERFACE
  -fvisibility=hidden -fno-strict-aliasing
  -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wundef)
# gcc 12 leaves out the rounding in (double)(float)x when it vectorises a pair of such statements (loops are right).
target_compile_options(mygrad_build INTERFACE $<$<C_COMPILER_ID:GNU>:-fno-tree-slp-vectorize>)
set(in_kernels $<BOOL:$<TARGET_PROPERTY:MYGRAD_KERNELS>>)
# Arrays have no alignment by their type in kernels; those that stream past the caches have looked at the address first.
target_compile_options(mygrad_build INTERFACE $<$<AND:${in_kernels},$<C_COMPILER_ID:Clang>>:-Wno-align-mismatch>)
if(MYGRAD_HARDENED) # runtime/sizes.h, runtime/check.h: nothing that kernels see
  target_compile_definitions(mygrad_build INTERFACE $<$<NOT:${in_kernels}>:MYGRAD_HARDENED>)
endif()
if(MYGRAD_WERROR)
  target_compile_options(mygrad_build INTERFACE -Werror)
endif()
if(MYGRAD_SANITIZE)
  target_compile_options(mygrad_build INTERFACE -fsanitize=${MYGRAD_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(mygrad_build INTERFACE -fsanitize=${MYGRAD_SANITIZE})
  # Kernels are long functions over arrays: gcc takes minutes for every check in line, 40 s for the trigonometric ones.
  # Bounds, alignment, shifts and overflows are checked, by calls; those of pointers themselves say nothing more here.
  set(checks -g0 -fno-sanitize=null,object-size,pointer-overflow --param=asan-instrumentation-with-call-threshold=0)
  if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND MYGRAD_SANITIZE MATCHES "address")
    target_compile_options(mygrad_build INTERFACE "$<${in_kernels}:${checks}>")
  endif()
endif()
target_compile_options(mygrad_build INTERFACE ${MYGRAD_PROTECTION_COMPILE} "${MYGRAD_ARITHMETIC}")
target_link_options(mygrad_build INTERFACE ${MYGRAD_ARITHMETIC_LINK})

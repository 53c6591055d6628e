# How all of our C is compiled: dialect, floating-point semantics (law 2), warnings.

add_library(mygrad_build INTERFACE)
target_include_directories(mygrad_build INTERFACE
  ${MYGRAD_SOURCE_ROOT} ${MYGRAD_SOURCE_ROOT}/include ${MYGRAD_GEN_ROOT} ${MYGRAD_GEN_ROOT}/include)
target_compile_definitions(mygrad_build INTERFACE _GNU_SOURCE MG_BUILDING)
target_compile_options(mygrad_build INTERFACE
  -ffp-contract=off -fno-math-errno -fno-trapping-math -fvisibility=hidden -fno-strict-aliasing
  -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wundef)
# gcc 12 leaves out the rounding in (double)(float)x when it vectorises a pair of such statements (loops are right).
target_compile_options(mygrad_build INTERFACE $<$<C_COMPILER_ID:GNU>:-fno-tree-slp-vectorize>)
if(MYGRAD_HARDENED)
  target_compile_definitions(mygrad_build INTERFACE MYGRAD_HARDENED) # runtime/sizes.h, runtime/check.h
endif()
if(MYGRAD_WERROR)
  target_compile_options(mygrad_build INTERFACE -Werror)
endif()
if(MYGRAD_SANITIZE)
  target_compile_options(mygrad_build INTERFACE -fsanitize=${MYGRAD_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(mygrad_build INTERFACE -fsanitize=${MYGRAD_SANITIZE})
endif()

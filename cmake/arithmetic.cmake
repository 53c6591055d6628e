# What arithmetic our C means (law 2), whatever the flags of the project around us say: a host's -ffast-math, one of its
# parts or -Ofast is switched off for our own targets, and for linking them (where it brings code that flushes denormals in
# the whole program). The last word counts, so this comes after everything else: mygrad_build carries it (warnings.cmake).

set(words -fno-fast-math)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  string(APPEND words " -fno-unsafe-math-optimizations")
endif()
string(APPEND words " -fno-associative-math -fno-reciprocal-math -fno-finite-math-only -fsigned-zeros -fno-rounding-math"
  " -ffp-contract=off -fno-math-errno -fno-trapping-math")
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  string(APPEND words " -fno-single-precision-constant -fno-cx-limited-range -fno-signaling-nans")
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
    string(APPEND words " -mfpmath=sse -mno-recip")
  endif()
elseif(CMAKE_C_COMPILER_ID MATCHES "Clang")
  # That one flag overrides another is what is meant; the warning has had two names.
  string(APPEND words " -fno-approx-func -fhonor-nans -fhonor-infinities -fdenormal-fp-math=ieee"
    " -Wno-unknown-warning-option -Wno-overriding-t-option -Wno-overriding-option")
endif()
set(MYGRAD_ARITHMETIC "SHELL:${words}") # one word to CMake, which would drop a flag that the host has given, too

# gcc links code that flushes denormals for -Ofast and -ffast-math, as the last such flags say.
set(MYGRAD_ARITHMETIC_LINK -fno-fast-math)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  list(APPEND MYGRAD_ARITHMETIC_LINK -fno-unsafe-math-optimizations)
  if(CMAKE_C_FLAGS MATCHES "-Ofast")
    list(APPEND MYGRAD_ARITHMETIC_LINK -O3)
  endif()
endif()

# The one table of ISA flags: what each instruction-set level may use, and where it exists.
# Negative flags keep a lower level free of higher instructions whatever the user's CFLAGS say.

set(MYGRAD_ISA_FLAGS_scalar "")
set(MYGRAD_ISA_FLAGS_avx2 -march=x86-64-v3 -mno-avx512f)
set(MYGRAD_ISA_FLAGS_avx512 -march=x86-64-v4 -mprefer-vector-width=512)
set(MYGRAD_ISA_FLAGS_neon -march=armv8-a)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
  set(MYGRAD_ISAS_HERE scalar avx2 avx512)
  set(MYGRAD_ISA_FLAGS_scalar -march=x86-64 -mno-avx -mno-fma)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
  set(MYGRAD_ISAS_HERE scalar neon)
  set(MYGRAD_ISA_FLAGS_scalar -march=armv8-a)
else()
  set(MYGRAD_ISAS_HERE scalar)
endif()

set(MYGRAD_ISAS "${MYGRAD_ISAS_HERE}" CACHE STRING "Instruction sets to build kernels for: a list out of scalar;avx2;avx512;neon")
foreach(isa IN LISTS MYGRAD_ISAS)
  if(NOT isa IN_LIST MYGRAD_ISAS_HERE)
    message(FATAL_ERROR "MYGRAD_ISAS names '${isa}', but ${CMAKE_SYSTEM_PROCESSOR} has: ${MYGRAD_ISAS_HERE}")
  endif()
endforeach()
list(REMOVE_DUPLICATES MYGRAD_ISAS)
if(NOT "scalar" IN_LIST MYGRAD_ISAS)
  list(PREPEND MYGRAD_ISAS scalar) # the level that every CPU can run is always there
endif()

separate_arguments(MYGRAD_KERNEL_FLAGS UNIX_COMMAND "${MYGRAD_KERNEL_OPTIMISE}") # the option is one string of flags

# mygrad_add_kernels(<isa> <sources...>): one object library of kernels for one instruction set.
function(mygrad_add_kernels isa)
  string(TOUPPER ${isa} upper)
  add_library(mygrad_kernels_${isa} OBJECT ${ARGN})
  target_compile_definitions(mygrad_kernels_${isa} PRIVATE MGK_ISA_${upper})
  target_compile_options(mygrad_kernels_${isa} PRIVATE ${MYGRAD_ISA_FLAGS_${isa}} ${MYGRAD_KERNEL_FLAGS})
  target_link_libraries(mygrad_kernels_${isa} PRIVATE mygrad_build)
  set_target_properties(mygrad_kernels_${isa} PROPERTIES POSITION_INDEPENDENT_CODE ON MYGRAD_KERNELS ON)
endfunction()

# mygrad_kernels_alone(): in the calling directory, what is compiled once per instruction set takes its level from the
# table above and its optimisation from MYGRAD_KERNEL_OPTIMISE alone. So kernels are the same objects whatever -march the
# rest is built with, and in a Debug build as well (whoever wants to step through one: MYGRAD_KERNEL_OPTIMISE="-O0 -g"),
# and a compiler cache compiles them once for all presets of a compiler but the sanitizers' ones.
macro(mygrad_kernels_alone)
  string(REGEX REPLACE "-march=[^ ]*" "" CMAKE_C_FLAGS "${CMAKE_C_FLAGS}")
  set(CMAKE_C_FLAGS_DEBUG "${CMAKE_C_FLAGS_RELEASE}")
endmacro()

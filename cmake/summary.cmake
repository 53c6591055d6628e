# The configure summary: what will be built, in one glance.

message(STATUS "mygrad ${PROJECT_VERSION}")
message(STATUS "  build type      ${CMAKE_BUILD_TYPE}, ${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION}, ${CMAKE_SYSTEM_PROCESSOR}")
message(STATUS "  kernels for     ${MYGRAD_ISAS}")
message(STATUS "  oneDNN          ${MYGRAD_HAVE_ONEDNN} ${MYGRAD_DNNL_VERSION}")
message(STATUS "  BLAS            ${MYGRAD_HAVE_BLAS} ${MYGRAD_BLAS_LIBRARY}")
message(STATUS "  OpenMP          ${MYGRAD_HAVE_OPENMP} ${OpenMP_C_VERSION}")
message(STATUS "  zlib            ${MYGRAD_HAVE_ZLIB} ${ZLIB_VERSION_STRING}")
message(STATUS "  tests, examples ${MYGRAD_BUILD_TESTS}, ${MYGRAD_BUILD_EXAMPLES}")
if(MYGRAD_SANITIZE)
  message(STATUS "  sanitizers      ${MYGRAD_SANITIZE}")
endif()

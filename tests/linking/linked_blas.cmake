# OpenBLAS linked instead of loaded: the library is built, says that it needs it or holds it, computes products with it on
# small stacks too, and a project that finds the installed package links the static one. HOW is shared or static; LIBRARY is
# the BLAS that was found, beside which an archive is looked for. SOURCE, GENERATOR, OUT, CC, READELF.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "${command}\nended with ${result}:\n${output}")
  endif()
  set(printed "${output}" PARENT_SCOPE)
endfunction()

set(which -DMYGRAD_LINK_BLAS=ON)
if(HOW STREQUAL "static")
  string(REGEX REPLACE "\\.(so[.0-9]*|a)$" ".a" archive ${LIBRARY})
  if(NOT EXISTS ${archive})
    message("there is no ${archive}: left out")
    return()
  endif()
  set(which -DMYGRAD_BLAS_LIBRARY=${archive})
endif()
file(REMOVE_RECURSE ${OUT})
run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${SOURCE} -B ${OUT}/build -DCMAKE_C_COMPILER=${CC} -DCMAKE_BUILD_TYPE=Release
  -DMYGRAD_ISAS=scalar -DMYGRAD_KERNEL_OPTIMISE=-O1 -DMYGRAD_TEST_RUNNER=plain -DMYGRAD_BUILD_EXAMPLES=OFF -DMYGRAD_WERROR=ON
  -DCMAKE_INSTALL_LIBDIR=lib ${which})
run(${CMAKE_COMMAND} --build ${OUT}/build --target mygrad_shared mygrad_static back_end_teams small_stacks)
run(${READELF} -d ${OUT}/build/libmygrad.so)
string(FIND "${printed}" "[libopenblas.so" at)
if((at EQUAL -1) EQUAL (HOW STREQUAL "shared"))
  message(FATAL_ERROR "libmygrad.so should need OpenBLAS if that is shared, and only then:\n${printed}")
endif()
run(${OUT}/build/tests/linking/back_end_teams)
run(${OUT}/build/tests/linking/small_stacks)
message("${printed}")

file(WRITE ${OUT}/project/CMakeLists.txt "cmake_minimum_required(VERSION 3.25)
project(uses_static LANGUAGES C)
find_package(mygrad 0.1 REQUIRED COMPONENTS static)
add_executable(program ${SOURCE}/tests/consumer/consumer.c)
target_link_libraries(program PRIVATE mygrad::mygrad_static)
")
run(${CMAKE_COMMAND} --install ${OUT}/build --prefix ${OUT}/installed)
run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${OUT}/project -B ${OUT}/project_build -DCMAKE_C_COMPILER=${CC}
  -DCMAKE_PREFIX_PATH=${OUT}/installed)
run(${CMAKE_COMMAND} --build ${OUT}/project_build)
run(${OUT}/project_build/program)
message("a project linked the static library with OpenBLAS: ${HOW}")

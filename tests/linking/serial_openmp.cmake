# An OpenMP that is silently serial is refused when configuring, and named. Our compiler is told that it has OpenMP without
# being told to obey the pragmas; that is what clang does by itself with -fopenmp=libgomp. SOURCE, GENERATOR, OUT, CC.
cmake_minimum_required(VERSION 3.25)

# configure(<compiler> <flags> <library> <AUTO or ON>): `result` and `printed`.
function(configure compiler flags library with)
  file(REMOVE_RECURSE ${OUT})
  execute_process(COMMAND ${CMAKE_COMMAND} -G ${GENERATOR} -S ${SOURCE} -B ${OUT} -DCMAKE_C_COMPILER=${compiler}
    -DOpenMP_C_FLAGS=${flags} -DOpenMP_C_LIB_NAMES=omp_here -DOpenMP_omp_here_LIBRARY=${library}
    -DMYGRAD_WITH_OPENMP=${with} -DMYGRAD_BUILD_TESTS=OFF -DMYGRAD_BUILD_EXAMPLES=OFF
    RESULT_VARIABLE result OUTPUT_VARIABLE printed ERROR_VARIABLE printed)
  set(result ${result} PARENT_SCOPE)
  set(printed "${printed}" PARENT_SCOPE)
endfunction()

function(must_be_refused compiler flags library)
  configure(${compiler} ${flags} ${library} AUTO)
  if(NOT result EQUAL 0 OR NOT printed MATCHES "OpenMP is refused: with [^\n]* starts no second thread"
      OR NOT printed MATCHES "OpenMP +OFF")
    message(FATAL_ERROR "${compiler} ${flags}: should do without OpenMP and say why\n${printed}")
  endif()
  configure(${compiler} ${flags} ${library} ON)
  if(result EQUAL 0 OR NOT printed MATCHES "MYGRAD_WITH_OPENMP=ON")
    message(FATAL_ERROR "${compiler} ${flags}: MYGRAD_WITH_OPENMP=ON should stop\n${printed}")
  endif()
  message("refused: ${compiler} ${flags}")
endfunction()

find_program(gcc NAMES gcc)
execute_process(COMMAND ${gcc} -print-file-name=libgomp.so OUTPUT_VARIABLE gomp OUTPUT_STRIP_TRAILING_WHITESPACE)
if(NOT EXISTS "${gomp}")
  message("gcc's libgomp is not here: left out")
  return()
endif()
must_be_refused(${gcc} -D_OPENMP=201511 ${gomp})
find_program(clang NAMES clang)
if(clang)
  must_be_refused(${clang} -fopenmp=libgomp ${gomp})
endif()
configure(${gcc} -fopenmp ${gomp} ON)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "a real OpenMP should be taken\n${printed}")
endif()

# Settings that make no sense stop the configuration and say what was expected; those that can be read several ways mean
# what they say. SOURCE, GENERATOR, OUT, CC.
cmake_minimum_required(VERSION 3.25)

# configure(<settings...>): `result` and `printed`.
function(configure)
  file(REMOVE_RECURSE ${OUT})
  execute_process(COMMAND ${CMAKE_COMMAND} -G ${GENERATOR} -S ${SOURCE} -B ${OUT} -DCMAKE_C_COMPILER=${CC}
    -DMYGRAD_BUILD_EXAMPLES=OFF ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE printed ERROR_VARIABLE printed)
  string(REGEX REPLACE "[ \n]+" " " printed "${printed}") # CMake folds long lines
  set(result ${result} PARENT_SCOPE)
  set(printed "${printed}" PARENT_SCOPE)
endfunction()

function(must_stop setting expected)
  configure(${setting})
  if(result EQUAL 0 OR NOT printed MATCHES "${expected}")
    message(FATAL_ERROR "${setting}: should stop with \"${expected}\"\n${printed}")
  endif()
  message("refused: ${setting}")
endfunction()

must_stop(-DMYGRAD_WITH_ONEDNN=of "MYGRAD_WITH_ONEDNN=of: one of these was expected: AUTO, ON, OFF")
must_stop(-DMYGRAD_TEST_RUNNER=criteron "MYGRAD_TEST_RUNNER=criteron: one of these was expected: criterion, plain")
must_stop(-DCMAKE_BUILD_TYPE=Relase "CMAKE_BUILD_TYPE=Relase: one of these was expected: Release")
must_stop(-DMYGRAD_PROTECTION=MOST "MYGRAD_PROTECTION=MOST: one of these was expected: NONE, SOME, ALL")
must_stop(-DMYGRAD_ISAS=avx3 "MYGRAD_ISAS names 'avx3'")

configure(-DMYGRAD_WITH_ONEDNN=no -DMYGRAD_WITH_BLAS=0 -DMYGRAD_WITH_OPENMP=false "-DMYGRAD_ISAS=scalar\\;scalar"
  "-DMYGRAD_KERNEL_OPTIMISE=-O1 -fno-math-errno" -DMYGRAD_TEST_RUNNER=plain)
if(NOT result EQUAL 0 OR NOT printed MATCHES "oneDNN OFF .*BLAS OFF .*OpenMP OFF")
  message(FATAL_ERROR "no, 0 and false should be OFF\n${printed}")
endif()
file(READ ${OUT}/compile_commands.json commands)
if(NOT commands MATCHES " -O1 -fno-math-errno " OR commands MATCHES "\"-O1 -fno-math-errno")
  message(FATAL_ERROR "two flags in MYGRAD_KERNEL_OPTIMISE should be two arguments")
endif()

# What is left out because it was not found is said aloud, unlike what is left out on purpose.
configure(-DCMAKE_DISABLE_FIND_PACKAGE_ZLIB=ON -DMYGRAD_PROTECTION=ALL -DMYGRAD_TEST_RUNNER=plain)
if(NOT result EQUAL 0 OR NOT printed MATCHES "!! mygrad is built WITHOUT ZLIB, which was not found: deflated members")
  message(FATAL_ERROR "a build that lost zlib should say so\n${printed}")
endif()
file(READ ${OUT}/compile_commands.json commands)
if(NOT commands MATCHES " -fstack-protector-strong [^\n]*runtime/scan\\.c\"")
  message(FATAL_ERROR "MYGRAD_PROTECTION=ALL should have canaries")
endif()
configure(-DMYGRAD_WITH_ZLIB=OFF -DMYGRAD_TEST_RUNNER=plain)
if(NOT result EQUAL 0 OR printed MATCHES "WITHOUT ZLIB")
  message(FATAL_ERROR "a build that is to have no zlib should not complain\n${printed}")
endif()
message("taken: several words for OFF, an instruction set twice, two flags")

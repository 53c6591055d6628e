# Each public header compiles alone, as strict C11 and C23, C++17 to C++23, with every compiler that is installed. INCLUDE is
# a list of directories, separated by |.
cmake_minimum_required(VERSION 3.25)
include(${CMAKE_CURRENT_LIST_DIR}/public_face.cmake)

set(flags -fsyntax-only -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Werror)
list(TRANSFORM directories PREPEND -I OUTPUT_VARIABLE include_flags)
public_headers(headers)

function(compile_alone compiler language standard)
  foreach(header IN LISTS headers)
    execute_process(COMMAND ${compiler} -x ${language} -std=${standard} ${flags} ${include_flags} -include ${header} /dev/null
      RESULT_VARIABLE result ERROR_VARIABLE errors)
    if(NOT result EQUAL 0)
      message(FATAL_ERROR "${header} alone, by ${compiler} -std=${standard}:\n${errors}")
    endif()
  endforeach()
endfunction()

each_compiler(compile_alone)

# Users' spellings, forms.c and forms.cpp, by every compiler that is installed and in every standard: no warning, the
# promised values, and nothing read that is gone. SOURCE is this directory, OUT one to work in, INCLUDE a list of
# directories, separated by |, LIBRARY the shared library.
cmake_minimum_required(VERSION 3.25)
include(${CMAKE_CURRENT_LIST_DIR}/public_face.cmake)

list(TRANSFORM directories PREPEND -I OUTPUT_VARIABLE include_flags)
get_filename_component(here ${LIBRARY} DIRECTORY)
file(MAKE_DIRECTORY ${OUT})
file(WRITE ${OUT}/empty.c "int main(void) { return 0; }\n")
set(flags -O2 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef -Werror -fno-omit-frame-pointer ${include_flags})
set(sanitizer -fsanitize=address -fsanitize-address-use-after-scope)
set(ENV{ASAN_OPTIONS} detect_stack_use_after_return=1:detect_leaks=0)
set(source_c forms.c)
set(source_c++ forms.cpp)

function(try_forms compiler language standard)
  get_filename_component(name ${compiler} NAME)
  set(program ${OUT}/forms_${name}_${standard})
  set(with ${sanitizer})
  execute_process(COMMAND ${compiler} ${sanitizer} -x ${language} ${OUT}/empty.c -o ${OUT}/empty
    RESULT_VARIABLE result OUTPUT_QUIET ERROR_QUIET)
  if(NOT result EQUAL 0)
    set(with "")
    message("${name} has no address sanitizer: without")
  endif()
  set(source ${source_${language}})
  execute_process(COMMAND ${compiler} -std=${standard} ${flags} ${with} ${SOURCE}/${source} -o ${program}
    ${LIBRARY} -Wl,-rpath,${here} RESULT_VARIABLE result ERROR_VARIABLE errors)
  if(NOT result EQUAL 0 OR errors)
    message(FATAL_ERROR "${source} by ${name} -std=${standard}:\n${errors}")
  endif()
  execute_process(COMMAND ${program} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${program} ended with ${result}:\n${output}")
  endif()
endfunction()

each_compiler(try_forms)

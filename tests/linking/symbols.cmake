# Exported is exactly what the public headers declare with MG_API; and every global name of the static library begins with
# one of our prefixes. NM, INCLUDE (directories, separated by |), SHARED, STATIC are given.
cmake_minimum_required(VERSION 3.25)

include(${CMAKE_CURRENT_LIST_DIR}/public_face.cmake)

public_functions(declared)
list(LENGTH declared count)
list(TRANSFORM declared REPLACE "\\(.*" "")

# names_of(<variable> <options and file for nm...>)
function(names_of variable)
  execute_process(COMMAND ${NM} ${ARGN} OUTPUT_VARIABLE output RESULT_VARIABLE result)
  string(REGEX MATCHALL " [A-Za-z] [^\n]+" lines "${output}")
  list(TRANSFORM lines REPLACE "^ [A-Za-z] " "")
  if(NOT result EQUAL 0 OR NOT lines)
    message(FATAL_ERROR "${NM} ${ARGN} ended with ${result} and names no symbol")
  endif()
  set(${variable} ${lines} PARENT_SCOPE)
endfunction()

names_of(exported -D --defined-only ${SHARED})
list(FILTER exported EXCLUDE REGEX "^MYGRAD_[0-9.]+(@.*)?$") # the version itself
set(unversioned ${exported})
list(FILTER unversioned EXCLUDE REGEX "@@MYGRAD_[0-9]+\\.[0-9]+$")
list(TRANSFORM exported REPLACE "@.*" "")
set(undeclared ${exported})
list(REMOVE_ITEM undeclared ${declared})
set(hidden ${declared})
list(REMOVE_ITEM hidden ${exported})
names_of(global -g --defined-only ${STATIC})
list(FILTER global EXCLUDE REGEX "^mg[rak]?_") # mg_ public; mgr_, mga_, mgk_ the rooms
foreach(problem IN ITEMS undeclared hidden unversioned global)
  if(${problem})
    message("${problem}: ${${problem}}")
    set(failed TRUE)
  endif()
endforeach()
if(failed)
  message(FATAL_ERROR "symbols are not what the headers say")
endif()
message("${count} functions, all exported and nothing else")

# What users set, checked before anything is built on it: a typo stops the configuration with what was expected.

# mygrad_choice(<variable> <choices...>): it must be one of these.
function(mygrad_choice variable)
  if(NOT "${${variable}}" IN_LIST ARGN)
    list(JOIN ARGN ", " choices)
    message(FATAL_ERROR "${variable}=${${variable}}: one of these was expected: ${choices}")
  endif()
endfunction()

# mygrad_tristate(<variable>): CMake's many words for yes and no become ON and OFF, and there is AUTO.
function(mygrad_tristate variable)
  string(TOUPPER "${${variable}}" word)
  if(word MATCHES "^(ON|YES|Y|TRUE|1)$")
    set(word ON)
  elseif(word MATCHES "^(OFF|NO|N|FALSE|0)$")
    set(word OFF)
  elseif(NOT word STREQUAL "AUTO")
    set(word "${${variable}}")
  endif()
  set(${variable} "${word}")
  mygrad_choice(${variable} AUTO ON OFF)
  set(${variable} ${word} PARENT_SCOPE)
endfunction()

# A build type without flags is most often a misspelt one, and would be built unoptimised. None is what packagers say.
string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
if(PROJECT_IS_TOP_LEVEL AND type AND NOT "${CMAKE_C_FLAGS_${type}}")
  mygrad_choice(CMAKE_BUILD_TYPE Release Debug RelWithDebInfo MinSizeRel None)
endif()

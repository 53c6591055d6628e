# MYGRAD_PREFIX: the same library under another name, so that two of them, or a library that exports mg_log as well, live
# in one process. With MYGRAD_PREFIX=foo_ our sources and headers are compiled from copies in the build tree in which
#   mg_add, MG_SHAPE, mg::opts   are   foo_add, FOO_SHAPE, foo::opts          what users name
#   mgr_x, mga_x, mgk_x          are   mgr_foo_x, mga_foo_x, mgk_foo_x        internals
#   <mygrad/mygrad.h>, MYGRAD_VERSION_*   are   <foo_mygrad/mygrad.h>, FOO_MYGRAD_VERSION_*
# and whatever is installed under the name mygrad is called foo_mygrad. Environment variables keep their names.
# Sets MYGRAD_NAME, MYGRAD_UPPER_NAME, MYGRAD_SOURCE_ROOT, MYGRAD_GEN_ROOT: where the rooms take their sources from.

set(MYGRAD_PREFIX mg_ CACHE STRING "What public names begin with")
if(NOT MYGRAD_PREFIX)
  set(MYGRAD_PREFIX mg_)
endif()
if(NOT MYGRAD_PREFIX MATCHES "^[a-z][a-z0-9_]*_$" OR MYGRAD_PREFIX MATCHES "^(mgr|mga|mgk|mgc|mygrad)_$")
  message(FATAL_ERROR "MYGRAD_PREFIX=${MYGRAD_PREFIX}: a lower-case identifier that ends in _ and is not ours was expected")
endif()
if(MYGRAD_PREFIX STREQUAL "mg_")
  set(MYGRAD_NAME mygrad)
  set(MYGRAD_SOURCE_ROOT ${PROJECT_SOURCE_DIR})
  set(MYGRAD_GEN_ROOT ${MYGRAD_GEN_DIR})
  set(MYGRAD_SOURCES_READY mygrad_generated)
else()
  set(MYGRAD_NAME ${MYGRAD_PREFIX}mygrad)
  set(MYGRAD_SOURCE_ROOT ${PROJECT_BINARY_DIR}/prefixed)
  set(MYGRAD_GEN_ROOT ${MYGRAD_SOURCE_ROOT}/gen)
  set(MYGRAD_SOURCES_READY mygrad_renamed)
endif()
string(TOUPPER ${MYGRAD_NAME} MYGRAD_UPPER_NAME)

# mygrad_renamed_paths(<list variable>): where these sources are compiled from.
function(mygrad_renamed_paths variable)
  set(paths ${${variable}})
  list(TRANSFORM paths REPLACE "^${MYGRAD_GEN_DIR}/" "${MYGRAD_GEN_ROOT}/")
  list(TRANSFORM paths REPLACE "^${PROJECT_SOURCE_DIR}/(include|kernels|runtime|autodiff)/" "${MYGRAD_SOURCE_ROOT}/\\1/")
  list(TRANSFORM paths REPLACE "include/mygrad/" "include/${MYGRAD_NAME}/")
  set(${variable} ${paths} PARENT_SCOPE)
endfunction()

# mygrad_rename_tree(<generated files...>): make the copies, when there is something to rename. After codegen/.
function(mygrad_rename_tree)
  if(MYGRAD_NAME STREQUAL "mygrad")
    return()
  endif()
  set(from ${ARGN})
  foreach(room IN ITEMS include kernels runtime autodiff)
    file(GLOB_RECURSE written CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${room}/*.[ch])
    list(APPEND from ${written})
  endforeach()
  set(to ${from})
  mygrad_renamed_paths(to)
  set(pairs "")
  foreach(a b IN ZIP_LISTS from to)
    string(APPEND pairs "${a}\n${b}\n")
  endforeach()
  file(CONFIGURE OUTPUT ${MYGRAD_SOURCE_ROOT}/files.txt CONTENT "${pairs}" @ONLY)
  set(script ${PROJECT_SOURCE_DIR}/cmake/rename.cmake)
  add_custom_command(OUTPUT ${MYGRAD_SOURCE_ROOT}/rename.stamp BYPRODUCTS ${to}
    COMMAND ${CMAKE_COMMAND} -DPREFIX=${MYGRAD_PREFIX} -DFILES=${MYGRAD_SOURCE_ROOT}/files.txt -P ${script}
    COMMAND ${CMAKE_COMMAND} -E touch ${MYGRAD_SOURCE_ROOT}/rename.stamp
    DEPENDS ${from} mygrad_generated ${script} ${MYGRAD_SOURCE_ROOT}/files.txt
    COMMENT "Renaming mg_ to ${MYGRAD_PREFIX}" VERBATIM)
  add_custom_target(mygrad_renamed DEPENDS ${MYGRAD_SOURCE_ROOT}/rename.stamp)
endfunction()

# libmygrad, shared and static, from the object libraries of the rooms. mygrad::mygrad is one of them.

set(objects mygrad_runtime mygrad_autodiff)
foreach(isa IN LISTS MYGRAD_ISAS)
  list(APPEND objects mygrad_kernels_${isa})
endforeach()
set(version ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
foreach(kind shared static)
  string(TOUPPER ${kind} upper)
  add_library(mygrad_${kind} ${upper})
  foreach(object IN LISTS objects)
    target_sources(mygrad_${kind} PRIVATE $<TARGET_OBJECTS:${object}>)
  endforeach()
  # While the version is 0.x, every minor version may break programs, so it is part of the SONAME.
  set_target_properties(mygrad_${kind} PROPERTIES OUTPUT_NAME ${MYGRAD_NAME} EXPORT_NAME ${MYGRAD_NAME}_${kind}
    VERSION ${PROJECT_VERSION} SOVERSION ${version} LINKER_LANGUAGE C)
  target_include_directories(mygrad_${kind} PUBLIC $<BUILD_INTERFACE:${MYGRAD_SOURCE_ROOT}/include>
    $<BUILD_INTERFACE:${MYGRAD_GEN_ROOT}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(mygrad_${kind} PRIVATE $<BUILD_INTERFACE:mygrad_backends>)
  if(MYGRAD_SANITIZE)
    target_link_options(mygrad_${kind} PUBLIC -fsanitize=${MYGRAD_SANITIZE})
  endif()
  add_library(${MYGRAD_NAME}::${MYGRAD_NAME}_${kind} ALIAS mygrad_${kind})
endforeach()
target_compile_definitions(mygrad_static INTERFACE ${MYGRAD_UPPER_NAME}_STATIC)
target_link_libraries(mygrad_static INTERFACE $<INSTALL_INTERFACE:${MYGRAD_NAME}::backends>) # mygrad-config.cmake.in

# Exported is what a public header declares, under a version of its own; everything else is hidden (-fvisibility) already.
set(MYGRAD_EXPORTS ${PROJECT_BINARY_DIR}/exports.map)
configure_file(${CMAKE_CURRENT_LIST_DIR}/exports.map.in ${MYGRAD_EXPORTS} @ONLY)
target_link_options(mygrad_shared PRIVATE LINKER:--version-script=${MYGRAD_EXPORTS})
set_target_properties(mygrad_shared PROPERTIES LINK_DEPENDS ${MYGRAD_EXPORTS})

if(BUILD_SHARED_LIBS)
  add_library(${MYGRAD_NAME}::${MYGRAD_NAME} ALIAS mygrad_shared)
else()
  add_library(${MYGRAD_NAME}::${MYGRAD_NAME} ALIAS mygrad_static)
endif()

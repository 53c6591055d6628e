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
  target_link_options(mygrad_${kind} PRIVATE ${MYGRAD_ARITHMETIC_LINK} ${MYGRAD_PROTECTION_LINK})
  if(MYGRAD_SANITIZE)
    target_link_options(mygrad_${kind} PUBLIC -fsanitize=${MYGRAD_SANITIZE})
  endif()
  add_library(${MYGRAD_NAME}::${MYGRAD_NAME}_${kind} ALIAS mygrad_${kind})
endforeach()

# The build tree's library finds back ends that stand where the loader does not look. CMake would end the list with an empty
# entry, which means the working directory, to have room for another list when it is installed; so the list is what is
# linked, and goes when it is installed. Who sets CMAKE_INSTALL_RPATH or CMAKE_SKIP_RPATH is left to CMake.
if(NOT CMAKE_INSTALL_RPATH AND NOT CMAKE_SKIP_RPATH AND NOT CMAKE_SKIP_INSTALL_RPATH)
  set(folders "")
  foreach(file IN LISTS MYGRAD_DNNL_LIBRARY MYGRAD_BLAS_LIBRARY)
    get_filename_component(folder "${file}" DIRECTORY)
    if(EXISTS "${file}" AND NOT folder IN_LIST CMAKE_C_IMPLICIT_LINK_DIRECTORIES)
      list(APPEND folders ${folder})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES folders)
  set_target_properties(mygrad_shared PROPERTIES BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "${folders}")
  if(MYGRAD_INSTALL AND folders)
    set(libdir "\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}")
    if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
      set(libdir "${CMAKE_INSTALL_LIBDIR}")
    endif()
    set(MYGRAD_FORGET_RPATH
      "file(RPATH_REMOVE FILE \"\$ENV{DESTDIR}${libdir}/lib${MYGRAD_NAME}.so.${PROJECT_VERSION}\")")
  endif()
endif()
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

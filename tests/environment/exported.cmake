# Writes NAME(mg_add) for every function that the shared LIBRARY exports into OUT. NM is given.
cmake_minimum_required(VERSION 3.25)

execute_process(COMMAND ${NM} -D --defined-only ${LIBRARY} OUTPUT_VARIABLE listing COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL " T mg_[a-z0-9_]+" names "${listing}")
list(TRANSFORM names REPLACE "^ T (.*)$" "NAME(\\1)")
list(LENGTH names count)
if(count LESS 100)
  message(FATAL_ERROR "only ${count} functions in ${LIBRARY}:\n${listing}")
endif()
list(JOIN names "\n" text)
file(WRITE ${OUT} "${text}\n")

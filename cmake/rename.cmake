# Copies sources with our prefix replaced, as prefix.cmake says. PREFIX is the new one; FILES holds pairs of lines, from
# and to. A copy that would not change is left alone.
cmake_minimum_required(VERSION 3.25)

string(REGEX REPLACE "_$" "" word "${PREFIX}")
string(TOUPPER ${PREFIX} upper)
set(before "([^A-Za-z0-9_])") # our files begin with a comment, so every name has something before it

file(STRINGS ${FILES} paths)
while(paths)
  list(POP_FRONT paths from to)
  file(READ ${from} text)
  string(REGEX REPLACE "${before}mg_" "\\1${PREFIX}" text "${text}")
  string(REGEX REPLACE "${before}MG_" "\\1${upper}" text "${text}")
  string(REGEX REPLACE "${before}mg([rak])_" "\\1mg\\2_${PREFIX}" text "${text}")
  string(REGEX REPLACE "(#[ ]*include \"mg[rak]_)${PREFIX}" "\\1" text "${text}") # names of generated files stay
  string(REGEX REPLACE "([\"<])mygrad/" "\\1${PREFIX}mygrad/" text "${text}")
  string(REGEX REPLACE "${before}MYGRAD_VERSION_" "\\1${upper}MYGRAD_VERSION_" text "${text}")
  if(to MATCHES "/include/")
    string(REGEX REPLACE "${before}MYGRAD_([A-Z]+_H|STATIC)" "\\1${upper}MYGRAD_\\2" text "${text}")
    string(REPLACE "namespace mg " "namespace ${word} " text "${text}")
    string(REPLACE "::mg::" "::${word}::" text "${text}")
    string(REGEX REPLACE "${before}mg::" "\\1${word}::" text "${text}")
  endif()
  set(there "")
  if(EXISTS ${to})
    file(READ ${to} there)
  endif()
  if(NOT text STREQUAL there)
    file(WRITE ${to} "${text}")
  endif()
endwhile()

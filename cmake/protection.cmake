# Protection against what an attacker makes of a bug: by default what costs nothing that the bench suite could measure (in
# kernels and while recording), all of it on demand. MYGRAD_PROTECTION=SOME: relocations are resolved at once and read-only
# afterwards, the stack is not executable, returns may be checked by a shadow stack. ALL adds canaries (recording and running
# small graphs takes 2.6 to 4.0 % more instructions), marked targets of jumps (2.0 to 2.4 %), checked calls of the C library
# and probed stacks.

set(MYGRAD_PROTECTION SOME CACHE STRING "Protective flags: NONE, SOME (those that cost nothing), ALL")
set_property(CACHE MYGRAD_PROTECTION PROPERTY STRINGS NONE SOME ALL)
mygrad_choice(MYGRAD_PROTECTION NONE SOME ALL)

set(MYGRAD_PROTECTION_COMPILE "")
set(MYGRAD_PROTECTION_LINK "")
set(x86 OFF)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
  set(x86 ON)
endif()
if(NOT MYGRAD_PROTECTION STREQUAL "NONE")
  set(MYGRAD_PROTECTION_LINK LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack)
  if(x86 AND MYGRAD_PROTECTION STREQUAL "SOME")
    list(APPEND MYGRAD_PROTECTION_COMPILE -fcf-protection=return)
  endif()
endif()
if(MYGRAD_PROTECTION STREQUAL "ALL")
  list(APPEND MYGRAD_PROTECTION_COMPILE -fstack-protector-strong -fstack-clash-protection)
  if(x86)
    list(APPEND MYGRAD_PROTECTION_COMPILE -fcf-protection=full)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
    list(APPEND MYGRAD_PROTECTION_COMPILE -mbranch-protection=standard)
  endif()
  if(NOT MYGRAD_SANITIZE) # which has checks of its own for these calls
    list(APPEND MYGRAD_PROTECTION_COMPILE -U_FORTIFY_SOURCE
      $<$<AND:$<CONFIG:Release,RelWithDebInfo,MinSizeRel>,$<NOT:$<BOOL:$<TARGET_PROPERTY:MYGRAD_KERNELS>>>>:-D_FORTIFY_SOURCE=2>)
  endif()
endif()

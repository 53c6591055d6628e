# Toolchain of the preset aarch64-cross: Debian's cross compiler for 64-bit Arm, and qemu-user to run what it makes. The
# target's libraries are the build machine's own :arm64 packages, where there are any (scripts/packages.sh). The emulated
# Cortex-A53 has Armv8.0 and its CRC only: instructions of later versions end the program there.

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

# With libc6:arm64 the loader stands where programs look for it; without, the compiler's own C library serves.
find_program(MYGRAD_QEMU_AARCH64 NAMES qemu-aarch64 qemu-aarch64-static)
if(MYGRAD_QEMU_AARCH64)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${MYGRAD_QEMU_AARCH64} -cpu cortex-a53)
  if(NOT EXISTS /lib/ld-linux-aarch64.so.1)
    list(APPEND CMAKE_CROSSCOMPILING_EMULATOR -L /usr/aarch64-linux-gnu)
  endif()
endif()

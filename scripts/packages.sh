# shellcheck shell=bash disable=SC2034
# The one place that names packages of the system (Debian and Ubuntu names). Each line: name, then why. Sourced by lib.sh.
# docs/dependencies.md tells more about those that end up in a program.

# Without these the scripts go on, and say aloud what is then missing: CMake leaves out what needs them.
packages_optional="
libdnnl-dev                   matmul and convolution go to BLAS
libopenblas-openmp-dev        products go through our own loops, which are slower
zlib1g-dev                    no deflated members of .npz files; the demo is not built
libcriterion-dev              the plain test runner serves
libmpfr-dev                   the tests that compare with it are left out
g++                           no tests of C++ programs; the bench suite needs it
pkg-config                    no test of the .pc file
locales                       no test of texts under another locale
graphviz                      graphs as DOT only
ccache                        it takes longer
libsleef-dev                  the bench family vs_sleef is left out
valgrind                      no instruction counts where the kernel has none
libopenblas-openmp-dev:arm64  as above
zlib1g-dev:arm64              as above
libmpfr-dev:arm64             as above
"

# Compiling the library and the examples.
packages_build="
gcc                     the C compiler
libc6-dev               the C library's headers
cmake                   the build system, 3.25 or later
ninja-build             what CMake hands the work to
libdnnl-dev             oneDNN: matmul and convolution in f32 and bf16
libopenblas-openmp-dev  BLAS for f64; the OpenMP variant, so that there is one pool of threads
zlib1g-dev              reading deflated .npz members and gzipped data sets
"

# Running the tests.
packages_test="
libcriterion-dev        the test runner
libmpfr-dev             numbers of any precision: the oracle of the f64 mathematics
g++                     C++ programs that use the library
pkg-config              programs that find the library by it
locales                 de_DE.UTF-8, where 0.125 has a comma
"

# A build by the other compiler.
packages_clang="
clang                   the compiler
libomp-dev              its OpenMP runtime; also the second one of the tests that want two
"

# A build for 64-bit Arm, run under qemu. libdnnl-dev:arm64 is not among them: Debian's cannot be installed beside the
# native one (both bring a dnnl_config.h, and they differ). Nor is libcriterion-dev: it does not start under qemu-user.
packages_cross="
gcc-aarch64-linux-gnu         the cross compiler
qemu-user                     runs its programs; also an x86-64 without FMA, for tests/bits
libc6-dev:arm64               the C library's headers, and the loader for qemu
libgomp1:arm64                OpenMP
libopenblas-openmp-dev:arm64  as above
zlib1g-dev:arm64              as above
libmpfr-dev:arm64             as above
"

# The bench suite.
packages_bench="
g++                     Google Benchmark is C++, and so is the one file that knows it
libbenchmark-dev        calibrates, repeats and times
libsleef-dev            the vector maths that ours is compared with
valgrind                counts instructions where the kernel does not
"

# Looking at the results: optional, but the demo is nicer with it.
packages_view="
graphviz                draws computational graphs as SVG
"

# The checks of continuous integration.
packages_check="
clang-format-14         the layout of the sources
ccache                  presets share most of what they compile
"

# shellcheck shell=bash
# What the scripts share: messages, packages, configuring, building. Sourced; `top` is the checkout. Changes nothing on
# its own.

set -eu
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/packages.sh
. "$top/scripts/packages.sh"

say() { printf '== %s\n' "$*"; }

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

cores() { nproc 2>/dev/null || echo 1; }

# shellcheck disable=SC2034  # for the scripts that source this
rooms=(include kernels runtime autodiff codegen tests examples bench)

# source_files ROOM...: the written C below these rooms, as paths from the top. Not from git, so that a checkout of
# another user, or a tarball, will do.
source_files() {
    local room
    for room in "$@"; do
        [ ! -d "$top/$room" ] || (cd "$top" && find "$room" -name '*.[ch]' -type f)
    done | LC_ALL=C sort
}

packages_changed="" # set when something was installed: CMake shall look again for what it did not find

# package_names LIST...: the first word of each line.
package_names() { printf '%s\n' "$@" | awk 'NF { print $1 }'; }

# Names that this release of the system spells differently.
package_here() {
    case $1 in
    clang-format-14)
        if apt-cache show clang-format-14 >/dev/null 2>&1; then echo clang-format-14; else echo clang-format; fi
        ;;
    *) echo "$1" ;;
    esac
}

# Beside a foreign architecture, dpkg answers a bare name for each: the native one (or "all") is meant.
package_installed() {
    local architecture
    case $1 in
    *:*) architecture=${1##*:} ;;
    *) architecture="$(dpkg --print-architecture)|all" ;;
    esac
    dpkg-query -W -f="\${db:Status-Status} \${Architecture}\n" "$1" 2>/dev/null | grep -qE "^installed ($architecture)\$"
}

# missing_packages LIST...: those that are not installed. A second run ends here, without apt.
missing_packages() {
    local name
    for name in $(package_names "$@"); do
        package_installed "$name" || package_installed "$(package_here "$name")" || echo "$name"
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# add_architectures NAME...: those that names like zlib1g-dev:arm64 ask for.
add_architectures() {
    local name
    for name in "$@"; do
        case $name in
        *:*) as_root dpkg --add-architecture "${name##*:}" ;;
        esac
    done
}

# ensure_packages LIST...: install what is missing, or say what has to be installed and stop.
ensure_packages() {
    local missing name log wanted=""
    missing=$(missing_packages "$@" | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        command -v cmake >/dev/null && command -v ninja >/dev/null && return 0 # another system that has its tools
        die "This is no Debian or Ubuntu. Please install the counterparts of: $missing"
    fi
    if [ "$(id -u)" != 0 ] && ! sudo_works; then
        die "Packages are missing, and neither root nor sudo is available. Please have someone run:
    apt-get install --no-install-recommends $missing"
    fi
    say "installing: $missing"
    # shellcheck disable=SC2086  # a list of words
    add_architectures $missing
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q >/dev/null ||
        die "apt-get update failed. Missing packages: $missing"
    for name in $missing; do wanted="$wanted $(package_here "$name")"; done
    log=$(mktemp)
    # shellcheck disable=SC2086  # a list of words
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $wanted >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        die "apt-get install failed. Missing packages: $missing"
    }
    rm -f "$log"
    packages_changed=1
}

# On a terminal sudo may ask for a password; elsewhere it must work without.
sudo_works() {
    command -v sudo >/dev/null || return 1
    if [ -t 0 ]; then sudo -v; else sudo -n true 2>/dev/null; fi
}

# build PRESET DIRECTORY TARGET...: configure (once, and when packages came; CMake itself notices changed files) and build.
build() {
    local preset=$1 directory=$2 log
    local -a options=()
    shift 2
    # Continuous integration refuses warnings; sanitizers make gcc see uninitialised values that are none.
    [ -z "${CI:-}" ] || [ "$preset" = asan ] || [ "$preset" = hardened ] || [ "$preset" = tsan ] || options+=(-DMYGRAD_WERROR=ON)
    mkdir -p "$directory"
    log="$directory/configure.log"
    if [ ! -f "$directory/build.ninja" ] || [ -n "$packages_changed" ]; then
        say "configuring ($preset)"
        cmake -S "$top" --preset "$preset" -B "$directory" ${options[@]+"${options[@]}"} >"$log" 2>&1 || {
            cat "$log" >&2
            die "configuring failed"
        }
        grep '^--   \|^-- mygrad' "$log" | sed 's/^-- //' || true
    fi
    say "building ($preset)"
    ninja -C "$directory" -j "$(cores)" "$@" || die "the build failed"
}

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

# warn TEXT: loud enough to be found again in a long log.
warn() { printf '!! %s\n' "$*" >&2; }

is_optional() { package_names "$packages_optional" | grep -qxF "$1"; }

# go_without NAME...: say what that means.
go_without() {
    local name
    for name in "$@"; do
        warn "going on without $name:$(printf '%s\n' "$packages_optional" | awk -v n="$name" '$1 == n { $1 = ""; print }')"
    done
}

# install_packages NAME...: false, with the end of apt's log, if that fails.
install_packages() {
    local name log wanted=""
    for name in "$@"; do wanted="$wanted $(package_here "$name")"; done
    log=$(mktemp)
    # shellcheck disable=SC2086  # a list of words
    if as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $wanted >"$log" 2>&1; then
        rm -f "$log"
        packages_changed=1
        return 0
    fi
    tail -n 5 "$log" >&2
    rm -f "$log"
    return 1
}

# cannot_install WHY REQUIRED OPTIONAL: stop if something is required, else go on without.
cannot_install() {
    # shellcheck disable=SC2086  # a list of words
    [ -n "$2" ] || { warn "$1" && go_without $3 && return 0; }
    die "$1
Please have someone run:
    apt-get update && apt-get install --no-install-recommends $2$3"
}

# ensure_packages LIST...: install what is missing. What is required and cannot be installed stops the script, with the
# line to run; what is optional (packages_optional) is done without, aloud.
ensure_packages() {
    local name required="" optional=""
    for name in $(missing_packages "$@"); do
        if is_optional "$name"; then optional+="$name "; else required+="$name "; fi
    done
    [ -n "$required$optional" ] || return 0
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        command -v cmake >/dev/null && command -v ninja >/dev/null && return 0 # another system that has its tools
        die "This is no Debian or Ubuntu. Please install the counterparts of: $required$optional"
    fi
    if [ "$(id -u)" != 0 ] && ! sudo_works; then
        cannot_install "Packages are missing, and neither root nor sudo is available." "$required" "$optional"
        return 0
    fi
    say "installing: $required$optional"
    # shellcheck disable=SC2086  # a list of words
    add_architectures $required $optional
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q >/dev/null; then
        cannot_install "apt-get update failed." "$required" "$optional"
        return 0
    fi
    # shellcheck disable=SC2086  # a list of words
    install_packages $required $optional && return 0
    # One that this system has not must not keep the others away.
    # shellcheck disable=SC2086  # a list of words
    [ -z "$required" ] || install_packages $required || cannot_install "apt-get install failed." "$required" "$optional"
    for name in $optional; do install_packages "$name" || go_without "$name"; done
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
        grep '^--   \|^-- mygrad\|^!! ' "$log" | sed 's/^-- //' || true
    fi
    say "building ($preset)"
    ninja -C "$directory" -j "$(cores)" "$@" || die "the build failed"
}

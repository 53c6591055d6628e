#!/usr/bin/env bash
# What the scripts do about packages that are missing, with a system made up of files: apt-get that knows some packages and
# not others, a user who may or may not become root. $1 is the checkout.
set -eu
top=$1
fake=$(mktemp -d)
trap 'rm -rf "$fake"' EXIT
mkdir "$fake/bin" "$fake/installed" "$fake/available"
export fake

program() {
    printf '#!/usr/bin/env bash\n%s\n' "$2" >"$fake/bin/$1"
    chmod +x "$fake/bin/$1"
}
# shellcheck disable=SC2016  # for the programs to expand
{
    program id 'cat "$fake/user"'
    program sudo 'exit 1'
    program dpkg 'echo amd64'
    program dpkg-query 'for last; do :; done; [ -e "$fake/installed/$last" ] && echo "installed amd64"'
    program apt-cache 'exit 0'
    program apt-get 'echo "$*" >>"$fake/log"
        case $1 in update) [ ! -e "$fake/offline" ]; exit ;; esac
        for name; do case $name in install | -*) ;; *) [ -e "$fake/available/$name" ] || { echo "no $name"; exit 100; } ;; esac; done
        for name; do case $name in install | -*) ;; *) touch "$fake/installed/$name" ;; esac; done'
}

# try WANTED...: ensure_packages with these; `output` and `status`.
try() {
    rm -f "$fake/log"
    touch "$fake/log"
    status=0
    output=$(PATH=$fake/bin:$PATH bash -c '. "$0/scripts/lib.sh"; ensure_packages "$@"; echo "went on"' "$top" "$@" 2>&1) || status=$?
}
system() { # USER INSTALLED AVAILABLE
    rm -f "$fake"/installed/* "$fake"/available/* "$fake/offline"
    echo "$1" >"$fake/user"
    for name in $2; do touch "$fake/installed/$name"; done
    for name in $3; do touch "$fake/available/$name"; done
}
expect() { # PATTERN
    [[ $output == *$1* ]] || { printf 'case "%s": expected "%s" in:\n%s\n' "$what" "$1" "$output" >&2 && exit 1; }
}
expect_log() { grep -qxF -- "$1" "$fake/log" || { printf 'case "%s": expected the call "%s" in:\n%s\n' "$what" "$1" "$(cat "$fake/log")" >&2 && exit 1; }; }

what="nothing is missing"
system 1000 "gcc libdnnl-dev" ""
try "gcc why" "libdnnl-dev why"
expect "went on"
[ ! -s "$fake/log" ] || exit 1

what="a user without rights, something required"
system 1000 "" ""
try "gcc why" "libdnnl-dev why"
expect "apt-get update && apt-get install --no-install-recommends gcc libdnnl-dev"
[ "$status" != 0 ] || exit 1

what="a user without rights, something optional"
system 1000 "gcc" ""
try "gcc why" "libdnnl-dev why"
expect "!! going on without libdnnl-dev: matmul and convolution go to BLAS"
expect "went on"

what="root, everything is there"
system 0 "" "gcc libdnnl-dev"
try "gcc why" "libdnnl-dev why"
expect "went on"
expect_log "install -q -y --no-install-recommends gcc libdnnl-dev"

what="root, an optional package that this system has not"
system 0 "" "gcc zlib1g-dev"
try "gcc why" "libdnnl-dev why" "zlib1g-dev why"
expect "!! going on without libdnnl-dev"
expect "went on"
[ -e "$fake/installed/gcc" ] && [ -e "$fake/installed/zlib1g-dev" ] || exit 1

what="root, a required package that this system has not"
system 0 "" "zlib1g-dev"
try "gcc why" "zlib1g-dev why"
expect "apt-get install failed"
[ "$status" != 0 ] || exit 1

what="root, no network, something optional"
system 0 "gcc" "zlib1g-dev"
touch "$fake/offline"
try "gcc why" "zlib1g-dev why"
expect "!! going on without zlib1g-dev"
expect "went on"

what="root, no network, something required"
system 0 "" "gcc"
touch "$fake/offline"
try "gcc why"
expect "apt-get update failed"
[ "$status" != 0 ] || exit 1
echo "packages: what is optional is done without"

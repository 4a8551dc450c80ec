# Sourced by ./run, ./test and .ci/run: installs what is missing by name, and says so.

say() { printf '%s\n' "$*" >&2; }

# packages NAME…: installs those Debian packages that are absent.
packages() {
    local absent=()
    for name in "$@"; do
        dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || absent+=("$name")
    done
    [ ${#absent[@]} -eq 0 ] && return 0
    say "Installing Debian packages: ${absent[*]}"
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    export DEBIAN_FRONTEND=noninteractive
    if ! "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${absent[@]}" >/dev/null 2>&1; then
        "${as_root[@]}" apt-get update -qq >&2 &&
            "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${absent[@]}" >/dev/null || {
            say "Could not install ${absent[*]}. Install them by hand and run this again."
            return 1
        }
    fi
}

# The libraries that Skein is linked with.
libraries() {
    packages pkg-config libzstd-dev liblz4-dev libbz2-dev zlib1g-dev libyaml-dev libmaxminddb-dev
}

# The countries of addresses, which skein looks up where they are there.
countries() { packages tor-geoipdb; }

# Swift 6.2 or later must be there: it is not a Debian package.
needs_swift() {
    command -v swift >/dev/null || {
        say "Skein is built with Swift 6.2 or later, which is not installed: https://www.swift.org/install"
        return 1
    }
}

# build_release FOLDER: builds the program with Swift's libraries in it, so that it starts a third faster
# and runs where no Swift is installed.
build_release() {
    swift build --package-path "$1" -c release --product skein --static-swift-stdlib
}

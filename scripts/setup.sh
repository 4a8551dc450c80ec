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
    packages pkg-config libzstd-dev liblz4-dev libbz2-dev zlib1g-dev libyaml-dev libmaxminddb-dev \
        libpcap-dev libsqlite3-dev libfreetype-dev libsodium-dev
}

# What skein swarm makes videos with.
video() { packages ffmpeg fonts-dejavu-core; }

# countries FOLDER: the countries of addresses, from where Debian puts them, else unpacked in FOLDER: the
# package depends on tor, a daemon that talks to the Internet and that nobody asked for.
countries() {
    [ -z "${SKEIN_COUNTRY_DATABASE+set}" ] && [ ! -r /usr/share/tor/geoip ] || return 0
    if [ ! -r "$1/usr/share/tor/geoip" ]; then
        say "Unpacking the Debian package tor-geoipdb into $1"
        mkdir -p "$1"
        (cd "$1" && { apt-get download -qq tor-geoipdb || { apt-get update -qq && apt-get download -qq tor-geoipdb; }; } &&
            dpkg-deb -x tor-geoipdb_*.deb . && rm tor-geoipdb_*.deb) >/dev/null 2>&1 || {
            say "Could not get tor-geoipdb: countries are not looked up."
            return 0
        }
    fi
    export SKEIN_COUNTRY_DATABASE=$1/usr/share/tor
}

# python_tools FOLDER NAME…: installs those programs and modules of PyPI into a virtual environment of this
# checkout.
python_tools() {
    local folder=$1 name
    shift
    for name in "$@"; do
        [ -x "$folder/bin/$name" ] && continue
        compgen -G "$folder/lib/python*/site-packages/$name/__init__.py" >/dev/null && continue
        say "Installing from PyPI into $folder: $name"
        { [ -x "$folder/bin/python" ] || python3 -m venv "$folder"; } &&
            "$folder/bin/pip" install --quiet --disable-pip-version-check "$name" >&2 || {
            say "Could not install $name from PyPI; install it by hand and run this again."
            return 1
        }
    done
}

# Swift 6.2 or later must be there: it is not a Debian package.
needs_swift() {
    command -v swift >/dev/null || {
        say "Skein is built with Swift 6.2 or later, which is not installed: https://www.swift.org/install"
        return 1
    }
}

# archives FOLDER: gathers there the static forms of the libraries that Skein is linked with, as far as
# Debian's packages have them, with descriptions that make the linker look there first.
archives() {
    local name file
    mkdir -p "$1"
    for name in zstd lz4 bz2 z yaml maxminddb sqlite3 sodium stdc++; do
        file=$(clang -print-file-name="lib$name.a")
        # clang answers with the bare name where it finds nothing.
        [ ! -f "$file" ] || ln -sf "$file" "$1/"
    done
    for name in libzstd liblz4 zlib yaml-0.1 libmaxminddb libsodium; do
        file=$(pkg-config --variable=pcfiledir "$name")/$name.pc
        sed "s|^libdir=.*|libdir=$1|" "$file" >"$1/$name.pc"
    done
}

# build_release FOLDER: builds the program with Swift's libraries and all others but the C library's in it.
# It starts in two thirds of the time, and runs where neither Swift nor any of these is installed. Names for
# other programs to link with, 47,000 of them, would be looked through at each start: there are none. Types are
# made by their own functions, not found by name: that looks through all conformances, a tenth of a short query.
# What debuggers want is not made: it would be a third of the file.
build_release() {
    local folder
    folder=$(cd "$1" && pwd)/.build/archives
    archives "$folder"
    swift build --package-path "$1" -c release --product skein --static-swift-stdlib -debug-info-format none \
        --pkg-config-path "$folder" -Xlinker --no-export-dynamic -Xlinker --strip-debug \
        -Xswiftc -Xfrontend -Xswiftc -disable-concrete-type-metadata-mangled-name-accessors
}

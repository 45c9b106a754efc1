#!/usr/bin/env bash
# Installs real engines for the opt-in tests: install.sh prism|flink DIRECTORY. Needs go for prism, and go, java and
# mvn for flink. What is installed already is left alone.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
engine=$1
directory=$(mkdir -p "$2" && cd "$2" && pwd)
beam=v2.77.0

go_install() { # PACKAGE NAME: the program of a Go package, under a name of ours
    [ -x "$directory/bin/$2" ] && return
    mkdir -p "$directory/bin/build"
    GOBIN="$directory/bin/build" go install "github.com/apache/beam/sdks/v2/$1@$beam"
    mv "$directory/bin/build/${1##*/}" "$directory/bin/$2"
}

case $engine in
prism)
    go_install go/cmd/prism prism
    ;;
flink)
    # The program with which Flink starts a Python worker (environment_type=PROCESS).
    go_install python/container boot
    if [ ! -d "$directory/flink/lib" ]; then
        mkdir -p "$directory/flink"
        cp "$here/flink-pom.xml" "$directory/flink/pom.xml"
        (cd "$directory/flink" && mvn -q -B dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=lib)
    fi
    ;;
*)
    echo "unknown engine: $engine" >&2
    exit 2
    ;;
esac

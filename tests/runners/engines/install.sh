#!/usr/bin/env bash
# Installs real engines and stores for the opt-in tests: install.sh prism|flink|spark|azurite DIRECTORY. Prism needs go,
# Flink and Spark also java and mvn, azurite npm. What is installed already is left alone.
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

java_engine() { # the jars of a Java engine, and the program with which it starts a Python worker
    go_install python/container boot
    [ -d "$directory/$engine/lib" ] && return
    mkdir -p "$directory/$engine"
    cp "$here/$engine.xml" "$directory/$engine/pom.xml"
    (cd "$directory/$engine" && mvn -q -B dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=lib)
}

case $engine in
prism)
    go_install go/cmd/prism prism
    ;;
flink | spark)
    java_engine
    ;;
azurite)
    [ -x "$directory/azurite/node_modules/.bin/azurite-blob" ] ||
        npm install --silent --no-fund --no-audit --prefix "$directory/azurite" azurite
    ;;
*)
    echo "unknown engine: $engine" >&2
    exit 2
    ;;
esac

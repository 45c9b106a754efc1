#!/bin/sh
# Starts a Beam worker when a runner asks for one, else the command. A runner passes --worker_pool or
# --provision_endpoint to the image; neither is an option of the command.
for argument in "$@"; do
    case $argument in
    --worker_pool | --worker_pool=* | --provision_endpoint | --provision_endpoint=*)
        exec "${BEAM_BOOT:-/opt/apache/beam/boot}" "$@"
        ;;
    esac
done
exec beam-ollama-translate "$@"

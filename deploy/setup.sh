#!/usr/bin/env bash
# Makes .venv from a lock file, and gets the programs the tests need. Called by the Makefile; a second run changes nothing.
#
#   deploy/setup.sh run     what Guiwei needs to run
#   deploy/setup.sh test    that, the tests' Python packages, and the programs they drive
set -euo pipefail
cd "$(dirname "$0")/.."

purpose=${1:?"usage: deploy/setup.sh run|test"}
python=${PYTHON:-python3}
venv=.venv

die() {
    echo "setup: $*" >&2
    exit 1
}

# install PACKAGE... : as root through apt, else say what is missing and stop.
install() {
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        die "missing: $*. Install them first, on Debian or Ubuntu: sudo apt-get install $*"
    fi
    echo "setup: installing $* through apt"
    # The tests start servers of their own; the packages' services must not be started by their installation.
    local policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        # shellcheck disable=SC2064  # The path is fixed now.
        trap "rm -f '$policy'" EXIT
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq || echo "setup: apt-get update failed, trying with the lists at hand" >&2
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null || die "apt-get could not install: $*"
}

# need PACKAGE PATTERN : remember the package unless a file matches the pattern.
missing=()
need() {
    compgen -G "$2" >/dev/null || missing+=("$1")
}

command -v "$python" >/dev/null || install python3 python3-venv
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "$python is $("$python" -V 2>&1), Guiwei needs 3.11 or newer; name another with PYTHON=..."
"$python" -c 'import ensurepip, venv' 2>/dev/null || install python3-venv

lock=requirements.lock
if [ "$purpose" = test ]; then
    lock=requirements-test.lock
    need mosquitto /usr/sbin/mosquitto
    need chromium "/usr/bin/chromium*"
    need fonts-noto-cjk "/usr/share/fonts/*/noto/NotoSansCJK-Regular.ttc"
    need postgresql "/usr/lib/postgresql/*/bin/postgres"
    need pcscd /usr/sbin/pcscd
    need vsmartcard-vpcd "/usr/lib/pcsc/drivers/serial/libifdvpcd.so*"
    # pyscard is compiled here; its build brings its own swig.
    need libpcsclite-dev /usr/include/PCSC/winscard.h
    need gcc "/usr/bin/*gcc"
    need python3-dev "$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h"
    [ ${#missing[@]} -eq 0 ] || install "${missing[@]}"
fi

# The stamp names everything the environment was made from, also the place: a moved clone needs a new one.
stamp="$venv/.made-from"
# shellcheck disable=SC2312
made_from=$({ "$python" -V; pwd; cat "$lock" pyproject.toml; } | sha256sum)
# What serves the tests also serves to run.
if [ "$purpose" = run ] && [ -e "$stamp" ]; then
    # shellcheck disable=SC2312
    everything=$({ "$python" -V; pwd; cat requirements-test.lock pyproject.toml; } | sha256sum)
    [ "$(cat "$stamp")" = "$everything" ] && exit 0
fi
[ -e "$stamp" ] && [ "$(cat "$stamp")" = "$made_from" ] && exit 0

echo "setup: making $venv from $lock"
rm -f "$stamp"
"$python" -m venv --clear "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$lock"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --editable .
echo "$made_from" >"$stamp"

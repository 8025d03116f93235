# Makes .venv and installs what a lock file names, checked by hash. Sourced by ./run and ./test; needs python3 only.
# Skipped while the lock is the one installed last.

find_python() {
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    if command -v python3 >/dev/null 2>&1; then
        echo "Territory needs Python 3.11 or newer; this is $(python3 --version 2>&1)." >&2
    else
        echo "Territory needs Python 3.11 or newer, and there is no python3." >&2
    fi
    return 1
}

# A line that changes whenever something else is to be installed.
lock_state() {
    .venv/bin/python -c 'import hashlib, pathlib, sys
print(sys.version.split()[0], *(hashlib.sha256(pathlib.Path(name).read_bytes()).hexdigest() for name in sys.argv[1:]))' "$@"
}

# requirements-dev.lock holds all of requirements.lock, so what was installed for the tests is enough to run.
is_installed() {
    state=$(lock_state "$1" 2>/dev/null) || return 1
    [ -f ".venv/installed-$1" ] && [ "$(cat ".venv/installed-$1")" = "$state" ]
}

install_lock() {
    if is_installed "$1"; then return; fi
    if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$(find_python) || exit 1
        echo "Making a Python environment in .venv ..." >&2
        rm -rf .venv
        if ! "$python" -m venv .venv >&2; then
            rm -rf .venv
            echo "$python cannot make an environment; on Debian and Ubuntu: apt-get install python3-venv" >&2
            exit 1
        fi
    fi
    echo "Installing what $1 names ..." >&2
    rm -f .venv/installed-*
    # uv is quicker, but knows neither pip's settings nor the system's certificates: where it fails, pip tries.
    if ! { command -v uv >/dev/null 2>&1 &&
        VIRTUAL_ENV="$PWD/.venv" uv pip install --quiet --require-hashes --requirement "$1" >&2; }; then
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$1" >&2 || exit 1
    fi
    lock_state "$1" >".venv/installed-$1"
    if [ "$1" = requirements-dev.lock ]; then lock_state requirements.lock >.venv/installed-requirements.lock; fi
}

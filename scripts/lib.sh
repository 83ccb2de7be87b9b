# Shared by the scripts beside it: moves to the repository's root, finds Python and uv, fills the environment.
# Callers set -euo pipefail before they source it.

CALLED_FROM="$PWD"
cd "${BASH_SOURCE[0]%/*}/.."
ENVIRONMENT="${UV_PROJECT_ENVIRONMENT:-$PWD/.venv}"
[[ "$ENVIRONMENT" == /* ]] || ENVIRONMENT="$PWD/$ENVIRONMENT"
export UV_PROJECT_ENVIRONMENT="$ENVIRONMENT"
export UV_PYTHON_DOWNLOADS=never
# An authority's network may have a certificate authority of its own: trust what the machine trusts.
export UV_SYSTEM_CERTS=1
# Where a machine forbids it for all of Python, every start would compile every library anew.
unset PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
# A service account may have no home, or not its own to write to.
CACHES="${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}"
if ! [[ -w "$CACHES" || ( ! -e "$CACHES" && -w "${HOME:-/nonexistent}" ) ]]; then
  export UV_CACHE_DIR="${UV_CACHE_DIR:-$PWD/.uv/cache}" PIP_NO_CACHE_DIR=1
fi

die() { # die <Vietnamese> <English>
  printf '%s\n%s\n' "$1" "$2" >&2
  exit 1
}

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() { # prints the first Python ≥ 3.11
  local name
  for name in python3 python3.14 python3.13 python3.12 python3.11; do
    if is_new_enough "$name"; then
      command -v "$name"
      return
    fi
  done
  die "Cần Python 3.11 trở lên nhưng không tìm thấy. Hãy cài python3 (≥ 3.11) rồi chạy lại." \
    "Python 3.11 or newer is needed and none was found. Install python3 (≥ 3.11) and start again."
}

find_uv() { # prints uv's path; installs it into .uv when there is none
  if uv --version >/dev/null 2>&1; then
    command -v uv
    return
  fi
  if ! .uv/bin/uv --version >/dev/null 2>&1; then
    local python
    python="$(find_python)" || exit # in a substitution set -e does not hold
    echo "Đang cài uv vào .uv / installing uv into .uv" >&2
    # Debian's python3 has no ensurepip without python3-venv, but may have pip.
    { "$python" -m venv .uv && .uv/bin/python -m pip install --quiet uv; } >&2 \
      || { rm -rf .uv && "$python" -m pip install --quiet --target .uv uv; } >&2 \
      || die "Không cài được uv. Cần gói venv hoặc pip của Python và đường tới kho gói (PyPI)." \
        "uv could not be installed. Python's venv or pip is needed, and a way to the package registry (PyPI)."
  fi
  echo "$PWD/.uv/bin/uv"
}

sync() { # sync <options of uv sync…>; what other scripts installed stays (--inexact)
  local uv
  uv="$(find_uv)"
  # An environment that works keeps its Python; a new one gets the Python found here. Said for this once: told again, uv
  # would not know its own environment in one that a launcher of several Pythons (pyenv) began, and build it anew.
  local python=()
  is_new_enough "$ENVIRONMENT/bin/python" || python=(--python "$(find_python)")
  "$uv" sync --quiet --frozen --inexact ${python[@]+"${python[@]}"} "$@"
}

export_requirements() { # export_requirements <file> <options of uv export…>; what uv.lock pins
  local uv file="$1"
  shift
  uv="$(find_uv)"
  "$uv" export --quiet --frozen --no-emit-project --no-hashes --format requirements-txt --output-file "$file" "$@" >/dev/null
}

libraries() { # what PDFs are typeset with: installed on Debian as root, elsewhere said to be missing
  local packages=(libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0)
  "$ENVIRONMENT/bin/python" -c 'from ctypes import CDLL
for name in ("libpango-1.0", "libpangoft2-1.0", "libharfbuzz-subset"):
    CDLL(f"{name}.so.0")' 2>/dev/null && return
  if ((EUID == 0)) && command -v apt-get >/dev/null; then
    { apt-get update && apt-get install --yes --no-install-recommends "${packages[@]}"; } >/dev/null 2>&1 && return
  fi
  printf '%s\n%s\n' "Thiếu thư viện dựng PDF: ${packages[*]}" "Libraries for PDFs are missing: ${packages[*]}" >&2
}

SKIPPED=75 # what a check ends with that could not be made here: shown, and no failure

together() { # together <name> <command> [<name> <command>…]; runs them side by side, fails when one fails
  local work names=() jobs=() status=0 number
  work="$(mktemp -d)"
  while (($#)); do
    names+=("$1")
    (
      TIMEFORMAT=%1R
      { time bash -c "$2" >"$work/${#names[@]}" 2>&1; } 2>"$work/${#names[@]}.seconds"
    ) &
    jobs+=($!)
    shift 2
  done
  for number in "${!names[@]}"; do
    local result=ok ended=0
    wait "${jobs[number]}" || ended=$?
    case "$ended" in
      0) ;;
      "$SKIPPED") result=skipped ;;
      *) result=FAILED status=1 ;;
    esac
    printf '%-7s %6s s  %s\n' "$result" "$(<"$work/$((number + 1)).seconds")" "${names[number]}"
    [[ "$result" == ok ]] || cat "$work/$((number + 1))"
  done
  rm -rf "$work"
  return "$status"
}

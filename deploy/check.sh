#!/usr/bin/env bash
# Checks the deployment files and the scripts with their own tools; nothing is deployed, no root is needed.
# Prints one line a check: `pass NAME`, `fail NAME: why` (details before it) or `skip NAME: why`. Exit code 1 if one failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# systemd's own score, in tenths: 0 is a sealed box, 100 an open door. The units score 14 with systemd 252.
readonly EXPOSURE_LIMIT=20
readonly BUILT=bin/Release/net10.0

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

pass() { echo "pass $1"; }
skip() { echo "skip $1: $2"; }
fail() {
  echo "fail $1: $2"
  failures=$((failures + 1))
}

have() { command -v "$1" >/dev/null 2>&1; }

check_scripts() {
  if ! have shellcheck; then
    skip scripts "shellcheck is not installed"
    return
  fi
  local scripts
  mapfile -t scripts < <(printf '%s\n' test.sh .ci/run; find deploy -name '*.sh' | sort)
  if shellcheck "${scripts[@]}"; then pass scripts; else fail scripts "shellcheck objects, see above"; fi
}

compose() {
  if docker compose version >/dev/null 2>&1; then docker compose "$@"; else docker-compose "$@"; fi
}

check_compose() {
  local file=deploy/compose/compose.yaml
  if ! docker compose version >/dev/null 2>&1 && ! have docker-compose; then
    skip compose "neither 'docker compose' nor 'docker-compose' is installed"
    return
  fi
  # The example must be complete; without the public address nothing may start.
  if ! compose --file "$file" --env-file deploy/compose/example.env config >"$scratch/compose" 2>&1; then
    cat "$scratch/compose"
    fail compose "$file is refused with example.env"
  elif ! compose --file "$file" --file deploy/compose/redis.yaml --env-file deploy/compose/example.env config >"$scratch/compose" 2>&1; then
    cat "$scratch/compose"
    fail compose "redis.yaml beside $file is refused"
  elif grep -v '^CRUST_ADVERTISE=' deploy/compose/example.env >"$scratch/env" &&
    compose --file "$file" --env-file "$scratch/env" config >"$scratch/compose" 2>&1; then
    fail compose "$file is accepted without CRUST_ADVERTISE"
  elif ! grep -q 'CRUST_ADVERTISE' "$scratch/compose"; then
    cat "$scratch/compose"
    fail compose "the refusal without CRUST_ADVERTISE does not name it"
  else
    pass compose
  fi
}

check_unit() {
  local unit=$1 name copy
  name=$(basename "$unit")
  if ! have systemd-analyze; then
    skip "$name" "systemd-analyze is not installed"
    return
  fi
  # Crust is not installed where this runs, so that its programs stand in as /bin/true. All else is verified as it is.
  copy=$scratch/$name
  sed -E 's#/usr/lib/crust/[^ ]+#/bin/true#g' "$unit" >"$copy"
  if ! systemd-analyze verify --man=no "$copy" >"$scratch/verify" 2>&1 || grep -qF "$copy" "$scratch/verify"; then
    cat "$scratch/verify"
    fail "$name" "systemd-analyze verify objects, see above"
  elif ! systemd-analyze security --help 2>/dev/null | grep -q -- --offline; then
    skip "$name exposure" "this systemd-analyze cannot judge a unit offline"
    pass "$name"
  elif ! systemd-analyze security --offline=yes --no-pager --threshold="$EXPOSURE_LIMIT" "$copy" >"$scratch/security" 2>&1; then
    grep '✗' "$scratch/security" || cat "$scratch/security"
    fail "$name" "its exposure is over $EXPOSURE_LIMIT/100: $(tail -n 1 "$scratch/security")"
  else
    pass "$name"
  fi
}

# The options that deployment files give a program must be in its own help.
check_options() {
  local name=$1 program=$2 option
  shift 2
  if [[ ! -x $program ]]; then
    skip "$name options" "$program is not built"
    return
  fi
  local help=$scratch/help
  timeout 30 "$program" "$@" --help >"$help" 2>&1 </dev/null || true
  if [[ ! -s $help ]]; then
    fail "$name options" "'$(basename "$program")${1:+ $*} --help' prints nothing"
    return
  fi
  local missing=()
  while read -r option; do
    grep -qE -- "(^|[^a-z-])$option([^a-z-]|\$)" "$help" || missing+=("$option")
  done < <(options_for "$name")
  if ((${#missing[@]} == 0)); then pass "$name options"; else fail "$name options" "its help does not know ${missing[*]}"; fi
}

# What the three kinds of files give the silo or the gateway.
options_for() {
  {
    grep -hE '^(CMD|ENTRYPOINT)' "deploy/docker/Dockerfile.$1"
    grep -hE '^ExecStart=' deploy/systemd/crust-"$1"*.service
    sed -nE "/^  $1(-a)?:/,/^    (networks|ports):/p" deploy/compose/compose.yaml
  } | grep -oE -- '(^|[ "])--[a-z-]+' | grep -oE -- '--[a-z-]+' | sort -u
}

check_scripts
check_compose
for unit in deploy/systemd/*.service; do check_unit "$unit"; done
check_options silo "Crust.Silo/$BUILT/Crust.Silo"
check_options gateway "Crust.Gateway/$BUILT/crust" gateway
((failures == 0))

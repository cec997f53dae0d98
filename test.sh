#!/usr/bin/env bash
# Builds Crust, tests it and checks what deploys it. The last line is the sum: `N passed, N failed`, and `, N skipped` if some were.
set -euo pipefail
exec </dev/null
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
  cat <<'TEXT'
usage: ./test.sh [--install] [--quick | --full] [--seeds N]
  (none)     installs nothing, runs what this machine can, in at most 25 minutes
  --install  first installs the tools that tests use, by apt and npm; says which
  --quick    at most 2 minutes: leaves out the slow tests; needs no root
  --full     runs every promise, for as long as it takes
  --seeds N  tells N stories in the simulated world, 200 unless said
TEXT
}

install=no mode=normal
while (($# > 0)); do
  argument=$1
  shift
  case $argument in
    --install) install=yes ;;
    --quick) mode=quick ;;
    --full) mode=full ;;
    --seeds)
      [[ ${1:-} =~ ^[1-9][0-9]*$ ]] || { echo "test.sh: --seeds needs a number" >&2 && usage >&2 && exit 2; }
      export CRUST_SEEDS=$1
      shift
      ;;
    -h | --help) usage && exit 0 ;;
    *) echo "test.sh: what is '$argument'?" >&2 && usage >&2 && exit 2 ;;
  esac
done

readonly RESULTS=$PWD/artifacts/test-results
readonly TESTS=$PWD/Crust.Tests/bin/Release/net10.0/Crust.Tests.dll
# Without progress for this long, a suite hangs: it is ended and counts as failed.
HANG=10m
[[ $mode == quick ]] && HANG=60s
readonly HANG

passed=0 failed=0 skipped=0 finished=no policy=
suites=() failures=() skips=() unsteady=()

# However the script ends, this is what it ends with.
finish() {
  local code=$?
  trap - EXIT
  restore_services
  if [[ $finished == no ]]; then
    failed=$((failed + 1))
    failures+=("test.sh itself ended early, with exit code $code")
  fi
  section "Suites" "${suites[@]}"
  section "Skipped" "${skips[@]}"
  section "Passed at the second try, alone: look into them" "${unsteady[@]}"
  section "Failed" "${failures[@]}"
  if ((passed + failed == 0)); then echo && echo "No test ran, and that is a failure."; fi
  echo
  if ((skipped > 0)); then
    echo "$passed passed, $failed failed, $skipped skipped"
  else
    echo "$passed passed, $failed failed"
  fi
  ((failed == 0 && passed > 0)) || exit 1
  exit 0
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

section() {
  local title=$1
  shift
  (($# == 0)) || printf '\n%s\n' "$title"
  (($# == 0)) || printf '  %s\n' "$@"
}

say() { printf '\n== %s\n' "$*"; }
have() { command -v "$1" >/dev/null 2>&1 || [[ -x /usr/sbin/$1 || -x /sbin/$1 ]]; }

# --- What tests need from the system -------------------------------------------------------------------------------------------------

# command | Debian package | what for
readonly TOOLS='
git|git|the tidy tests ask it which files are the repository
ip|iproute2|the NAT lab builds networks of namespaces
turnserver|coturn|another implementation of STUN, server and clients, and the relay that ours is measured beside
nft|nftables|the NAT lab'"'"'s routers
conntrack|conntrack|routers of the NAT lab forget their mappings
miniupnpd|miniupnpd|a router that maps ports: UPnP-IGD, NAT-PMP, PCP
ethtool|ethtool|switches off what network cards do for the kernel
node|nodejs|runs libutp, the reference implementation of µTP
npm|npm|installs libutp'"'"'s bindings for Node.js
libtorrent|python3-libtorrent|a second implementation of µTP, in a BitTorrent client
tshark|tshark|dissects our µTP packets
ps|procps|tests of real processes
shellcheck|shellcheck|checks the scripts
systemd-analyze|systemd|checks the systemd units
redis-server|redis-server|the storage of the redis profile
compose|docker-compose|checks the compose file; no engine is started
'

# The Node.js packages of tests: pinned by the lock files there.
readonly LIBUTP=Crust.Tests/Interop/Utp/Libutp
readonly AZURITE=Crust.Tests/Cluster/Servers/Azurite

has_tool() {
  case $1 in
    compose) docker compose version >/dev/null 2>&1 || have docker-compose ;;
    libtorrent) /usr/bin/python3 -c 'import libtorrent' >/dev/null 2>&1 ;; # Debian's own Python has Debian's packages.
    *) have "$1" ;;
  esac
}

as_root() {
  if ((EUID == 0)); then "$@"; else sudo --non-interactive "$@"; fi
}

# Debian starts a service as soon as it is installed, unless this policy forbids it. One that is there already stays.
block_services() {
  [[ -e /usr/sbin/policy-rc.d ]] && return
  policy=/usr/sbin/policy-rc.d
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
}

restore_services() {
  [[ -z $policy ]] || as_root rm -f "$policy" || echo "test.sh: could not remove $policy, please do" >&2
  policy=
}

install_tools() {
  local command package reason packages=()
  while IFS='|' read -r command package reason; do
    if [[ -n $command ]] && ! has_tool "$command"; then
      echo "  $package: $reason"
      packages+=("$package")
    fi
  done <<<"$TOOLS"
  if ((${#packages[@]} == 0)); then
    echo "  nothing: all tools are here"
    return
  fi
  if ! have apt-get; then
    echo "  but this machine has no apt-get: please install them; what needs them is skipped"
    return
  fi
  if ((EUID != 0)) && ! sudo --non-interactive true 2>/dev/null; then
    echo "  but this user is not root and cannot become it by sudo: what needs them is skipped"
    return
  fi
  block_services
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get --quiet=2 --option Dpkg::Use-Pty=0)
  as_root "${apt[@]}" update || echo "  apt-get update failed: trying with the lists that are here"
  if ! as_root "${apt[@]}" install --yes --no-install-recommends "${packages[@]}" >"$RESULTS/apt.log" 2>&1; then
    # One that is missing must not cost the others.
    for package in "${packages[@]}"; do
      as_root "${apt[@]}" install --yes --no-install-recommends "$package" >>"$RESULTS/apt.log" 2>&1 ||
        echo "  could not install $package (see ${RESULTS#"$PWD"/}/apt.log): what needs it is skipped"
    done
  fi
  restore_services
}

# What they bring is ready to run: nothing is compiled, no script of a package runs.
install_node_packages() { # folder, what it is, the package to look for
  if ! have npm; then
    echo "  but npm is missing: what needs $3 is skipped"
  elif npm ls --prefix "$1" --depth=0 >/dev/null 2>&1; then
    echo "  nothing: $3 is here"
  else
    echo "  $2, into $1/node_modules"
    timeout 300 npm ci --prefix "$1" --ignore-scripts --no-audit --no-fund --fetch-retries=1 --fetch-timeout=30000 >"$RESULTS/npm-$3.log" 2>&1 ||
      echo "  could not install it (see ${RESULTS#"$PWD"/}/npm-$3.log): what needs it is skipped"
  fi
}

# --- Suites --------------------------------------------------------------------------------------------------------------------------

add_suite() { # name, passed, failed, skipped, seconds
  suites+=("$(printf '%-14s %4d passed, %d failed, %d skipped in %d s' "$@")")
  passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
}

# One line a test: outcome, name, first line of the message; separated by tabs.
read_report() {
  awk '
    function attribute(line, name) { return match(line, " " name "=\"[^\"]*\"") ? substr(line, RSTART + length(name) + 3, RLENGTH - length(name) - 4) : "" }
    function text(s) { gsub(/<[^>]*>/, "", s); gsub(/&#x[0-9A-Fa-f]+;/, " ", s); gsub(/&quot;/, "\"", s); gsub(/&apos;/, "\047", s); gsub(/&lt;/, "<", s)
      gsub(/&gt;/, ">", s); gsub(/&amp;/, "\\&", s); gsub(/[\t\r]/, " ", s); sub(/^ +/, "", s); return s }
    function put() { if (name != "") print outcome "\t" name "\t" message; name = "" }
    /<UnitTestResult / { put(); name = text(attribute($0, "testName")); outcome = attribute($0, "outcome"); message = "" }
    /<StdOut>/ && name != "" && message == "" { message = text($0) }
    /<Message>/ && name != "" { message = text($0) }
    /<\/Results>/ { put(); exit }
    END { put() }' "$1"
}

# Suites of real sockets, processes and clocks, where a machine that is busy elsewhere may make a wait too short. The others have no such excuse.
readonly REAL_TIME=' Cluster Interop NatLab Processes '
# The reason of assertions that no busy machine excuses (`Promise` in Crust.Tests): a second try would prove nothing.
readonly PROMISE='everything arrives once and in order'
# More than so many failures of a suite are no accident.
readonly MOST_UNSTEADY=5

run_tests() { # name of the report, filter, further arguments
  local name=$1 filter=$2
  shift 2
  dotnet test "$TESTS" --filter "$filter" --logger "trx;LogFileName=$name.trx" --logger "console;verbosity=minimal" \
    --results-directory "$RESULTS" --blame-hang-timeout "$HANG" --blame-hang-dump-type none "$@"
}

# Runs failed tests once more, by themselves. What passes now is listed apart, and counts as passed; the names of the others are left in `broken`.
try_again() { # suite, names of tests
  local suite=$1 filter='' outcome test message
  shift
  local -A second=()
  for test; do filter+="${filter:+|}FullyQualifiedName=${test%%(*}"; done
  say "$suite: $# once more, alone"
  run_tests "$suite.again" "$filter" -- xUnit.MaxParallelThreads=1 || true
  while IFS=$'\t' read -r outcome test message; do second[$test]=$outcome; done < <(read_report "$RESULTS/$suite.again.trx")
  broken=()
  for test; do
    if [[ ${second[$test]:-} == Passed ]]; then unsteady+=("$test"); else broken+=("$test"); fi
  done
}

run_suite() {
  local name=$1 filter="FullyQualifiedName~Crust.Tests.$1." report=$RESULTS/$1.trx started=$SECONDS code=0
  [[ $mode == quick ]] && filter="($filter)&(speed!=slow)"
  # Cells of the NAT matrix are processes that mostly wait: four at once keep two cores busy.
  local settings=()
  if [[ $name == NatLab ]]; then
    settings=(-- xUnit.MaxParallelThreads=4)
    rm -f artifacts/nat-matrix.jsonl
  fi
  say "$name"
  run_tests "$name" "$filter" "${settings[@]}" || code=$?
  # What was seen of NATs, in tables.
  if [[ $name == NatLab && -f artifacts/nat-matrix.jsonl ]]; then dotnet "$TESTS" --nat-matrix artifacts/nat-matrix.jsonl; fi
  local good=0 left=0 outcome test message broken=() final=()
  if [[ -f $report ]]; then
    while IFS=$'\t' read -r outcome test message; do
      case $outcome in
        Passed) good=$((good + 1)) ;;
        NotExecuted) left=$((left + 1)) && skips+=("$test: ${message:-no reason given}") ;;
        *) if [[ $message == *"$PROMISE"* ]]; then final+=("$test"); else broken+=("$test"); fi ;;
      esac
    done < <(read_report "$report")
  fi
  # A test host that crashes or hangs takes its tests with it: they failed, whatever the report says.
  if ((code != 0 && ${#broken[@]} + ${#final[@]} == 0)); then
    broken=("$name: the test host did not finish (exit code $code)")
  elif [[ $REAL_TIME == *" $name "* ]] && ((${#broken[@]} > 0 && ${#broken[@]} <= MOST_UNSTEADY)); then
    local failed_first=${#broken[@]}
    try_again "$name" "${broken[@]}"
    good=$((good + failed_first - ${#broken[@]}))
  fi
  broken+=("${final[@]}")
  failures+=("${broken[@]}")
  add_suite "$name" "$good" "${#broken[@]}" "$left" $((SECONDS - started))
}

run_checks() {
  local started=$SECONDS good=0 bad=0 left=0 code=0 line
  say "Deploy"
  deploy/check.sh >"$RESULTS/deploy.log" 2>&1 || code=$?
  cat "$RESULTS/deploy.log"
  while read -r line; do
    case $line in
      "pass "*) good=$((good + 1)) ;;
      "fail "*) bad=$((bad + 1)) && failures+=("deploy: ${line#fail }") ;;
      "skip "*) left=$((left + 1)) && skips+=("deploy: ${line#skip }") ;;
    esac
  done <"$RESULTS/deploy.log"
  if ((code != 0 && bad == 0)); then
    bad=1
    failures+=("deploy/check.sh did not finish (exit code $code)")
  fi
  add_suite Deploy "$good" "$bad" "$left" $((SECONDS - started))
}

# --- The run -------------------------------------------------------------------------------------------------------------------------

rm -rf "$RESULTS"
mkdir -p "$RESULTS"

# An account without a home (a build agent's) gets one here: the SDK and the package cache want it.
if [[ -z ${HOME:-} || ! -w $HOME ]]; then
  export HOME=$PWD/artifacts/home
  mkdir -p "$HOME"
fi
if [[ $install == yes ]]; then
  say "Installing by apt, with services kept from starting"
  install_tools
  say "Installing by npm, without running scripts of packages"
  install_node_packages "$LIBUTP" "utp-native and what it needs (9 small packages): libutp for Node.js" utp-native
  install_node_packages "$AZURITE" "azurite and what it needs (450 packages, 360 MB): the storage of the azure profile" azurite
fi

if ! have dotnet; then
  echo "test.sh: the .NET 10 SDK is needed and 'dotnet' is not on the PATH" >&2
  failures+=("no .NET SDK")
  failed=1 finished=yes
  exit 1
fi

# No daemons that outlive the run, no greetings.
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1
[[ $mode == full ]] && export CRUST_FULL=1

say "Build"
started=$SECONDS
if ! dotnet build Crust.sln --configuration Release --disable-build-servers --verbosity quiet; then
  failures+=("the build")
  failed=1 finished=yes
  exit 1
fi
echo "built in $((SECONDS - started)) s"

# Tests of processes run what is deployed, which is compiled ahead of time; the quick ones start too few of them.
if [[ $mode != quick ]]; then
  say "Publish"
  started=$SECONDS
  export CRUST_PUBLISHED=$PWD/artifacts/published
  rm -rf "$CRUST_PUBLISHED"
  for program in Crust.Gateway Crust.Silo; do
    # The build has analysed the same sources.
    if ! dotnet publish "$program" --configuration Release --use-current-runtime --no-self-contained --output "$CRUST_PUBLISHED/$program" \
      --disable-build-servers --verbosity quiet --property:RunAnalyzers=false; then
      failures+=("publishing $program")
      failed=1 finished=yes
      exit 1
    fi
  done
  echo "published in $((SECONDS - started)) s"
fi

# Every folder of tests is a suite of its own process: a crash costs one suite, and the time is its own.
for folder in Crust.Tests/*/; do
  suite=$(basename "$folder")
  if grep -rqE --include='*.cs' '\[(Fact|Theory)' "$folder"; then run_suite "$suite"; fi
done
run_checks
finished=yes

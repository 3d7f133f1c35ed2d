#!/usr/bin/env bash
# Annotates every function of well-known crates, and runs the crates' own tests: as published, then with
# nothing attached (off), with probes at every function (armed), and while a thread attaches and detaches
# such probes all the time (churn). What passes as published has to pass in each of the three.
#
# Usage: ci/transplant.sh [CRATE..]      of those in transplant/crates; semver and httparse unless said
#        SINGLE=1 ci/transplant.sh ..   the attribute on each method, not on `impl` blocks and traits
#        SECONDS_EACH=1800 ..            instead of 600, to build and run a crate's tests once
#        ci/transplant.sh --time         what annotation costs where nothing is attached
#
# Every function is annotated but `const` and `async` ones, which cannot be; the tool says how many those are.
#
# Sources come from cargo, in the versions of transplant/crates; the lock file in each package says which
# versions its tests need. Lints keep their level, whatever a crate forbids.
set -euo pipefail
cd "$(dirname "$0")/.."

repository=$PWD
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
export CARGO_INCREMENTAL=0
work=$CARGO_TARGET_DIR/transplant

# Prints the version and the features of a crate, and perhaps a test that takes too long.
pinned() {
    local found
    found=$(sed -n "s/^$1 //p" transplant/crates)
    [[ -n $found ]] || { echo "$1 is not in transplant/crates" >&2; exit 2; }
    echo "$found"
}

# Fetches the crates and puts their sources into `plain/` and, annotated, `annotated/`;
# $1 is an option of the tool, or empty.
obtain() {
    local crate version features skipped option=$1
    shift
    rm -rf "$work/fetch" "$work/annotated"
    mkdir -p "$work/fetch/src" "$work/plain" "$work/annotated"
    {
        printf '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n[dependencies]\n'
        for crate; do
            read -r version features skipped < <(pinned "$crate")
            echo "$crate = \"=$version\""
        done
    } > "$work/fetch/Cargo.toml"
    touch "$work/fetch/src/lib.rs"
    cargo vendor --quiet --versioned-dirs --manifest-path "$work/fetch/Cargo.toml" "$work/fetch/vendor" > /dev/null

    for crate; do
        read -r version features skipped < <(pinned "$crate")
        if [[ ! -e $work/plain/$crate/$version ]]; then
            rm -rf "${work:?}/plain/$crate"
            cp -r "$work/fetch/vendor/$crate-$version" "$work/plain/$crate"
            # Benchmarks are not run, and what they need takes longer to compile than all else.
            awk 'BEGIN { RS = ""; ORS = "\n\n" } !/^\[\[bench\]\]|^\[[^\n]*dev-dependencies.criterion\]/' \
                "$work/fetch/vendor/$crate-$version/Cargo.toml" > "$work/plain/$crate/Cargo.toml"
            printf '[workspace]\n' >> "$work/plain/$crate/Cargo.toml"
            touch "$work/plain/$crate/$version"
        fi
        cp -r "$work/plain/$crate" "$work/annotated/$crate"
    done
    cargo run --quiet --locked --package gtramp-transplant --example annotate -- \
        --leave transplant/leave ${option:+"$option"} "${@/#/$work/annotated/}"
}

# Runs the tests of $1/$2 and lists them, sorted, in $work/$2.$3. Sources are compiled for users, without
# what this repository's settings add.
tests_of() {
    local status=0 out=$work/$2.$3
    local version features skipped
    read -r version features skipped < <(pinned "$2")
    rm -f "$out.report"
    (
        cd "$work/$1/$2"
        # Optimised, so that there are inlined functions too.
        CARGO_PROFILE_DEV_OPT_LEVEL=1 CARGO_PROFILE_DEV_DEBUG=0 RUSTFLAGS="" CARGO_TARGET_DIR=$work/target \
            TRANSPLANT=$3 TRANSPLANT_REPORT=$out.report timeout "${SECONDS_EACH:-600}" cargo test --no-fail-fast \
            --no-default-features --features "$features" --lib --tests -- ${skipped:+--skip "$skipped"}
    ) > "$out.log" 2>&1 || status=$?
    if [[ $status == 124 ]]; then
        echo "$2, $3: neither built nor run in ${SECONDS_EACH:-600} seconds, see SECONDS_EACH ($out.log)" >&2
        return 1
    fi
    # A test is known by its name and its file, whatever the order in which they ended.
    awk '/^     Running / { file = $2 == "unittests" ? $3 : $2 }
        /^test .* \.\.\. / { name = $2; print file, name, $NF }' "$out.log" | sort > "$out"
    if grep -q '^error: could not compile' "$out.log"; then
        grep -A12 '^error' "$out.log" | head -n "${TRANSPLANT_ERRORS:-60}" >&2
        echo "$2: does not compile ($out.log)" >&2
        return 1
    fi
    return 0
}

transplant() {
    local crate=$1 mode wrong=0 lost
    tests_of plain "$crate" plain || return 1
    echo "$crate: $(grep -c ' ok$' "$work/$crate.plain") tests pass as published"
    for mode in off armed churn; do
        tests_of annotated "$crate" "$mode" || return 1
        lost=$(comm -23 <(grep ' ok$' "$work/$crate.plain") "$work/$crate.$mode")
        if [[ -n $lost ]]; then
            wrong=1
            sed "s/^/$crate, $mode: does not pass: /" <<< "$lost" >&2
        fi
        printf '%s, %s: %d pass' "$crate" "$mode" "$(grep -c ' ok$' "$work/$crate.$mode")"
        if [[ $mode != off ]]; then
            awk '{ f = $1 > f ? $1 : f; e += $2; x += $3; a += $4 } END {
                printf "; %d functions at most, %d hits at entry, %d at exit, %d attaches", f, e, x, a
                exit !(f && e && x) }' "$work/$crate.$mode.report" ||
                { echo "$crate, $mode: no probe ran" >&2; wrong=1; }
        fi
        echo
    done
    return "$wrong"
}

# Builds one program twice, on sources as published and annotated, and compares.
time_it() {
    local crate version features skipped build round name
    local timed=(serde_json httparse regex-syntax miniz_oxide memchr)
    obtain --without-probes "${timed[@]}"
    for build in plain annotated; do
        mkdir -p "$work/time/$build"
        {
            printf '[package]\nname = "%s"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n' "$build"
            printf '[[bin]]\nname = "%s"\npath = "%s"\n' "$build" "$repository/transplant/examples/timing.rs"
            printf '[dependencies]\n'
            for crate in "${timed[@]}"; do
                read -r version features skipped < <(pinned "$crate")
                echo "$crate = { path = \"$work/$build/$crate\", default-features = false, features = [\"${features//,/\", \"}\"] }"
            done
        } > "$work/time/$build/Cargo.toml"
        # What the crates, and gtramp, depend on is as published.
        RUSTFLAGS="" CARGO_TARGET_DIR=$work/target cargo build --quiet --release \
            --manifest-path "$work/time/$build/Cargo.toml"
        cp "$work/target/release/$build" "$work/time/$build/"
        strip -o "$work/time/$build/stripped" "$work/time/$build/$build"
        : > "$work/time/$build/times"
    done
    for ((round = 0; round < ${ROUNDS:-40}; round++)); do
        for build in plain annotated; do
            "$work/time/$build/$build" 10 >> "$work/time/$build/times"
        done
    done
    sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1
    echo "off / plain, of $((${ROUNDS:-40} * 10)) bursts    fastest  median    plain, fastest"
    cut -f 1 "$work/time/plain/times" | awk '!seen[$0]++' | while read -r name; do
        for build in plain annotated; do
            awk -F '\t' -v name="$name" '$1 == name { gsub(" ", "\n", $2); print $2 }' \
                "$work/time/$build/times" | sort -n |
                awk '{ all[NR] = $1 } END { print all[1], all[int((NR + 1) / 2)] }'
        done | awk -v name="$name" '{ min[NR] = $1; median[NR] = $2 } END {
            printf "%-34s %5.2f  %6.2f  %10.0f ns\n", name, min[2] / min[1], median[2] / median[1], min[1] }'
    done
    stat --format '%s' "$work"/time/{plain,annotated}/stripped | tr '\n' ' ' | awk '{
        printf "%-34s %5.2f  (%d and %d bytes, stripped)\n", "size of the program", $2 / $1, $1, $2 }'
}

if [[ ${1:-} == --time ]]; then
    time_it
    exit
fi
crates=("$@")
[[ $# != 0 ]] || crates=(semver httparse)
obtain "${SINGLE:+--single}" "${crates[@]}"
failed=()
for crate in "${crates[@]}"; do
    transplant "$crate" || failed+=("$crate")
done
if [[ ${#failed[@]} != 0 ]]; then
    echo "failed: ${failed[*]}" >&2
    exit 1
fi

# Sourced by the benches that learn from made-up worlds: a throw-away project, filled with the examples of one seed. Needs TIDEMARK_BIN.
# shellcheck shell=bash
: "${TIDEMARK_BIN:?the binary}"
bin=$(readlink -f "$TIDEMARK_BIN")
studio=$(readlink -f "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../examples/studio")
end=${TIDEMARK_BENCH_END:-2026-11-24}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/tidemark-bench.XXXXXX")
project=

drop() { # stops the project's server and removes all of it
    local base
    [[ $project ]] || return 0
    (cd "$project" && "$bin" db stop) >/dev/null 2>&1 || true
    base=/var/lib/tidemark/$(printf %s "$(readlink -f "$project")" | sha256sum | cut -c1-16)
    ((EUID != 0)) || rm -rf "$base"
    rm -rf "$project"
    project=
}
trap 'drop; rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Runs tidemark in the project; what it said is in $tmp/log. 0 and 2 (some of it is broken on purpose) are both as they should be.
tm() {
    local code=0
    (cd "$project" && "$bin" "$@") >"$tmp/log" 2>&1 </dev/null || code=$?
    ((code == 0 || code == 2)) && return 0
    cat "$tmp/log" >&2
    echo "this ended with exit code $code: tidemark $*" >&2
    exit "$code"
}

owner_id() { lua5.4 - "$project/tidemark.lua" <<<'print(dofile(arg[1]).owners.studio)'; }

# world SEED [--null]: a project with the studio's payloads, accounts, changes and style documents; $tmp/world has what is true in it.
world() {
    local login owner type version at account metric options
    [[ ! -t 2 ]] || printf '\r\033[Kseed %s %s' "$1" "${2-}" >&2
    rm -rf "$tmp/world"
    project=$tmp/project
    lua5.4 "$studio/generate.lua" --out "$tmp/world" --end "$end" --seed "$@" --owner studio
    "$bin" init --owner studio "$project" >/dev/null
    tm db start
    tm ingest --owner studio "$tmp/world/studio"
    for login in "$tmp"/world/tiktok/studio/*; do
        tm ingest --owner studio -p tiktok --account "${login##*/}" "$login"
    done
    tm db psql -X -v "studio=$(owner_id)" -v "solo=$(owner_id)" -f "$tmp/world/accounts.sql"
    while IFS=$'\t' read -r owner type version at account metric; do
        options=(--owner "$owner" --at "$at" --metric "$metric")
        [[ $account == all ]] || options+=(--account "$account")
        tm change add "$type" "$version" "${options[@]}"
    done <"$tmp/world/changes.tsv"
    tm ingest --owner studio -p style --at "${end}T00:00:00Z" "$tmp/world/style/studio.ndjson"
}

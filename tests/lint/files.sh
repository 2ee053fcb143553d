#!/usr/bin/env bash
# files.sh KIND: the project's files of one kind (c, shell, lua, text), a path a line, from the root of the sources. What git
# ignores is not the project's. Without git (a tarball, the lints' own test) everything below the root is.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
cd "${TIDEMARK_SOURCE:-$here/../..}"

every() {
    if [[ -e .git ]] && command -v git >/dev/null; then
        git -c "safe.directory=$PWD" ls-files -z --cached --others --exclude-standard
    else
        find . \( -name .git -o -path ./build -o -path ./demo \) -prune -o -type f -printf '%P\0'
    fi
}

begins() { # begins FILE REGEX
    local first=
    [[ -f $1 ]] && { IFS= read -r -n 60 first <"$1" || true; } 2>/dev/null && [[ $first =~ $2 ]]
}
is_shell() { begins "$1" '^#!.*[/ ](ba)?sh'; }
is_lua() { [[ $1 == *.lua ]] || begins "$1" '^#!.*[/ ]lua'; }

case ${1-} in
    c) every | grep -zE '^(src|tests)/.*\.[ch]$' || true ;;
    lua)
        every | while IFS= read -r -d '' file; do
            if [[ $file == *.lua || $file == tests/* ]] && is_lua "$file"; then printf '%s\0' "$file"; fi
        done
        ;;
    shell)
        every | while IFS= read -r -d '' file; do
            if [[ $file != *.* || $file == *.sh || $file == .ci/* ]] && is_shell "$file"; then printf '%s\0' "$file"; fi
        done
        ;;
    text) every | grep -zvE '\.(png|gz|zip)$' || true ;;
    *)
        echo "files.sh: which kind? c, lua, shell, text" >&2
        exit 64
        ;;
esac | while IFS= read -r -d '' file; do
    [[ ! -f $file ]] || printf '%s\n' "$file"
done | LC_ALL=C sort

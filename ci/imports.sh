#!/usr/bin/env bash
# Inside runtime/src a module imports only from its own row and the rows above it.
# See "Modules" in ARCHITECTURE.md.
set -euo pipefail
cd "$(dirname "$0")/../runtime/src"

declare -A row=([error]=1 [sync]=1 [arch]=1 [sys]=1 [scope]=1 [site]=2 [grace]=2 [probe]=2
    [registry]=3 [md]=3 [caller]=4 [poke]=4 [life]=5 [link]=5 [fuzz]=6)

# What an error reports: the function and the mismatch.
exceptions=" error>probe error>site "
# Same row, and yet: the hot path knows nothing of writing entries, and the reverse.
forbidden=" caller>poke poke>caller caller>registry "

wrong=0
for module in "${!row[@]}"; do
    files=$(find . -path "./$module.rs" -o -path "./$module/*.rs")
    [[ -n $files ]] || { echo "no module $module" >&2; exit 1; }
    # Comments do not count: documentation may name what it likes.
    # shellcheck disable=SC2086
    used=$(sed 's://.*::' $files | grep -oE 'crate::[a-z_]+' | cut -d: -f3 | sort -u || true)
    for other in $used; do
        edge="$module>$other"
        [[ -n ${row[$other]:-} && $module != "$other" ]] || continue
        [[ $exceptions != *" $edge "* ]] || continue
        if ((row[$other] > row[$module])) || [[ $forbidden == *" $edge "* ]]; then
            echo "$module imports from $other" >&2
            wrong=1
        fi
    done
done
exit "$wrong"

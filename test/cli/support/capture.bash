# Completes lines as readline does: bash capture.bash SCRIPT LINE... prints the matches of each line, and then ---.
source "$1"
shift
for line; do
  # Readline splits words also at = (bash(1), COMP_WORDBREAKS).
  IFS=' ' read -ra COMP_WORDS <<<"${line//=/ = }"
  [[ $line != *' ' ]] || COMP_WORDS+=('')
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  [[ $(complete -p "${COMP_WORDS[0]}") =~ -F\ ([a-z_]+) ]]
  "${BASH_REMATCH[1]}" 2>&1
  printf '%s\n' "${COMPREPLY[@]}" ---
done

# shellcheck shell=bash
# Prints what bash offers at the end of each argument: calls the function with the variables that readline sets.
# shellcheck source=completions/jobserver-tools.bash
source "$COMPLETIONS/jobserver-tools.bash"

# It is for use within readline only.
# shellcheck disable=SC2317 # the completions call it
compopt() { :; }
# What bash-completion defines if it is loaded.
# shellcheck disable=SC2317
[[ ${WITH_BASH_COMPLETION-} ]] && _command_offset() { COMPREPLY=("offset $1"); }

for line; do
  printf '# %s\n' "$line"
  read -ra COMP_WORDS <<<"${line//=/ = }"
  [[ $line == *' ' ]] && COMP_WORDS+=('')
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
  registered=$(complete -p "${COMP_WORDS[0]}")
  function=${registered#*-F }
  "${function%% *}" "${COMP_WORDS[0]}" "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
  # readline shows duplicates once, such as a command that is on PATH twice.
  ((${#COMPREPLY[@]})) && printf '%s\t\n' "${COMPREPLY[@]}" | sort -u
done
exit 0

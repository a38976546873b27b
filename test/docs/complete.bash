# shellcheck shell=bash
# Prints what bash offers at the end of each argument: calls the function with what readline would give it.
# shellcheck source=completions/jobserver-tools.bash
source "$COMPLETIONS/jobserver-tools.bash"

# It is for use within readline only.
# shellcheck disable=SC2317 # the completions call it
compopt() { :; }
# What bash-completion brings, where it is loaded.
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
  # Of those that are the same readline shows one, as of a command that is on PATH twice.
  ((${#COMPREPLY[@]})) && printf '%s\t\n' "${COMPREPLY[@]}" | sort -u
done
exit 0

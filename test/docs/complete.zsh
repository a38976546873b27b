# The .zshrc of a shell that writes to $RESULTS what zsh offers at the end of each line of $TO_COMPLETE, and ends. zsh
# completes within its line editor only, so it needs a terminal.
PROMPT= RPROMPT=
exec 7>$RESULTS 2>&7
fpath=($COMPLETIONS $fpath)
autoload -U compinit
compinit -u -D

show() {
  local -a words texts
  local -i index=${@[(I)-(l|)d]}
  # Some calls only ask.
  if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
    (( index )) && texts=("${(@P)${@[index+1]}}")
    builtin compadd -O words -D texts "$@"
    for ((index = 1; index <= $#words; index++)) print -r -u7 -- "$words[index]"$'\t'"$texts[index]"
  fi
  builtin compadd "$@"
}

capture() {
  compadd() { show "$@" }
  _main_complete
  unfunction compadd
  compstate[insert]= compstate[list]=
}
zle -C capture complete-word capture

zle-line-init() {
  local line
  for line in "${(@f)TO_COMPLETE}"; do
    print -r -u7 -- "# $line"
    BUFFER=$line CURSOR=$#line
    zle capture
  done
  exit
}
zle -N zle-line-init

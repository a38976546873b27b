# shellcheck shell=bash
# Completion of js-acquire, js-create, js-destroy, js-each, js-env, js-release, js-run and js-status for bash 4 and later.
# Source it in ~/.bashrc, or link it under each command's name into the folder that bash-completion loads from.

_jobserver_tools() {
  local command=${1##*/} cur=${COMP_WORDS[COMP_CWORD]} option='' operand='' options
  local -i index=1
  case $command in
    js-acquire) options='-n --slots --timeout --no-wait --memory --memory-per-job --owner --fifo --no-adopt' ;;
    js-create) options='-j --jobs --memory-per-job --fifo --mode --owner --all-tokens --trace --json --auth --keep-env --shims -v --verbose -q --quiet --status-fd' ;;
    js-destroy) options='--fifo --no-adopt --stale' ;;
    js-each)
      options='-a --arg-file -0 --null -I --replace -n --max-args -N --max-replace-args -j --jobs -P --max-procs --slots -k'
      options+=' --keep-order --line-buffer -u --ungroup --tag --json --halt --retries --timeout --joblog --resume --resume-failed --shell'
      options+=' --dry-run --progress --no-progress --memory --memory-per-job --jobs-env --share --auth --keep-env --shims --fifo --no-adopt -q --quiet'
      ;;
    js-release) options='--fifo --no-adopt' ;;
    js-env) options='--sh --check --json --strip --auth --keep-env --shims --fifo --no-adopt' ;;
    js-status) options='-w --watch --all --json --timeline --svg --summary --fifo --no-adopt' ;;
    js-run) options='-n --slots --timeout --no-wait --memory --memory-per-job --require --fit --ignore-dry-run --jobs-env --share --auth --keep-env --shims --fifo --no-adopt -q --quiet --status-fd' ;;
    *) return ;;
  esac
  COMPREPLY=()

  # Options end at the first operand.
  while ((index < COMP_CWORD)); do
    case ${COMP_WORDS[index]} in
      --)
        index+=1
        operand=yes
        break
        ;;
      -n | -qn | --slots | -j | -vj | -qj | -kj | --jobs | --timeout | --memory | --memory-per-job | --owner | --fifo | --mode | --auth | --keep-env | --jobs-env | --status-fd | \
        -a | --arg-file | -I | --replace | --max-args | -N | --max-replace-args | -P | --max-procs | --halt | --retries | --joblog | --trace | --timeline)
        option=${COMP_WORDS[index]}
        # readline makes three words of --auth=pipe.
        [[ ${COMP_WORDS[index + 1]} == = ]] && index+=1
        ((index + 1 >= COMP_CWORD)) && break
        option=
        index+=2
        ;;
      -?*) index+=1 ;;
      *)
        operand=yes
        break
        ;;
    esac
  done

  if [[ $option ]]; then
    [[ $cur == = ]] && cur=
    _jobserver_tools_value "$command" "$option" "$cur"
  elif [[ ! $operand && $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options -h --help --version" -- "$cur")
  elif [[ $command == js-run || $command == js-create || $command == js-each ]]; then
    _jobserver_tools_command "$index" "$cur"
  fi
}

# Completes the value of an option. Arguments: the command, the option, the word so far.
_jobserver_tools_value() {
  case $2 in
    --auth) mapfile -t COMPREPLY < <(compgen -W 'auto fifo pipe' -- "$3") ;;
    --keep-env)
      local names='CMAKE_BUILD_PARALLEL_LEVEL CTEST_PARALLEL_LEVEL MAX_JOBS NPY_NUM_BUILD_JOBS'
      names+=' NINJAFLAGS NINJAOPTS SAMUFLAGS MAKEOPTS GNUMAKEFLAGS DEB_BUILD_OPTIONS OMP_NUM_THREADS RAYON_NUM_THREADS PYTEST_XDIST_AUTO_NUM_WORKERS'
      # The last of the names between commas.
      local before=${3%"${3##*,}"}
      mapfile -t COMPREPLY < <(compgen -W "$names" -P "$before" -- "${3##*,}")
      ;;
    --fifo | -a | --arg-file | --joblog | --trace | --timeline)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -f -- "$3")
      ;;
    --halt) mapfile -t COMPREPLY < <(compgen -W 'never now,fail=1 now,success=1 soon,fail=1 soon,success=1' -- "$3") ;;
    --owner)
      local pids=(/proc/[0-9]*)
      [[ $1 == js-create ]] && pids+=(none)
      mapfile -t COMPREPLY < <(compgen -W "${pids[*]##*/}" -- "$3")
      ;;
  esac
}

# Completes the command that begins at a word's index, and its arguments in its own way.
_jobserver_tools_command() {
  if declare -F _comp_command_offset >/dev/null; then
    _comp_command_offset "$1"
  elif declare -F _command_offset >/dev/null; then
    _command_offset "$1"
  else
    compopt -o bashdefault -o default
    (($1 == COMP_CWORD)) && mapfile -t COMPREPLY < <(compgen -c -- "$2")
  fi
}

complete -F _jobserver_tools js-acquire js-create js-destroy js-each js-env js-release js-run js-status

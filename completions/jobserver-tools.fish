# Completion of js-acquire, js-create, js-destroy, js-each, js-env, js-release, js-run and js-status for fish.
# Source it in config.fish, or link it as COMMAND.fish for each command into ~/.config/fish/completions.

function __jobserver_tools_operands --description 'Print the operands before the cursor'
    set -l words (commandline -opc)
    set -e words[1]
    # Options end at the first operand.
    while set -q words[1]
        switch $words[1]
            case --
                set -e words[1]
                break
            case -n -qn --slots -j -vj -qj -kj --jobs --timeout --memory --memory-per-job --owner --fifo --mode --auth --keep-env --jobs-env --status-fd \
                    -a --arg-file -I --replace --max-args -N --max-replace-args -P --max-procs --halt --retries --joblog --trace --timeline
                set -e words[1]
                set -q words[1]; and set -e words[1]
            case '-?*'
                set -e words[1]
            case '*'
                break
        end
    end
    string join0 -- $words
end

function __jobserver_tools_no_operand --description 'Test whether options may still come'
    set -l operands (__jobserver_tools_operands | string split0)
    not set -q operands[1]
end

function __jobserver_tools_command --description 'Complete a command, and its arguments in its own way'
    set -l operands (__jobserver_tools_operands | string split0)
    set -l word (commandline -ct)
    # It is an option of ours.
    not set -q operands[1]; and string match -q -- '-*' $word; and return
    complete -C (string join -- ' ' (string escape -- $operands) $word)
end

function __jobserver_tools_overriding --description 'Complete the last of the variables between commas'
    set -l before (commandline -ct | string replace -- --keep-env= '' | string match -r '^.*,')
    set -l names CMAKE_BUILD_PARALLEL_LEVEL CTEST_PARALLEL_LEVEL MAX_JOBS NPY_NUM_BUILD_JOBS
    set -a names NINJAFLAGS NINJAOPTS SAMUFLAGS MAKEOPTS GNUMAKEFLAGS DEB_BUILD_OPTIONS OMP_NUM_THREADS RAYON_NUM_THREADS PYTEST_XDIST_AUTO_NUM_WORKERS
    printf '%s\n' "$before"$names
end

for command in js-acquire js-create js-destroy js-each js-env js-release js-run js-status
    complete -c $command -f
    complete -c $command -n __jobserver_tools_no_operand -s h -l help -d 'Print the options'
    complete -c $command -n __jobserver_tools_no_operand -l version -d 'Print the version'
end

for command in js-acquire js-destroy js-each js-env js-release js-run js-status
    complete -c $command -n __jobserver_tools_no_operand -l fifo -rF -d 'Use the pool of this FIFO instead of the one in MAKEFLAGS'
    complete -c $command -n __jobserver_tools_no_operand -l no-adopt -d 'Do not reach make\'s pipe through /proc'
end

for command in js-create js-each js-env js-run
    complete -c $command -n __jobserver_tools_no_operand -l auth -xa 'auto fifo pipe' -d 'How to advertise the pool'
    complete -c $command -n __jobserver_tools_no_operand -l keep-env -xa '(__jobserver_tools_overriding)' -d 'Keep these variables although they override the pool'
    complete -c $command -n __jobserver_tools_no_operand -l shims -d 'Put wrappers on PATH that keep tools within the pool'
end

for command in js-acquire js-run
    complete -c $command -n __jobserver_tools_no_operand -s n -l slots -x -d 'How many slots to take: N, MIN-MAX or all'
    complete -c $command -n __jobserver_tools_no_operand -l timeout -x -d 'Give up with exit status 75 after this time'
    complete -c $command -n __jobserver_tools_no_operand -l no-wait -d 'Give up with exit status 75 if no slot is free'
end

for command in js-acquire js-each js-run
    complete -c $command -n __jobserver_tools_no_operand -l memory -x -d 'Wait until so much memory is free'
    complete -c $command -n __jobserver_tools_no_operand -l memory-per-job -x -d 'Wait until so much memory is free for each slot'
end

complete -c js-acquire -n __jobserver_tools_no_operand -l owner -xa '(__fish_complete_pids)' -d 'Hold the slots for this process instead of the calling shell'

complete -c js-create -n __jobserver_tools_no_operand -s j -l jobs -x -d 'How many jobs may run at a time'
complete -c js-create -n __jobserver_tools_no_operand -l memory-per-job -x -d 'Lower the number to the jobs that fit into free memory'
complete -c js-create -n __jobserver_tools_no_operand -l fifo -rF -d 'Where to make the FIFO'
complete -c js-create -n __jobserver_tools_no_operand -l mode -x -d 'The mode of the FIFO'
complete -c js-create -n __jobserver_tools_no_operand -l owner -xa 'none (__fish_complete_pids)' -d 'End the pool with this process instead of the calling shell'
complete -c js-create -n __jobserver_tools_no_operand -l all-tokens -d 'Put in N tokens, for a session that runs no job itself'
complete -c js-create -n __jobserver_tools_no_operand -l trace -rF -d 'Write a trace of all jobs and waits'
complete -c js-create -n __jobserver_tools_no_operand -l json -d 'Print JSON instead of shell code, for a program'
complete -c js-create -n __jobserver_tools_no_operand -s v -l verbose -d 'Report how N was chosen and what was removed'

complete -c js-destroy -n __jobserver_tools_no_operand -l stale -d 'Remove what killed pools left behind'

complete -c js-each -n __jobserver_tools_no_operand -s a -l arg-file -rF -d 'Read the items from this file'
complete -c js-each -n __jobserver_tools_no_operand -s 0 -l null -d 'Items end with a null character'
complete -c js-each -n __jobserver_tools_no_operand -s I -l replace -x -d 'The string that stands for an item'
complete -c js-each -n __jobserver_tools_no_operand -s n -l max-args -x -d 'Give each job up to so many items'
complete -c js-each -n __jobserver_tools_no_operand -s N -l max-replace-args -x -d 'Give each job so many items, {1}, {2} and so on'
complete -c js-each -n __jobserver_tools_no_operand -s j -l jobs -x -d 'How many jobs may run at a time'
complete -c js-each -n __jobserver_tools_no_operand -s P -l max-procs -x -d 'The same, as with xargs'
complete -c js-each -n __jobserver_tools_no_operand -l slots -x -d 'How many slots each job takes'
complete -c js-each -n __jobserver_tools_no_operand -s k -l keep-order -d 'Print output in the order of the items'
complete -c js-each -n __jobserver_tools_no_operand -l line-buffer -d 'Print whole lines while their job runs'
complete -c js-each -n __jobserver_tools_no_operand -s u -l ungroup -d 'Let the jobs write directly'
complete -c js-each -n __jobserver_tools_no_operand -l tag -d 'Begin each line of output with the items'
complete -c js-each -n __jobserver_tools_no_operand -l json -d 'Print a line of JSON for each job'
complete -c js-each -n __jobserver_tools_no_operand -l halt -xa 'never now,fail=1 now,success=1 soon,fail=1 soon,success=1' -d 'When to stop early'
complete -c js-each -n __jobserver_tools_no_operand -l retries -x -d 'How often to run a job that fails'
complete -c js-each -n __jobserver_tools_no_operand -l timeout -x -d 'How long a job may run'
complete -c js-each -n __jobserver_tools_no_operand -l joblog -rF -d 'Write a line about each job to this file'
complete -c js-each -n __jobserver_tools_no_operand -l resume -d 'Leave out the jobs in the --joblog'
complete -c js-each -n __jobserver_tools_no_operand -l resume-failed -d 'Leave out those that succeeded'
complete -c js-each -n __jobserver_tools_no_operand -l shell -d 'Run the command line with sh -c'
complete -c js-each -n __jobserver_tools_no_operand -l dry-run -d 'Print the commands instead of running them'
complete -c js-each -n __jobserver_tools_no_operand -l progress -d 'Show the progress in any case'
complete -c js-each -n __jobserver_tools_no_operand -l no-progress -d 'Do not show the progress'
complete -c js-each -n __jobserver_tools_no_operand -s q -l quiet -d 'Print only errors'
complete -c js-each -xa '(__jobserver_tools_command)'

complete -c js-env -n __jobserver_tools_no_operand -l sh -d 'Print code for sh, bash, dash, ksh and zsh'
complete -c js-env -n __jobserver_tools_no_operand -l check -d 'Report which tools on PATH would stay within the pool'
complete -c js-env -n __jobserver_tools_no_operand -l json -d 'Print JSON, for --check or for a program'
complete -c js-env -n __jobserver_tools_no_operand -l strip -d 'Print code that hides the pool'

complete -c js-run -n __jobserver_tools_no_operand -l require -d 'Exit 69 if there is no pool'
complete -c js-run -n __jobserver_tools_no_operand -l fit -d 'Lower the -jN of the command to the free slots'
complete -c js-run -n __jobserver_tools_no_operand -l ignore-dry-run -d 'Run the command even under make -n, -q and -t'

for command in js-each js-run
    complete -c $command -n __jobserver_tools_no_operand -l jobs-env -x -d 'Set these variables to the number of slots'
    complete -c $command -n __jobserver_tools_no_operand -l share -d 'Give the command the pool itself'
end

for command in js-create js-run
    complete -c $command -n __jobserver_tools_no_operand -s q -l quiet -d 'Print only errors'
    complete -c $command -n __jobserver_tools_no_operand -l status-fd -x -d 'Write to this descriptor how the command started and ended'
    complete -c $command -xa '(__jobserver_tools_command)'
end

complete -c js-status -n __jobserver_tools_no_operand -s w -l watch -d 'Show it on the whole terminal until q or ^C'
complete -c js-status -n __jobserver_tools_no_operand -l all -d 'Show every pool of this user'
complete -c js-status -n __jobserver_tools_no_operand -l json -d 'Print JSON'
complete -c js-status -n __jobserver_tools_no_operand -l timeline -rF -d 'Draw the trace that js-create --trace wrote'
complete -c js-status -n __jobserver_tools_no_operand -l svg -d 'Print the timeline as a picture'
complete -c js-status -n __jobserver_tools_no_operand -l summary -d 'Print only the figures of the timeline'

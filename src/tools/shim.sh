#!/bin/sh
# Runs a tool through js-run. It comes before the tool on PATH, under the tool's name. So a tool that cannot join the jobserver runs
# in slots, and one that can does not leave it for a number of jobs that somebody gives it. Its path does not depend on the pool,
# so it still works if CMake has written it down. If there is no pool, or the command line only asks the tool for something, it
# executes the tool itself.
name=${0##*/}
here=$(cd "${0%/*}" && pwd -P) || exit 125
tools=${here%/*}

# Sets real to the first program of that name on PATH that is not a wrapper of ours.
find_real() {
  real=
  rest=$PATH:
  while [ -n "$rest" ]; do
    folder=${rest%%:*}
    rest=${rest#*:}
    case ${folder:-.} in "$tools"/*) continue ;; esac
    if [ -f "${folder:-.}/$1" ] && [ -x "${folder:-.}/$1" ]; then
      real=${folder:-.}/$1
      return
    fi
  done
}

find_real "$name"
# The variable NINJA names this wrapper, and its readers look for no other name then.
if [ -z "$real" ] && [ "$name" = ninja ]; then
  find_real ninja-build
  [ -n "$real" ] || find_real samu
fi
if [ -z "$real" ]; then
  echo "$name: not found on PATH" >&2
  exit 127
fi

case "$MAKEFLAGS $CARGO_MAKEFLAGS" in *--jobserver-*) ;; *) exec "$real" "$@" ;; esac
case $name:${1-} in
  go:version | go:env | go:help | go:fmt | go:doc | go:list | go:mod | go:work | go:clean) exec "$real" "$@" ;;
  cmake:--build) ;;
  cmake:*) exec "$real" "$@" ;;
  *:--version | *:--help | *:-h | *make:-v | ninja*:-t) exec "$real" "$@" ;;
esac
exec "$tools/../../bin/js-run.js" --fit -- "$real" "$@"

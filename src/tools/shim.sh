#!/bin/sh
# Stands on PATH before a tool, under the tool's name, and runs it through js-run: so a tool that cannot join the jobserver runs
# in slots, and one that can does not leave it for a number of jobs that somebody gives it. Its place does not change with a
# pool, so that it still works if CMake has written it down. If there is no pool, and for a question that is no job, it only
# gets out of the way.
name=${0##*/}
here=$(cd "${0%/*}" && pwd -P) || exit 125
tools=${here%/*}

# Sets real to the first program of that name on PATH that is no wrapper.
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
# NINJA names this one, and who reads it looks for no other name then.
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

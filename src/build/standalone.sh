#!/bin/sh
# Builds dist/standalone/jobserver-tools, one file with all commands that needs no Node:
#   npm run standalone [-- TARGET]
# TARGET is linux-x64 or linux-aarch64, or one of these with -musl; by default that of this machine.
# Bun makes it, and is a part of it. It is fetched for that alone: as a dependency, 100 MB would come with every npm ci, and for
# one system only.
set -e
cd "$(dirname "$0")/../.."
version=1.4.5
cache=node_modules/.cache/jobserver-tools/tools

# Fetches Bun for a system, and sets bun to its path.
fetch() {
  bun=$cache/bun-$1-$version/bin/bun
  if [ -x "$bun" ]; then return; fi
  mkdir -p "$cache"
  staging=$(mktemp -d "$cache/.bun-XXXXXX")
  trap 'rm -rf "$staging"' EXIT
  archive=$(npm pack --loglevel=error --pack-destination "$staging" "@oven/bun-$1@$version")
  tar -xzf "$staging/$archive" -C "$staging" package/bin
  # Whoever was faster has put the same there.
  mv -T "$staging/package" "$cache/bun-$1-$version" 2>/dev/null || [ -x "$bun" ]
  rm -r "$staging"
}

case $(uname -m) in
  aarch64 | arm64) machine=linux-aarch64 ;;
  *) machine=linux-x64 ;;
esac
if ldd --version 2>&1 | grep -q musl; then machine=$machine-musl; fi
target=${1:-$machine}
case $target in
  linux-x64 | linux-aarch64 | linux-x64-musl | linux-aarch64-musl) ;;
  *)
    echo "npm run standalone: unknown target '$target'; choose linux-x64 or linux-aarch64, or one of these with -musl" >&2
    exit 2
    ;;
esac
fetch "$target"
base=$bun
fetch "$machine"

mkdir -p dist/standalone
# A .env, bunfig.toml or tsconfig.json of the folder in which a command runs is none of its business.
# What runs once is faster in bytecode than compiled to machine code first, hence the policy.
# yargs uses import.meta only to read configuration files, and for it no bytecode could be made.
"$bun" build src/standalone/jobserver-tools.ts --compile --bytecode --format=cjs --minify --target="bun-$target" \
  --compile-executable-path="$base" --no-compile-autoload-dotenv --no-compile-autoload-bunfig --compile-jit-policy=100 \
  --define import.meta.resolve=undefined \
  --asset man --asset completions --asset src/tools/shim.sh \
  --outfile dist/standalone/jobserver-tools

#!/bin/sh
# Builds dist/ from src/. What every start needs is one file a command; the rest is loaded when it is asked for.
set -e
cd "$(dirname "$0")/../.."
rm -rf dist

# The files that are loaded late: each that is imported as import('../ROOM/FILE.js'). They become files of their own in dist/.
late=$(grep -rhoE "import\('\.\./[a-z-]+/[a-z-]+\.js'\)" src | sort -u | sed -E "s,.*'\.\./(.*)\.js'.*,src/\1.ts,")

bundle() {
  # shellcheck disable=SC2046 # the list is split on purpose
  esbuild "$@" --bundle --platform=node --target=node20 --format=cjs --outbase=src --outdir=dist \
    --minify --legal-comments=none --log-level=warning \
    --define:import.meta.url=__filename --external:shell-quote --external:yargs --external:execa \
    $(echo "$late" | sed -E 's,src/(.*)\.ts,--external:../\1.js,')
}

# The commands are functions that bin/launch.js calls. Code that V8 has compiled before cannot import(): there it becomes
# require().
bundle src/start/js-*.ts --supported:dynamic-import=false \
  --banner:js='(function (require, __dirname) {' --footer:js='})'
# shellcheck disable=SC2086 # the list is split on purpose
bundle src/keeper/keeper.ts $late
bundle src/build/*.ts

node dist/build/write-shims.js src/tools/shim.sh

# The commands that a build starts often run once, in a pool, to keep the code that V8 makes of them. If that is not possible
# (no /proc, no mkfifo) they only start slower.
node bin/js-create.js -j 3 -- sh -c '
  node dist/build/write-code-cache.js js-acquire >/dev/null
  node dist/build/write-code-cache.js js-run true
  node dist/build/write-code-cache.js js-each true ::: a
  node dist/build/write-code-cache.js js-release
' || echo 'build: cannot precompile the commands (no /proc, or no mkfifo?), so they will start a little slower' >&2
rm -r dist/build

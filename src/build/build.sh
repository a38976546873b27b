#!/bin/sh
# Builds dist/ from src/. What every start needs is one file a command; the rest is loaded when it is asked for.
set -e
cd "$(dirname "$0")/../.."
rm -rf dist

# The files that are loaded late: each that is imported as import('../ROOM/FILE.js'). They become files of their own in dist/.
late=$(grep -rhoE --exclude-dir=standalone "import\('\.\./[a-z-]+/[a-z-]+\.js'\)" src | sort -u | sed -E "s,.*'\.\./(.*)\.js'.*,src/\1.ts,")

bundle() {
  # shellcheck disable=SC2046 # the list is split on purpose
  esbuild "$@" --bundle --platform=node --target=node20 --format=cjs --outbase=src --outdir=dist \
    --minify --legal-comments=none --log-level=warning \
    --define:import.meta.url=__filename --define:process.versions.bun=undefined --external:shell-quote --external:yargs --external:execa \
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

# bin/launch.js recognizes the code of a bundle by this hash.
for file in dist/start/*.js; do
  hash=$(sha256sum <"$file")
  printf '//%.16s' "$hash" >>"$file"
done
# The commands that a build starts often.
node dist/build/write-code.js js-acquire js-each js-release js-run
rm -r dist/build

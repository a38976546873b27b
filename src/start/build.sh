#!/bin/sh
# Builds dist/ from src/. What every start needs is one file a command; the rest is loaded when it is asked for.
set -e
cd "$(dirname "$0")/../.."
rm -rf dist

later="src/cli/help.ts src/cli/parse-options.ts src/keeper/own-pool.ts src/process/read-output.ts"

bundle() {
  # shellcheck disable=SC2046 # the list is split on purpose
  esbuild "$@" --bundle --platform=node --target=node20 --format=cjs --outbase=src --outdir=dist \
    --minify --legal-comments=none --log-level=warning \
    --define:import.meta.url=__filename --external:shell-quote --external:yargs --external:execa \
    $(for file in $later; do echo "$file" | sed 's,src/\(.*\)\.ts,--external:../\1.js,'; done)
}

# The commands are functions that the stubs in bin/ call. Code that V8 compiled before cannot import(): there it becomes
# require().
bundle src/start/js-*.ts --supported:dynamic-import=false \
  --banner:js='(function (require, __dirname) {' --footer:js='})'
bundle src/start/warm.ts
# shellcheck disable=SC2086
bundle src/keeper/keeper.ts $later

# One folder a tool, for PATH to name just those that are needed (src/tools/put-shims-on-path.ts).
for tool in make gmake ninja ninja-build samu n2 go cmake dpkg-buildpackage debuild dh; do
  mkdir -p "dist/shims/$tool"
  cp src/start/shim.sh "dist/shims/$tool/$tool"
  chmod 755 "dist/shims/$tool/$tool"
done

# The commands that a build starts often run once, in a pool, to keep the code that V8 makes of them. Where that is not
# possible (no /proc, no mkfifo) they only start slower.
node bin/js-create.js -j 3 -- sh -c '
  node dist/start/warm.js js-acquire >/dev/null
  node dist/start/warm.js js-run true
  node dist/start/warm.js js-release
' || echo 'build: the commands will start a little slower than they could' >&2

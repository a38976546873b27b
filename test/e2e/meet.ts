/**
 * A job that waits until so many of its kind have been there at a time, so that a slow machine is no excuse for less; if so
 * many never are it gives up. For a file `meet` of a world's bin/.
 */
export const meetOf = (jobs: number): string => `#!/bin/sh
here=\${0%/*}/here; mkdir -p "$here"; : >"$here/$$"
tries=0; until [ -e "$here.met" ] || [ $((tries += 1)) -gt 600 ]; do
  set -- "$here"/*; [ $# -lt ${jobs} ] || : >"$here.met"
  sleep 0.05
done
sleep 0.2; rm "$here/$$"
`;

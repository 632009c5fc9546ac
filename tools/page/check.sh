#!/usr/bin/env bash
# Lint, form and types of the page's JavaScript. Where there is no npm, or nothing to be had from it, a notice is all: the page
# is served as it lies here, so nobody needs node to use or test Silion. A CI that sets CI=true must have both.
set -euo pipefail
cd "$(dirname "$0")"
skipped() {
  echo "notice: $1; the JavaScript of the page was not checked"
  [ "${CI:-}" != true ]
  exit
}
command -v npm >/dev/null || skipped "no npm here"
if [ package.json -nt node_modules/.installed ]; then
  npm install --fetch-retries=1 --fetch-retry-mintimeout=1000 --no-package-lock --no-audit --no-fund --silent || skipped "npm could not install what checks it"
  touch node_modules/.installed
fi
bin="$PWD/node_modules/.bin"
"$bin/tsc" -p .
cd ../..
"$bin/biome" check --config-path=tools/page --error-on-warnings serving/page/*.js

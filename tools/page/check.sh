#!/usr/bin/env bash
# Lint, form and types of the page's JavaScript. The page is served as it lies here, so nobody needs node to use or test Silion:
# without npm this says so and passes. Where npm is there but cannot install, a CI that sets CI=true fails, others pass.
set -euo pipefail
cd "$(dirname "$0")"
skipped() {
  echo "skipped: $1; the JavaScript of the page was not checked"
}
command -v npm >/dev/null || { skipped "no npm here"; exit 0; }
if [ package.json -nt node_modules/.installed ]; then
  npm install --fetch-retries=1 --fetch-retry-mintimeout=1000 --no-package-lock --no-audit --no-fund --silent || {
    skipped "npm could not install what checks it"
    [ "${CI:-}" != true ]
    exit
  }
  touch node_modules/.installed
fi
bin="$PWD/node_modules/.bin"
"$bin/tsc" -p .
cd ../..
"$bin/biome" check --config-path=tools/page --error-on-warnings serving/page/*.js

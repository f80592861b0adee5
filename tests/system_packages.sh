#!/bin/sh
# Names the system packages that some tests drive for real. Where they are absent those tests say so; in CI that is a failure.
missing=""
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || missing="$missing chromium"
command -v chromedriver >/dev/null 2>&1 || missing="$missing chromium-driver"
command -v pdftotext >/dev/null 2>&1 || missing="$missing poppler-utils"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v java >/dev/null 2>&1 || missing="$missing openjdk-17-jre-headless"
[ -z "$missing" ] && exit 0
echo "Not on this machine:$missing (Debian packages). The tests that open the report in a browser, start a PostgreSQL server or"
echo "run Spark need them; the rest runs."
[ -n "$CI" ] && exit 1
exit 0

#!/bin/sh
# Maintainers only: copies the browser's libraries out of their npm packages into static/vendor, builds the icon sprite
# from scripts/icons.txt and writes the hash manifest. Needs node's npm; users and CI need neither.
set -eu
export LC_ALL=C

BOOTSTRAP=5.3.9
CHART=4.6.1
ICONS=1.13.2
SORTABLE=1.15.7
LEAFLET=1.9.4
SUPERCLUSTER=9.1.0
WORLD_ATLAS=2.0.2
AXE=4.14.1

here=$(cd "$(dirname "$0")/.." && pwd)
vendor=$here/static/vendor
tested=$here/tests/vendor
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$vendor"
cd "$work"

# package NAME VERSION: unpacks it into ./NAME
package() {
    mkdir "$1"
    npm pack --silent "$1@$2" >name
    tar -xzf "$(cat name)" -C "$1" --strip-components=1
}

# copy FROM TO: without the comment that makes browsers ask for a source map we do not ship
copy() {
    sed -e 's@/\*# sourceMappingURL=[^*]*\*/@@' -e 's@^//# sourceMappingURL=.*$@@' "$1" >"$vendor/$2"
}

package bootstrap $BOOTSTRAP
package chart.js $CHART
package bootstrap-icons $ICONS
package sortablejs $SORTABLE
package leaflet $LEAFLET
package supercluster $SUPERCLUSTER
package world-atlas $WORLD_ATLAS
package axe-core $AXE

copy bootstrap/dist/css/bootstrap.min.css whole.css
python3 "$here/scripts/cut_bootstrap.py" "$vendor/whole.css" >"$vendor/bootstrap.min.css"
rm "$vendor/whole.css"
copy chart.js/dist/chart.umd.min.js chart.umd.min.js
copy sortablejs/Sortable.min.js sortable.min.js
cp bootstrap/LICENSE "$vendor/bootstrap.LICENSE"
cp chart.js/LICENSE.md "$vendor/chart.LICENSE"
cp bootstrap-icons/LICENSE "$vendor/bootstrap-icons.LICENSE"
cp sortablejs/LICENSE "$vendor/sortable.LICENSE"
copy leaflet/dist/leaflet.js leaflet.js
# Without its pictures, which are not ours, and what old browsers wanted.
sed -e '/url(images/d' -e '/behavior:/d' -e '/progid:/d' leaflet/dist/leaflet.css >"$vendor/leaflet.css"
cp leaflet/LICENSE "$vendor/leaflet.LICENSE"
copy supercluster/dist/supercluster.min.js supercluster.min.js
cp supercluster/LICENSE "$vendor/supercluster.LICENSE"
# Coasts, borders and names of towns. The folder's name changes with what lies in it: browsers keep that for ever.
rm -rf "$vendor"/coast-*
python3 "$here/scripts/coast.py" world-atlas "$work/coast" "$here/customers/towns/shipped/towns.tsv.gz"
coast=coast-$(cat "$work"/coast/*.json | sha256sum | cut -c 1-12)
mv "$work/coast" "$vendor/$coast"
cp world-atlas/LICENSE "$vendor/world-atlas.LICENSE"
cp "$here/customers/towns/shipped/CC-BY-4.0.LICENSE" "$vendor/geonames.LICENSE"
# Only for tests: never served.
mkdir -p "$tested"
sed -e 's@^//# sourceMappingURL=.*$@@' axe-core/axe.min.js >"$tested/axe.min.js"
cp axe-core/LICENSE "$tested/axe.LICENSE"

python3 "$here/scripts/sprite.py" "$work/bootstrap-icons/icons" "$here/scripts/icons.txt" >"$vendor/icons.svg"

python3 - "$vendor" bootstrap=$BOOTSTRAP chart.js=$CHART bootstrap-icons=$ICONS sortablejs=$SORTABLE \
    leaflet=$LEAFLET supercluster=$SUPERCLUSTER world-atlas=$WORLD_ATLAS <<'PYTHON'
import hashlib
import json
import pathlib
import sys

vendor = pathlib.Path(sys.argv[1])
files = sorted(f for f in vendor.iterdir() if f.is_file() and f.name != "manifest.json")
coast = next(vendor.glob("coast-*"))
manifest = {
    "packages": dict(pair.split("=") for pair in sys.argv[2:]),
    "sha256": {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files},
    "coast": coast.name,
}
(vendor / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
PYTHON
echo "static/vendor is up to date"

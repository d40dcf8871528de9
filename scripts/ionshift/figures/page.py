"""The interactive map: one HTML file that needs no network, made with chemiscope.

Fraux, Cersonsky and Ceriotti, J. Open Source Softw. 5, 2117 (2020).
"""

import base64
import gzip
import json
import math
from collections.abc import Sequence
from importlib import resources
from typing import Any

import chemiscope
from ase import Atoms

LIBRARY = "sphinx/static/chemiscope.min.js"
PROPERTIES = {
    "PC1": ("pc1", "", "first principal component of all environments"),
    "PC2": ("pc2", "", "second principal component of all environments"),
    "shift": ("shift_ppm", "ppm", "predicted chemical shift"),
    "solvation_class": ("solvation_class", "", "solvation class"),
    "anions": ("n_anion", "", "anions in the first shell"),
    "LSI": ("lsi_A2", "A^2", "local structure index"),
    "system": ("system", "", "composition"),
    "time": ("time_ps", "ps", "time in the production run"),
}
TEMPLATE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ margin: 0; font-family: sans-serif; }}
#page {{ display: flex; height: 100vh; }}
#page > div {{ flex: 1; min-width: 0; display: flex; flex-direction: column; padding: 8px; }}
#map, #structure {{ flex: 1; min-height: 0; position: relative; }}
#error {{ color: #a94442; }}
</style>
</head>
<body>
<div id="page">
<div><div id="meta"></div><div id="map"></div></div>
<div><div id="structure"></div><div id="info"></div><p id="error"></p></div>
</div>
<script type="application/gzip" id="library">{library}</script>
<script type="application/gzip" id="dataset">{dataset}</script>
<script>
const unpack = (id) => {{
  const packed = atob(document.getElementById(id).textContent);
  const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}};
const show = async () => {{
  const library = document.createElement("script");
  library.textContent = await unpack("library");
  document.head.append(library);
  const dataset = JSON.parse(await unpack("dataset"));
  const places = {{ map: "map", info: "info", meta: "meta", structure: "structure" }};
  await Chemiscope.DefaultVisualizer.load(places, dataset, new Chemiscope.Warnings());
}};
show().catch((error) => {{
  document.getElementById("error").textContent = error;
}});
</script>
</body>
</html>
"""


def dataset(clusters: Sequence[Atoms], study: str) -> dict[str, Any]:
    """The data of chemiscope: clusters and their properties (`PROPERTIES`, from `info`).

    A property that is unknown for any cluster cannot be drawn and is left out.
    """
    properties = {}
    for name, (key, unit, description) in PROPERTIES.items():
        values = [atoms.info[key] for atoms in clusters]
        if any(isinstance(value, float) and not math.isfinite(value) for value in values):
            continue
        properties[name] = {
            "target": "structure",
            "values": [value if isinstance(value, str) else float(value) for value in values],
            "description": description,
        } | ({"units": unit} if unit else {})
    x, y = ("PC1", "PC2") if {"PC1", "PC2"} <= set(properties) else ("time", "shift")
    return chemiscope.create_input(
        [_bare(atoms) for atoms in clusters],
        properties=properties,
        metadata={
            "name": f"Environments of {study}",
            "description": f"{len(clusters)} environments, a random sample of every system",
        },
        settings=chemiscope.quick_settings(x=x, y=y, map_color="shift", symbol="solvation_class"),
    )


def _bare(atoms):
    """Elements and positions, to 0.01 A: what a picture needs."""
    return Atoms(atoms.numbers, atoms.positions.round(2))


def page(clusters: Sequence[Atoms], study: str) -> str:
    """HTML text of the map with clusters that open in 3D; it loads nothing from elsewhere.

    Library and data are packed: the report embeds the page as a data URL, and Chromium leaves a
    frame blank whose URL is longer than 2 MiB.
    """
    library = resources.files(chemiscope).joinpath(LIBRARY).read_text()
    return TEMPLATE.format(
        title=f"Environments of {study}",
        library=_pack(library),
        dataset=_pack(json.dumps(dataset(clusters, study), allow_nan=False)),
    )


def _pack(text):
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()

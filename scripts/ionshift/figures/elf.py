"""Deformation of the electron localization around the nucleus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from ase.data import atomic_numbers, covalent_radii
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from mpl_toolkits.mplot3d.art3d import Poly3DCollection
from scipy.interpolate import RBFInterpolator
from scipy.spatial import ConvexHull

from ionshift.config.figures import Figures
from ionshift.core.tables import CLASSES
from ionshift.figures.style import bar_length, make_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FACTOR_LABELS = {"axis_ratio": "axis ratio", "peak_ratio": "peak ratio"}
ATOM_COLOURS = {"Li": "#CC79A7", "O": "#D55E00", "N": "#0072B2", "F": "#009E73", "S": "#E69F00"}
OTHER_ATOMS = "#777777"
SURFACE_COLOURS = "cividis"
ANGSTROM_PER_BOHR = 0.529177210903
VIEW_A = 2.3
BOND_TOLERANCE = 1.2
MAP_NEIGHBOURS = 40


def against_concentration(
    clusters: pd.DataFrame, groups: pd.DataFrame, published: pd.DataFrame | None, style: Figures
) -> Figure:
    """Both factors of every cluster and their ensemble means against concentration.

    `published` (molarity_M, factor, factor_err) is drawn in both panels; None: not at all.
    """
    figure, axes = make_axes(style, 1.15, 2, sharex=True)
    means = groups[(groups["solvation_class"] == "all") & (groups["system"] != "all")]
    molarity_M = means.drop_duplicates("system").set_index("system")["molarity_M"]
    step = 0.05 * max(np.ptp(molarity_M), 1.0)
    for axis, (factor, label) in zip(axes, FACTOR_LABELS.items(), strict=True):
        for offset, name in enumerate(CLASSES):
            part = clusters[clusters["solvation_class"] == name]
            place = part["system"].map(molarity_M).astype(float) + (offset - 1.5) * step
            colour = style.class_colours[name]
            axis.plot(place, part[factor], "o", ms=3, mew=0, color=colour, label=name)
        _draw_means(axis, means[means["factor"] == factor], published)
        axis.set_ylabel(label)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    axes[-1].set_xlabel("concentration / M")
    return figure


def _draw_means(axis, means, published):
    axis.errorbar(
        means["molarity_M"],
        means["ensemble_mean"],
        yerr=bar_length(means["ensemble_err"]),
        fmt="s-",
        color="black",
        label="ensemble mean",
    )
    if published is not None:
        axis.errorbar(
            published["molarity_M"],
            published["factor"],
            yerr=bar_length(published["factor_err"]),
            fmt="D--",
            mfc="white",
            color="#777777",
            label="published (definition unknown)",
        )
    axis.axhline(1, color="black", lw=0.5, ls=":")


def against_shielding(clusters: pd.DataFrame, correlation: pd.DataFrame, style: Figures) -> Figure:
    """Shielding of every cluster against both factors, coloured by class."""
    figure, axes = make_axes(style, 1.25, 2)
    scopes = correlation.set_index(["factor", "scope"])
    for axis, (factor, label) in zip(axes, FACTOR_LABELS.items(), strict=True):
        for name in CLASSES:
            part = clusters[clusters["solvation_class"] == name]
            colour = style.class_colours[name]
            axis.plot(part[factor], part["shielding_ppm"], "o", color=colour, label=name)
        lines = [
            f"{scope}: {_interval(scopes.loc[(factor, scope)])}"
            for scope in ("all clusters", "within classes")
        ]
        axis.set_title("\n".join(lines), fontsize=0.85 * style.font_size_pt, loc="left")
        axis.set_xlabel(label)
        axis.set_ylabel("DFT shielding / ppm")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


def _interval(row):
    if np.isnan(row["pearson_r"]):
        return "too few clusters"
    return f"r = {row['pearson_r']:.2f} [{row['r_low95']:.2f}, {row['r_high95']:.2f}]"


def surfaces(
    table: pd.DataFrame, atoms: pd.DataFrame, clusters: pd.DataFrame, style: Figures
) -> Figure:
    """The core's surface in its cluster and as a map of its radius, a row a cluster.

    Each cluster is turned into the principal axes of its surface: the longest is horizontal in
    the drawing and in the middle of the map, the shortest points to the poles.
    """
    ids = list(dict.fromkeys(table["cluster_id"]))
    figure, _ = make_axes(style, 0.47 * len(ids) + 0.12)
    figure.clear()
    norm = Normalize(table["radius_bohr"].min(), table["radius_bohr"].max())
    rows = clusters.set_index("cluster_id")
    maps = []
    for number, cluster_id in enumerate(ids):
        part = table[table["cluster_id"] == cluster_id]
        units, radii = part[["x", "y", "z"]].to_numpy(), part["radius_bohr"].to_numpy()
        turn = _principal_axes(radii[:, None] * units)
        around = atoms[atoms["cluster_id"] == cluster_id]
        positions_A = around[["x_A", "y_A", "z_A"]].to_numpy() @ turn
        solid = figure.add_subplot(len(ids), 2, 2 * number + 1, projection="3d")
        _draw_surface(solid, units @ turn, radii, norm)
        _draw_atoms(solid, positions_A, around["element"].to_numpy())
        flat = figure.add_subplot(len(ids), 2, 2 * number + 2, projection="mollweide")
        ligands = positions_A[around["in_shell"].to_numpy()]
        elements = around.loc[around["in_shell"], "element"]
        _draw_map(flat, units @ turn, radii, norm, ligands, elements)
        row = rows.loc[cluster_id]
        title = f"{row['solvation_class']}, {row['system']}: axis ratio {row['axis_ratio']:.3f}"
        flat.set_title(title, fontsize=0.85 * style.font_size_pt)
        maps.append(flat)
    colours = ScalarMappable(norm, SURFACE_COLOURS)
    bar = figure.colorbar(colours, ax=maps, location="bottom", shrink=0.9, aspect=25)
    bar.set_label("surface radius / bohr")
    return figure


def _principal_axes(points):
    """Rotation (columns: new x, y, z) to the longest, middle and shortest axis."""
    axes = np.linalg.eigh(points.T @ points)[1][:, ::-1]
    axes[:, 2] *= np.linalg.det(axes)
    return axes


def _draw_surface(axis, units, radii, norm):
    triangles = ConvexHull(units).simplices
    points = radii[:, None] * units * ANGSTROM_PER_BOHR
    colours = ScalarMappable(norm, SURFACE_COLOURS).to_rgba(radii[triangles].mean(axis=1))
    axis.add_collection3d(
        Poly3DCollection(points[triangles], facecolors=colours, edgecolors=colours, linewidths=0.2)
    )


def _draw_atoms(axis, positions_A, elements):
    radius_A = np.array([covalent_radii[atomic_numbers[name]] for name in elements])
    distance_A = np.linalg.norm(positions_A[:, None] - positions_A[None], axis=-1)
    bonded = distance_A < BOND_TOLERANCE * (radius_A[:, None] + radius_A[None])
    for i, j in zip(*np.nonzero(np.triu(bonded, 1)), strict=True):
        if i != 0:
            axis.plot(*positions_A[[i, j]].T, color="#999999", lw=0.8)
    colours = [ATOM_COLOURS.get(name, OTHER_ATOMS) for name in elements[1:]]
    axis.scatter(*positions_A[1:].T, s=30 * radius_A[1:] ** 2, c=colours, depthshade=True, lw=0)
    axis.set(xlim=(-VIEW_A, VIEW_A), ylim=(-VIEW_A, VIEW_A), zlim=(-VIEW_A, VIEW_A))
    axis.set_box_aspect((1, 1, 1), zoom=1.3)
    axis.view_init(elev=15, azim=-90)
    axis.set_axis_off()


def _draw_map(axis, units, radii, norm, ligands, elements):
    longitude = np.linspace(-np.pi, np.pi, 91)
    latitude = np.linspace(-np.pi / 2, np.pi / 2, 46)
    east, north = np.meshgrid(longitude, latitude)
    grid = np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])
    known = np.isfinite(radii)
    interpolate = RBFInterpolator(units[known], radii[known], neighbors=MAP_NEIGHBOURS)
    values = interpolate(grid.reshape(3, -1).T).reshape(east.shape)
    axis.pcolormesh(
        east, north, values, norm=norm, cmap=SURFACE_COLOURS, shading="gouraud", rasterized=True
    )
    towards = ligands / np.linalg.norm(ligands, axis=1, keepdims=True)
    place = np.arctan2(towards[:, 1], towards[:, 0]), np.arcsin(towards[:, 2])
    colours = [ATOM_COLOURS.get(name, OTHER_ATOMS) for name in elements]
    axis.scatter(*place, s=14, c=colours, edgecolors="white", linewidths=0.6)
    axis.set_xticks([])
    axis.set_yticks([])

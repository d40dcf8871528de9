"""Tables of labels, of their correction, of optimized clusters and of ELF records."""

from collections.abc import Callable
from typing import Any

from ionshift.core.schemas import (
    Column,
    Table,
    count,
    error,
    flag,
    number,
    numbers,
    share,
    size,
    text,
)
from ionshift.core.table_columns import (
    CLASS,
    CLASS_OR_ALL,
    COORDINATION,
    N_ANION,
    N_SOLVENT,
    SYSTEM,
)

CLUSTER = text("cluster_id", "name of the cluster")
STATUS = text("status", "what became of it", values=("ok", "unconverged", "failed"))
REASON = text("reason", "why it is not ok", nullable=True)
KEY = text("key", "hash of the geometry and all that the result depends on")
COST = (
    size("wall_s", "elapsed time", nullable=True),
    size("cpu_s", "CPU time", nullable=True),
    size("max_rss_MB", "peak memory", nullable=True),
)
ENERGY = number("energy_Ha", "energy of the SCF", nullable=True)
N_BASIS = count("n_basis", "basis functions", nullable=True)
RECORD_OF_ELF = (
    STATUS,
    REASON,
    numbers("radii_bohr", "of each isovalue along all directions", nullable=True),
    numbers("sphere_elf", "of each radius along all directions", nullable=True),
    ENERGY,
    N_BASIS,
    *COST,
)
TENSOR = "nine numbers, row by row"


def before_and_after(
    name: str, make: Callable[..., Column], meaning: str, unit: str = "", **limits: Any
) -> tuple[Column, Column]:
    """Columns of a quantity as sampled and as optimized."""
    return (
        make(f"{name}{unit}", f"{meaning}, as sampled", **limits),
        make(f"{name}_after{unit}", f"{meaning}, optimized", **limits),
    )


DISTANCES = (
    *before_and_after(
        "solvent_distance", size, "mean distance of solvents' ligand atoms", "_A", nullable=True
    ),
    *before_and_after(
        "anion_distance", size, "mean distance of anions' ligand atoms", "_A", nullable=True
    ),
)
OPTIMIZED: tuple[Column, ...] = (
    CLUSTER,
    SYSTEM,
    *before_and_after("solvation_class", text, "class", values=CLASS.values),
    *before_and_after("n_anion", count, "anions in the shell"),
    *before_and_after("n_solvent", count, "solvent molecules in the shell"),
    *before_and_after("coordination", count, "ligand atoms in the shell"),
    *DISTANCES,
    size("largest_displacement_A", "of one atom", nullable=True),
    count("n_moving", "atoms that were free to move"),
    STATUS,
    REASON,
    number("energy_change_eV", "change of the energy", nullable=True),
    size("largest_force_eV_A", "largest force that is left", nullable=True),
    count("n_steps", "steps of the optimization", nullable=True),
    size("cpu_s", "CPU time", nullable=True),
)

TABLES = (
    Table(
        name="labels",
        row="cluster",
        files={
            "labels/labels.parquet": "collect_labels",
            "labels/optimized.parquet": "collect_optimized",
            "labels/shards/*.parquet": "label_shard",
            "labels/optimized_shards/*.parquet": "label_optimized",
            "labels/shipped/*.parquet": "import_labels",
        },
        columns=(
            KEY,
            CLUSTER,
            SYSTEM,
            text("source", "study that the cluster was cut in", nullable=True),
            count("replica", "number of the replica", nullable=True),
            count("frame", "number of the frame of the trajectory", nullable=True),
            size("time_ps", "time in the production run", nullable=True),
            count("nucleus", "number of the nucleus in the box", nullable=True),
            Column("charge", "charge of the cluster in e", "whole number"),
            count("n_anion", N_ANION.meaning, nullable=True),
            count("n_solvent", N_SOLVENT.meaning, nullable=True),
            text("solvation_class", CLASS.meaning, values=CLASS.values, nullable=True),
            count("coordination", COORDINATION.meaning, nullable=True),
            size("lsi_A2", "local structure index", nullable=True),
            size("cutoff_A", "cut-off that the cluster was cut with", nullable=True),
            STATUS,
            REASON,
            number("shielding_ppm", "isotropic shielding, if ok", nullable=True),
            numbers("shielding_tensor_ppm", f"shielding tensor, {TENSOR}", nullable=True),
            numbers("efg_tensor_au", f"electric field gradient, {TENSOR}", nullable=True),
            ENERGY,
            N_BASIS,
            count("scf_cycles", "cycles of the SCF", nullable=True),
            text("scf_recipe", "how the SCF was brought to converge", nullable=True),
            size("cphf_residual", "true residual of the response equations", nullable=True),
            *COST,
            text("protocol_hash", "hash of the protocol"),
            numbers("nuclei", "other atoms with a shielding", nullable=True, optional=True),
            numbers("nuclei_tensors_ppm", "their tensors in turn", nullable=True, optional=True),
        ),
        key=("key", "cluster_id"),
    ),
    Table(
        name="label_correction",
        row="study",
        files={"tables/label_correction.csv": "correct_labels"},
        columns=(
            count("n_pairs", "clusters with a label of both protocols"),
            number("slope", "slope of the line"),
            error("slope_err"),
            number("intercept_ppm", "intercept of the line"),
            size("uncorrected_ppm", "RMS difference of relative shieldings"),
            size("corrected_ppm", "RMS error held out"),
            share("in_range_share", "labels within the range of the pairs", nullable=True),
        ),
    ),
    Table(
        name="label_correction_pairs",
        row="cluster with both labels",
        files={"tables/label_correction_pairs.csv": "correct_labels"},
        columns=(
            CLUSTER,
            SYSTEM,
            CLASS,
            number("shielding_ppm", "by the study's protocol"),
            number("reference_ppm", "by the higher-level protocol"),
            number("corrected_ppm", "by the line"),
        ),
        key=("cluster_id",),
    ),
    Table(
        name="optimized_clusters",
        row="cluster",
        files={"clusters_optimized/*.parquet": "optimize_clusters"},
        columns=(*OPTIMIZED, KEY),
        key=("cluster_id",),
    ),
    Table(
        name="geometry_optimization_clusters",
        row="cluster",
        files={
            "tables/geometry_optimization_clusters.csv": "tabulate_geometry_optimization",
        },
        columns=(
            *OPTIMIZED,
            flag("kept", "whether the molecules of the shell stayed"),
            number("shielding_ppm", "as sampled", nullable=True),
            number("shielding_after_ppm", "optimized", nullable=True),
            number("shielding_change_ppm", "change, of those kept", nullable=True),
        ),
        key=("cluster_id",),
    ),
    Table(
        name="geometry_optimization",
        row="system and class, 'all' where a row joins them",
        files={"tables/geometry_optimization.csv": "tabulate_geometry_optimization"},
        columns=(
            SYSTEM,
            CLASS_OR_ALL,
            count("n", "clusters", least=1),
            count("n_unconverged", "of those unconverged"),
            count("n_failed", "failed"),
            count("n_left", "that lost or took up a molecule"),
            *DISTANCES,
            *before_and_after("coordination", size, "mean coordination", nullable=True),
            count("n_labelled", "clusters with both labels"),
            number("shielding_change_ppm", "mean change, optimized less sampled", nullable=True),
            error("shielding_change_err_ppm"),
            number("ensemble_change_ppm", "classes by their shares in the MD", nullable=True),
            error("ensemble_change_err_ppm"),
            share("sampled_share", "share of the classes that were sampled", nullable=True),
        ),
        key=("system", "solvation_class"),
    ),
    Table(
        name="elf_measurements",
        row="cluster",
        files={"elf/*.parquet": "measure_elf"},
        columns=(
            KEY,
            CLUSTER,
            SYSTEM,
            CLASS,
            N_ANION,
            COORDINATION,
            number("shielding_ppm", "DFT shielding", nullable=True),
            *RECORD_OF_ELF,
        ),
        key=("cluster_id",),
        may_be_empty=True,
    ),
    Table(
        name="elf_set",
        row="ELF record that travels between studies",
        files={},
        columns=(KEY, CLUSTER, SYSTEM, *RECORD_OF_ELF, text("sha256", "hash of the record")),
        key=("key",),
    ),
)

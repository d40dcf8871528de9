"""Tables of the MD."""

from ionshift.core.schemas import Table, count, number, size, text
from ionshift.core.table_columns import MOLARITY, REPLICA, SYSTEM

THERMO = (
    text("stage", "stage of the MD"),
    size("time_ps", "time in the stage"),
    size("temperature_K", "temperature"),
    number("potential_kJ_mol", "potential energy of the box"),
    size("density_g_cm3", "density"),
    size("volume_A3", "volume of the box"),
)

TABLES = (
    Table(
        name="run_thermo",
        row="stored step of one run",
        files={
            "md/*/*/thermo.csv": "run_md",
            "potential/md/*/*/thermo.csv": "run_training_md",
        },
        columns=THERMO,
    ),
    Table(
        name="thermo",
        row="stored step of a replica, at most 500 of each",
        files={"tables/thermo.csv": "tabulate_md"},
        columns=(*THERMO, size("elapsed_ps", "time over all stages"), SYSTEM, REPLICA),
    ),
    Table(
        name="md",
        row="replica",
        files={"tables/md.csv": "tabulate_md or import_tables"},
        columns=(
            SYSTEM,
            count("replica", "number of the replica", optional=True),
            MOLARITY,
            text("engine", "MD engine", optional=True),
            count("seed", "seed of the run", optional=True),
            count("n_atoms", "atoms in the box", optional=True),
            count("n_frames", "frames of the production run", optional=True),
            size("frame_interval_ps", "time between two frames", optional=True),
            size("density_g_cm3", "density that the MD reached", optional=True),
            size("box_edge_A", "cube root of the volume of the box", optional=True),
            size("mean_temperature_K", "mean over the production run", optional=True),
            number("mean_potential_kJ_mol", "mean over the production run", optional=True),
            size("ns_per_day", "speed of the production run", nullable=True, optional=True),
            size("wall_s", "elapsed time of all stages", optional=True),
            text("key", "hash of all that the run depends on", optional=True),
        ),
    ),
)

"""Tables of shells, radial distributions, residence, ion networks and the local structure index."""

from ionshift.core.schemas import Table, correlation, count, error, number, share, size, text
from ionshift.core.table_columns import (
    CLASS,
    KEY_OF_PLACE,
    LSI,
    MOLARITY,
    N_ANION,
    N_ENVIRONMENTS,
    PLACE,
    RDF,
    REPLICA,
    ROLE,
    SPECIES,
    SYSTEM,
    with_error,
)

CUTOFF = size("cutoff_A", "first-shell cut-off in force")
PAIR = text("pair", "both atoms and the role of the second, such as Li-O (anion)")
LSI_RANGE = (
    size("lsi_low_A2", "lower end of the range of the index, inside"),
    size("lsi_high_A2", "upper end, outside"),
)
MEAN_SHIFT = (number("mean_shift_ppm", "mean shift of those", nullable=True),)
MEAN_LSI = with_error(size("mean_lsi_A2", "mean local structure index", nullable=True))
CORRELATIONS = with_error(
    correlation("pearson", "Pearson's correlation of index and shift"),
    correlation("spearman", "Spearman's rank correlation of index and shift"),
)

TABLES = (
    Table(
        name="rdf_of_system",
        row="distance",
        files={"shell/rdf_*.csv": "measure_rdf"},
        columns=(SYSTEM, *RDF),
        key=("system", "r_A"),
    ),
    Table(
        name="rdf",
        row="system and distance",
        files={"tables/rdf.csv": "tabulate_rdf"},
        columns=(SYSTEM, *RDF, CUTOFF),
        key=("system", "r_A"),
    ),
    Table(
        name="pair_rdf_of_system",
        row="pair and distance",
        files={
            "structure/pair_rdf_*.csv": "measure_pairs",
            "classical/pair_rdf_*.csv": "measure_classical_pairs",
        },
        columns=(SYSTEM, PAIR, *RDF),
        key=("system", "pair", "r_A"),
    ),
    Table(
        name="pair_rdf",
        row="system, pair and distance",
        files={"tables/pair_rdf.csv": "tabulate_pairs"},
        columns=(SYSTEM, PAIR, *RDF, CUTOFF),
        key=("system", "pair", "r_A"),
    ),
    Table(
        name="symmetry",
        row="nucleus and frame",
        files={"shell/symmetry_*.parquet": "measure_symmetry"},
        columns=(
            *PLACE,
            share("asymmetry", "0 for a symmetric shell, 1 for a one-sided one", nullable=True),
            number("tetrahedrality", "1 for a tetrahedron", most=1.0, nullable=True),
        ),
        key=KEY_OF_PLACE,
    ),
    Table(
        name="coordination",
        row="system",
        files={"tables/coordination.csv": "tabulate_shifts"},
        columns=(
            SYSTEM,
            MOLARITY,
            *with_error(
                size("n_anion", "mean number of anions in the shell"),
                size("n_solvent", "mean number of solvent molecules in the shell"),
                size("coordination", "mean number of ligand atoms in the shell"),
            ),
            size("n_anion_first_half", "anions in the first half of the runs", nullable=True),
            size("n_anion_second_half", "anions in the second half", nullable=True),
            error("n_anion_replica_sd", "standard deviation of the replicas' means"),
        ),
        key=("system",),
    ),
    Table(
        name="settling",
        row="block of time of a replica",
        files={"tables/settling.csv": "tabulate_shifts"},
        columns=(
            SYSTEM,
            REPLICA,
            size("start_ps", "first frame of the block"),
            size("end_ps", "last frame of the block"),
            *with_error(
                size("n_anion", "mean number of anions in the shell"),
                size("n_solvent", "mean number of solvent molecules in the shell"),
            ),
        ),
        key=("system", "replica", "start_ps"),
        may_be_empty=True,
    ),
    Table(
        name="residence",
        row="system, species and lag",
        files={
            "dynamics/residence_*.csv": "measure_residence",
            "tables/residence.csv": "tabulate_dynamics",
        },
        columns=(
            SYSTEM,
            SPECIES,
            ROLE,
            size("time_ps", "lag"),
            *with_error(
                share("continuous", "share that has stayed since lag 0", nullable=True),
                share("intermittent", "share that is there, stayed or back", nullable=True),
            ),
        ),
        key=("system", "species", "time_ps"),
    ),
    Table(
        name="residence_times",
        row="system and species",
        files={
            "dynamics/residence_times_*.csv": "measure_residence",
            "tables/residence_times.csv": "tabulate_dynamics",
        },
        columns=(
            SYSTEM,
            SPECIES,
            ROLE,
            size("excursion_ps", "absence that does not end a stay"),
            size("longest_lag_ps", "longest lag of the curves"),
            count("n_exits", "exits that were seen"),
            size("contact_ps", "time in contact that was seen", nullable=True),
            *with_error(
                size("mean_number", "molecules in a shell"),
                size("lifetime_ps", "mean lifetime from exits seen", nullable=True),
                size("continuous_time_ps", "time constant of `continuous`", nullable=True),
                share("continuous_end", "`continuous` at the longest lag", nullable=True),
                size("intermittent_time_ps", "time constant of `intermittent`", nullable=True),
                share("intermittent_end", "`intermittent` at the longest lag", nullable=True),
            ),
            number("continuous_time_lower_ps", "lower bound of the constant", nullable=True),
            number("intermittent_time_lower_ps", "lower bound of the constant", nullable=True),
        ),
        key=("system", "species"),
    ),
    Table(
        name="aggregates",
        row="nucleus and frame",
        files={"structure/aggregates_*.parquet": "find_aggregates"},
        columns=(
            *PLACE,
            count("aggregate", "number of its aggregate in the frame"),
            count("n_nuclei", "nuclei in the aggregate", least=1),
            count("n_ions", "nuclei and anions in the aggregate", least=1),
            count("diameter", "longest of the shortest paths between two ions, in links"),
            count("n_directions", "directions in which it percolates", most=3),
        ),
        key=KEY_OF_PLACE,
    ),
    Table(
        name="largest_aggregate_atoms",
        row="atom of the largest aggregate",
        files={
            "structure/atoms_*.csv": "find_aggregates",
            "tables/largest_aggregate_atoms.csv": "tabulate_aggregate",
        },
        columns=(
            *(number(f"{axis}_A", "position about the middle") for axis in "xyz"),
            text("symbol", "element"),
        ),
    ),
    Table(
        name="largest_aggregate_bonds",
        row="line of the drawing of the largest aggregate",
        files={
            "structure/bonds_*.csv": "find_aggregates",
            "tables/largest_aggregate_bonds.csv": "tabulate_aggregate",
        },
        columns=(
            text(
                "kind",
                "covalent; link, from nucleus to ligand atom; image, a link to its own image",
                values=("covalent", "link", "image"),
            ),
            *(number(f"{axis}1_A", "begin") for axis in "xyz"),
            *(number(f"{axis}2_A", "end") for axis in "xyz"),
        ),
        may_be_empty=True,
    ),
    Table(
        name="networks",
        row="system, quantity and value",
        files={"tables/networks.csv": "tabulate_networks"},
        columns=(
            SYSTEM,
            MOLARITY,
            text(
                "quantity",
                "by what aggregates are told apart: nuclei, ions, or the diameter in links",
                values=("n_nuclei", "n_ions", "diameter"),
            ),
            count("value", "its value"),
            *with_error(share("li_share", "share of the nuclei in such aggregates")),
            size("aggregates_per_frame", "mean number of such aggregates with a nucleus"),
            *with_error(*MEAN_SHIFT),
            N_ENVIRONMENTS,
        ),
        key=("system", "quantity", "value"),
    ),
    Table(
        name="network_summary",
        row="system",
        files={"tables/network_summary.csv": "tabulate_networks"},
        columns=(
            SYSTEM,
            MOLARITY,
            *with_error(
                share("free_nuclei_share", "nuclei without an anion"),
                share("largest_aggregate_share", "nuclei in the largest aggregate of a frame"),
                share("percolating_nuclei_share", "nuclei in percolating aggregates"),
                share("percolating_frame_share", "frames with a percolating aggregate"),
                size("mean_n_nuclei", "nuclei in the aggregate of a nucleus"),
                size("mean_n_ions", "ions in the aggregate of a nucleus"),
                size("mean_diameter", "diameter of the aggregate of a nucleus, in links"),
            ),
            count("n_frames", "frames", least=1),
        ),
        key=("system",),
    ),
    Table(
        name="lsi_scan",
        row="nucleus, frame and cut-off",
        files={"structure/lsi_scan_*.parquet": "scan_lsi"},
        columns=(*PLACE, size("cutoff_A", "cut-off of the index"), LSI),
        key=(*KEY_OF_PLACE, "cutoff_A"),
    ),
    Table(
        name="lsi",
        row="system and range of the index",
        files={"tables/lsi.csv": "tabulate_lsi"},
        columns=(
            SYSTEM,
            MOLARITY,
            *LSI_RANGE,
            *with_error(share("share", "share of the environments"), *MEAN_SHIFT),
            N_ENVIRONMENTS,
        ),
        key=("system", "lsi_low_A2"),
    ),
    Table(
        name="lsi_histograms",
        row="system, range of the index and bin of the shift",
        files={"tables/lsi_histograms.csv": "tabulate_lsi"},
        columns=(
            SYSTEM,
            *LSI_RANGE,
            number("shift_ppm", "middle of the bin"),
            size("environments_per_ppm", "density of all of the system's environments"),
        ),
        key=("system", "lsi_low_A2", "shift_ppm"),
    ),
    Table(
        name="lsi_sample",
        row="environment that is drawn",
        files={"tables/lsi_sample.csv": "tabulate_lsi"},
        columns=(
            SYSTEM,
            *(column for column in PLACE if column.name != "time_ps"),
            size("lsi_A2", "local structure index"),
            number("shift_ppm", "predicted shift"),
            N_ANION,
            CLASS,
        ),
        key=("system", *KEY_OF_PLACE),
        may_be_empty=True,
    ),
    Table(
        name="lsi_correlation",
        row="system",
        files={"tables/lsi_correlation.csv": "tabulate_lsi"},
        columns=(
            SYSTEM,
            MOLARITY,
            *MEAN_LSI,
            share("outside_share", "environments outside of all ranges"),
            *CORRELATIONS,
        ),
        key=("system",),
    ),
    Table(
        name="lsi_cutoffs",
        row="system and cut-off",
        files={"tables/lsi_cutoffs.csv": "tabulate_lsi_cutoffs"},
        columns=(
            SYSTEM,
            MOLARITY,
            size("cutoff_A", "cut-off of the index"),
            *MEAN_LSI,
            *CORRELATIONS,
            N_ENVIRONMENTS,
        ),
        key=("system", "cutoff_A"),
    ),
)

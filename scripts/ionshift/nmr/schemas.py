"""Tables of shifts, spectra, decomposition, exchange, the ELF and quadrupolar dynamics."""

from ionshift.core.schemas import (
    Column,
    Table,
    correlation,
    count,
    error,
    flag,
    number,
    share,
    size,
    text,
)
from ionshift.core.table_columns import (
    CLASS,
    CLASS_OR_ALL,
    COORDINATION,
    KEY_OF_PLACE,
    MOLARITY,
    N_ANION,
    N_ENVIRONMENTS,
    N_SOLVENT,
    NUCLEUS,
    PLACE,
    REPLICA,
    SCORE_COLUMNS,
    SYSTEM,
)
from ionshift.core.tables import CLASSES

FACTOR = text("factor", "which deformation factor", values=("axis_ratio", "peak_ratio"))
CLUSTER = text("cluster_id", "name of the cluster")
N_CLUSTERS = count("n_clusters", "clusters with a known factor")


def term(name: str, meaning: str) -> tuple[Column, ...]:
    """A term of the decomposition with both of its errors."""
    return (
        number(f"{name}_ppm", meaning),
        error(f"{name}_sampling_err_ppm", "standard error of sampling"),
        error(f"{name}_model_err_ppm", "standard deviation over the committee's members"),
    )


SPECTRA = (
    Table(
        name="predictions",
        row="nucleus and frame",
        files={
            "predictions/*.parquet": "predict_shifts or import_predictions",
            "classical/*.parquet": "predict_classical",
        },
        columns=(
            *PLACE,
            N_ANION,
            N_SOLVENT,
            COORDINATION,
            CLASS,
            size("lsi_A2", "local structure index", nullable=True, optional=True),
            number("shift_ppm", "predicted shift"),
            error("shift_sd_ppm", "half width that should hold 68 %", optional=True),
            number("shielding_ppm", "predicted shielding", optional=True),
            size("extrapolation", "distance to the training set; above 1 outside", nullable=True),
            *(number(one.name, one.meaning, nullable=True, optional=True) for one in SCORE_COLUMNS),
        ),
        key=KEY_OF_PLACE,
    ),
    Table(
        name="members",
        row="member of the committee and class",
        files={
            "predictions/*_members.csv": "predict_shifts or import_predictions",
            "classical/*_members.csv": "predict_classical",
        },
        columns=(
            count("member", "number of the member"),
            CLASS,
            count("n_environments", "environments of the class", least=1),
            number("shift_ppm", "their mean shift by this member"),
        ),
        key=("member", "solvation_class"),
        may_be_empty=True,
    ),
    Table(
        name="shifts",
        row="system",
        files={"tables/shifts.csv": "tabulate_shifts"},
        columns=(
            SYSTEM,
            MOLARITY,
            number("shift_ppm", "ensemble mean of sigma_ref - sigma"),
            error(
                "sampling_err_ppm", "standard error, from blocks of time, single nuclei or replicas"
            ),
            error("model_err_ppm", "standard deviation of the members' means"),
            N_ENVIRONMENTS,
            number("change_ppm", "change against the first system"),
            error("change_sampling_err_ppm", "its standard error of sampling"),
            error("change_model_err_ppm", "its standard deviation over the members"),
            share("extrapolated_share", "environments outside the training set", nullable=True),
        ),
        key=("system",),
    ),
    Table(
        name="spectra",
        row="system and shift",
        files={"tables/spectra.csv": "tabulate_shifts"},
        columns=(
            SYSTEM,
            number("shift_ppm", "shift"),
            size("total_per_ppm", "distribution of the shifts"),
            *(size(f"{name}_per_ppm", f"its part of the class {name}") for name in CLASSES),
            size("line_per_ppm", "exchange-averaged line"),
        ),
        key=("system", "shift_ppm"),
    ),
    Table(
        name="speciation",
        row="system and class",
        files={"tables/speciation.csv": "tabulate_shifts"},
        columns=(
            SYSTEM,
            MOLARITY,
            CLASS,
            share("share", "share of the environments"),
            error("share_err"),
            number("mean_shift_ppm", "mean shift of the class, missing without any", nullable=True),
            error("mean_shift_sampling_err_ppm", "its standard error of sampling"),
            error("mean_shift_model_err_ppm", "its standard deviation over the members"),
            N_ENVIRONMENTS,
        ),
        key=("system", "solvation_class"),
    ),
    Table(
        name="decomposition",
        row="pair of systems and class",
        files={"tables/decomposition.csv": "tabulate_decomposition"},
        columns=(
            text("against", "the first or the previous system", values=("first", "previous")),
            text("from_system", "system it starts from"),
            text("to_system", "system it leads to"),
            CLASS_OR_ALL,
            number("share_change", "change of the share", least=-1.0, most=1.0),
            *term("share_term", "change by another share of the class"),
            *term("within_term", "change by another mean shift within the class"),
            *term("change", "both together"),
        ),
        key=("against", "from_system", "to_system", "solvation_class"),
        may_be_empty=True,
    ),
    Table(
        name="experiment",
        row="measured concentration",
        files={"tables/experiment.csv": "tabulate_experiment"},
        columns=(
            size("molarity_M", "measured molarity"),
            number("change_ppm", "change against the lowest concentration"),
            error("change_err_ppm"),
            text("source", "where the series comes from"),
        ),
        key=("molarity_M",),
        may_be_empty=True,
    ),
)

EXCHANGE = (
    Table(
        name="shift_autocorrelation",
        row="system and lag",
        files={"tables/shift_autocorrelation.csv": "tabulate_exchange"},
        columns=(
            SYSTEM,
            size("time_ps", "lag"),
            number("autocorrelation", "of the deviation from the mean, normalised", nullable=True),
            error("autocorrelation_err", "jackknife error over paths"),
        ),
        key=("system", "time_ps"),
    ),
    Table(
        name="exchange",
        row="system",
        files={"tables/exchange.csv": "tabulate_exchange"},
        columns=(
            SYSTEM,
            size("shift_sd_ppm", "standard deviation of all shifts"),
            share("static_share", "share of the variance between means of paths", nullable=True),
            error("static_share_err"),
            size("frame_step_ps", "time between frames", nullable=True),
            size("longest_lag_ps", "longest lag of the autocorrelation", nullable=True),
            size("correlation_time_ps", "missing where the run is too short", nullable=True),
            error("correlation_time_err_ps"),
            size("correlation_time_lower_ps", "lower bound of the time", nullable=True),
            size("amplitude_rad_s", "Delta, width of the distribution"),
            size("crossover_s", "1 / Delta: slower exchange is not fast", nullable=True),
            size("amplitude_times_tau", "Delta times the correlation time", nullable=True),
            size("amplitude_times_tau_lower", "lower bound of the product", nullable=True),
            text(
                "regime",
                "regime of exchange",
                values=("none", "fast", "intermediate", "slow", "unresolved"),
            ),
            size("exchange_width_Hz", "width of the line by exchange", nullable=True),
            size("exchange_width_lower_Hz", "lower bound of the width", nullable=True),
            size("t2_width_Hz", "width by T2, 1 / (pi T2)"),
            size("static_width_Hz", "width without exchange"),
        ),
        key=("system",),
    ),
    Table(
        name="exchange_lines",
        row="system and shift",
        files={"tables/exchange_lines.csv": "tabulate_exchange"},
        columns=(
            SYSTEM,
            number("shift_ppm", "shift"),
            size("static_per_ppm", "distribution without exchange"),
            size("tau_ps", "correlation time of the line, or its lower bound", nullable=True),
            number("line_per_ppm", "Kubo's line for it", nullable=True),
            number("crossover_per_ppm", "the line for Delta tau = 1", nullable=True),
        ),
        key=("system", "shift_ppm"),
    ),
    Table(
        name="mean_error",
        row="system",
        files={"tables/mean_error.csv": "tabulate_exchange"},
        columns=(
            SYSTEM,
            number("shift_ppm", "mean shift"),
            error("block_err_ppm", "error from blocks of time"),
            size("block_ps", "length of a block", nullable=True),
            size("statistical_inefficiency", "frames to one independent one", nullable=True),
            size("mean_correlation_time_ps", "correlation time of frame means", nullable=True),
            error("autocorrelation_err_ppm", "error from the autocorrelation"),
            error("path_err_ppm", "error with each path as one sample"),
            count("n_paths", "nuclei of all replicas", least=1),
        ),
        key=("system",),
    ),
)

ELF = (
    Table(
        name="elf_clusters",
        row="cluster",
        files={"tables/elf_clusters.csv": "tabulate_elf"},
        columns=(
            CLUSTER,
            SYSTEM,
            CLASS,
            N_ANION,
            COORDINATION,
            number("shielding_ppm", "DFT shielding", nullable=True),
            text("status", "of the measurement", values=("ok", "unconverged", "failed")),
            text("reason", "why it is not ok", nullable=True),
            number("axis_ratio", "longest to shortest axis", least=1.0, nullable=True),
            number("peak_ratio", "largest to mean ELF on a sphere", least=1.0, nullable=True),
            size("mean_radius_bohr", "of the surface, over directions", nullable=True),
            share("open_share", "directions without a surface", nullable=True),
            size("cpu_s", "CPU time of the measurement", nullable=True),
        ),
        key=("cluster_id",),
    ),
    Table(
        name="elf",
        row="system, class and factor, 'all' where a row joins them",
        files={"tables/elf.csv": "tabulate_elf"},
        columns=(
            SYSTEM,
            size("molarity_M", MOLARITY.meaning, nullable=True),
            CLASS_OR_ALL,
            FACTOR,
            N_CLUSTERS,
            number("mean", "mean of the sample of clusters", nullable=True),
            error("mean_err"),
            error("sd", "standard deviation"),
            number("ensemble_mean", "class means by their shares in the MD", nullable=True),
            error("ensemble_err"),
            share("sampled_share", "share of the classes that were sampled", nullable=True),
        ),
        key=("system", "solvation_class", "factor"),
    ),
    Table(
        name="elf_correlation",
        row="part of the clusters and factor",
        files={"tables/elf_correlation.csv": "tabulate_elf"},
        columns=(
            text("scope", "all clusters, within classes, a system or a class"),
            FACTOR,
            N_CLUSTERS,
            correlation("pearson_r", "Pearson's correlation with the shielding"),
            correlation("r_low95", "lower end of its 95 % interval"),
            correlation("r_high95", "upper end"),
            share("p_value", "of no correlation", nullable=True),
            number("slope_ppm_per_percent", "shielding over the factor", nullable=True),
            error("slope_err_ppm_per_percent"),
        ),
        key=("scope", "factor"),
    ),
    Table(
        name="elf_sensitivity",
        row="setting",
        files={"tables/elf_sensitivity.csv": "tabulate_elf"},
        columns=(
            FACTOR,
            text("setting", "what is varied", values=("isovalue", "radius_bohr")),
            size("value", "its value"),
            flag("chosen", "whether it is the study's own"),
            N_CLUSTERS,
            *(
                number(name, f"{meaning} over the clusters", nullable=True)
                for name, meaning in (
                    ("mean", "mean"),
                    ("sd", "standard deviation"),
                    ("min", "smallest"),
                    ("max", "largest"),
                )
            ),
            correlation("pearson_r", "Pearson's correlation with the shielding"),
        ),
        key=("factor", "value"),
    ),
    Table(
        name="elf_surfaces",
        row="typical cluster and direction",
        files={"tables/elf_surfaces.csv": "tabulate_elf"},
        columns=(
            CLUSTER,
            SYSTEM,
            CLASS,
            *(
                number(axis, "direction, a unit vector", least=-1.0, most=1.0)
                for axis in ("x", "y", "z")
            ),
            size("radius_bohr", "distance of the surface"),
        ),
    ),
    Table(
        name="elf_atoms",
        row="atom of a typical cluster",
        files={"tables/elf_atoms.csv": "tabulate_elf"},
        columns=(
            CLUSTER,
            text("element", "element"),
            *(number(f"{axis}_A", "position from the nucleus") for axis in "xyz"),
            flag("in_shell", "whether it is a ligand atom of the first shell"),
        ),
    ),
    Table(
        name="elf_published",
        row="published factor",
        files={"tables/elf_published.csv": "tabulate_published_elf"},
        columns=(
            size("molarity_M", "molarity"),
            number("factor", "published deformation factor"),
            error("factor_err"),
        ),
        may_be_empty=True,
    ),
)

FIT = (
    text("status", "whether the mean time is known", values=("known", "lower bound")),
    size("tau_ps", "time of the stretched exponential", nullable=True),
    error("tau_err_ps"),
    share("beta", "its exponent", nullable=True),
    error("beta_err"),
    number("amplitude", "of its decaying part", nullable=True),
    number("offset", "what does not decay", nullable=True),
    error("offset_err"),
    size("mean_time_ps", "mean correlation time of the decaying part", nullable=True),
    error("mean_time_err_ps"),
    number("mean_time_lower_ps", "lower bound of the mean time", nullable=True),
    number("drop", "what the function loses over the fit", nullable=True),
    error("drop_err"),
    size("fit_from_ps", "first lag of the fit", nullable=True),
    size("fit_to_ps", "last lag of the fit", nullable=True),
    text("reason", "why there is a bound alone", nullable=True),
)
HOP = (
    REPLICA,
    NUCLEUS,
    size("time_ps", "time at which the ion was first found to have moved"),
    count("from_site", "site before, -1 without sites", least=-1),
    count("to_site", "site after, -1 without sites", least=-1),
)
RATE = (
    count("n_nuclei", "ions that were followed", least=1),
    size("watched_ns", "time over which they were, all together"),
    count("n_hops", "hops"),
    size("rate_per_ns", "hops of an ion over its time"),
    error("rate_err_per_ns", "the larger one of both errors"),
    error("poisson_err_per_ns", "error by the number of hops"),
    error("nucleus_err_per_ns", "error by the scatter of the ions"),
    size("rate_upper_per_ns", "upper bound (95 %) where no hop was seen", nullable=True),
    size("residence_ps", "mean time between hops of an ion", nullable=True),
    share("return_share", "hops straight back to the site before", nullable=True),
)
TEMPERATURE = number("temperature_K", "temperature, in tables of one row", above=0.0, optional=True)
WINDOW = size("window_ps", "time over which tensors are averaged; 0 for none")


def quadrupolar(name: str, row: str, columns: tuple[Column, ...], *key: str, **more: bool) -> Table:
    """A table of `ionshift analyse quadrupolar`, which no rule makes."""
    place = f"{row} (`{name}.csv` of `ionshift analyse quadrupolar`)"
    return Table(f"quadrupolar_{name}", place, {}, (*columns, TEMPERATURE), key, **more)


QUADRUPOLAR = (
    quadrupolar(
        "couplings",
        "nucleus",
        (
            REPLICA,
            NUCLEUS,
            size("abs_coupling_kHz", "mean of |C_Q| over the frames"),
            share("asymmetry", "mean of eta over the frames", nullable=True),
            number("mean_tensor_coupling_kHz", "C_Q of the mean tensor"),
            share("mean_tensor_asymmetry", "eta of the mean tensor", nullable=True),
        ),
        *("replica", "nucleus"),
    ),
    quadrupolar(
        "autocorrelation",
        "lag",
        (
            size("time_ps", "lag"),
            number("autocorrelation_Hz2", "autocorrelation of nu_Q over the powder"),
            number("autocorrelation", "the same, 1 at lag 0"),
            error("autocorrelation_err", "jackknife error"),
            number("fit", "fitted decay, missing outside of its range", nullable=True),
        ),
        "time_ps",
    ),
    quadrupolar(
        "decay",
        "fit of the autocorrelation",
        (
            text("nuclide", "nuclide"),
            WINDOW,
            count("n_replicas", "replicas", least=1),
            count("n_paths", "nuclei of all replicas", least=1),
            size("rms_frequency_kHz", "root mean square of nu_Q"),
            *FIT,
        ),
    ),
    quadrupolar(
        "windows",
        "window of averaging",
        (
            WINDOW,
            size("rms_frequency_Hz", "root mean square of nu_Q"),
            size("kept_share", "mean square of nu_Q over that without averaging"),
            size("first_lag_ps", "first lag after 0", nullable=True),
            number("first_value", "autocorrelation there", nullable=True),
            *FIT,
        ),
        "window_ps",
    ),
    quadrupolar(
        "echo",
        "evolution time and mixing time",
        (
            number("evolution_us", "evolution time of the echo", above=0.0),
            size("mixing_ps", "mixing time"),
            number("echo", "spin-alignment echo, 1 at mixing time 0", nullable=True),
            error("echo_err", "jackknife error"),
            number("fit", "fitted decay, missing outside of its range", nullable=True),
        ),
        *("evolution_us", "mixing_ps"),
    ),
    quadrupolar(
        "echo_decays",
        "evolution time",
        (
            number("evolution_us", "evolution time of the echo", above=0.0),
            size("largest_phase_rad", "largest phase in the evolution time"),
            number("initial", "echo at mixing time 0, not normalised"),
            *FIT,
        ),
        "evolution_us",
    ),
    quadrupolar("site_hops", "hop between sites", HOP, may_be_empty=True),
    quadrupolar(
        "site_hop_rate",
        "analysis of hops between sites",
        (share("core_share", "share of the time in the core of a site"), *RATE),
    ),
    quadrupolar("displacement_hops", "hop by displacement", HOP, may_be_empty=True),
    quadrupolar(
        "displacement_hop_rate",
        "analysis of hops by displacement",
        (
            number("hop_distance_A", "distance that counts as a hop", above=0.0),
            WINDOW,
            *RATE,
        ),
    ),
)

TABLES = (*SPECTRA, *EXCHANGE, *ELF, *QUADRUPOLAR)

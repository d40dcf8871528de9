"""Tables of the training, the validation and the liquids of a potential."""

from ionshift.core.schemas import Table, count, error, flag, number, share, size, text
from ionshift.core.table_columns import RDF, SYSTEM

ENERGY_RMSE = size("energy_rmse_meV_atom", "root-mean-square error of the energy")
FORCE_RMSE = size("force_rmse_meV_A", "root-mean-square error of a force component")
ROUND = count("round", "number of the round", least=1)
BOX = text("box", "name of the training box")
MODEL = text("model", "member of the committee or point of the learning curve")
QUANTITY = text("quantity", "energy or force", values=("energy", "force"))
ELEMENT = text("element", "element, or all")
PART = text("part", "train, valid or test")
SOURCE = text("source", "whose liquid", values=("classical", "potential"))
PAIR = text("pair", "both atoms and the role of the second")

TRAINING = (
    Table(
        name="potential_frames",
        row="frame",
        files={
            "rounds/*/shards/*.parquet": "label_frames",
            "rounds/*/frames.parquet": "collect_frames",
        },
        columns=(
            text("key", "hash of the frame and of the reference calculator's settings"),
            text("frame_id", "name of the frame"),
            SYSTEM,
            text("origin", "md, distorted or explored", nullable=True),
            count("replica", "number of the replica", nullable=True),
            count("frame", "number of the frame of the trajectory", nullable=True),
            size("time_ps", "time in the run", nullable=True),
            text("group", "block of time, trained on or held out as a whole", nullable=True),
            count("n_atoms", "atoms", least=1),
            text("status", "of the label", values=("ok", "unconverged", "failed")),
            text("reason", "why it is not ok", nullable=True),
            number("energy_eV", "reference energy", nullable=True),
            size("largest_force_eV_A", "largest reference force", nullable=True),
            number("pressure_GPa", "of the reference, if it gives a stress", nullable=True),
            size("wall_s", "elapsed time", nullable=True),
            size("cpu_s", "CPU time", nullable=True),
            size("max_rss_MB", "peak memory", nullable=True),
            text("reference_hash", "hash of the reference calculator's settings"),
        ),
        key=("key", "frame_id"),
        may_be_empty=True,
    ),
    Table(
        name="potential_deviations",
        row="frame of a round's MD",
        files={
            "explored/*.csv": "explore_box",
            "tables/potential_deviations.csv": "tabulate_rounds",
        },
        columns=(
            ROUND,
            BOX,
            count("frame", "number of the frame"),
            size("time_ps", "time in the run"),
            size("deviation_eV_A", "largest deviation of the members' forces on one atom"),
        ),
        key=("round", "box", "frame"),
    ),
    Table(
        name="potential_epochs",
        row="model and epoch",
        files={
            "models/*.csv": "train_potential",
            "tables/potential_epochs.csv": "evaluate_potential",
        },
        columns=(
            count("epoch", "number of the epoch"),
            number("loss", "validation loss"),
            ENERGY_RMSE,
            size("energy_mae_meV_atom", "mean absolute error of the energy", optional=True),
            FORCE_RMSE,
            size("force_mae_meV_A", "mean absolute error of a force component", optional=True),
            MODEL,
        ),
        key=("model", "epoch"),
    ),
    Table(
        name="potential_metrics",
        row="part, model, quantity and element",
        files={"tables/potential_metrics.csv": "evaluate_potential"},
        columns=(
            PART,
            MODEL,
            QUANTITY,
            ELEMENT,
            count("n", "values", least=1),
            size("mae", "mean absolute error"),
            size("rmse", "root-mean-square error"),
            size("reference_sd", "standard deviation of the reference itself"),
            text("unit", "meV/atom or meV/A", values=("meV/atom", "meV/A")),
        ),
        key=("part", "model", "quantity", "element"),
    ),
    Table(
        name="potential_parity",
        row="energy, or force component of a sample",
        files={"tables/potential_parity.csv": "evaluate_potential"},
        columns=(
            PART,
            QUANTITY,
            ELEMENT,
            text("frame_id", "name of the frame"),
            number("reference", "by the reference, in meV/atom or meV/A"),
            number("predicted", "by the committee, in the same unit"),
        ),
    ),
    Table(
        name="potential_learning_curve",
        row="model",
        files={"tables/potential_learning_curve.csv": "evaluate_potential"},
        columns=(MODEL, count("n_train", "training frames"), ENERGY_RMSE, FORCE_RMSE),
        key=("model",),
        may_be_empty=True,
    ),
    Table(
        name="potential_rounds",
        row="round of the model and round of the frames",
        files={"tables/potential_rounds.csv": "tabulate_rounds"},
        columns=(
            count("model_round", "round of the committee"),
            count("n_train", "its training frames"),
            count("test_round", "round that added the frames"),
            count("n_test", "held-out frames", least=1),
            ENERGY_RMSE,
            FORCE_RMSE,
        ),
        key=("model_round", "test_round"),
    ),
    Table(
        name="potential_exploration",
        row="round and box",
        files={"tables/potential_exploration.csv": "tabulate_rounds"},
        columns=(
            ROUND,
            BOX,
            count("n_frames", "frames of the run", least=1),
            size("time_ps", "length of the run"),
            share("accurate_share", "frames on which the members agree"),
            share("candidate_share", "frames that are worth a label"),
            share("failed_share", "frames beyond what a reference can describe"),
            size("median_deviation_eV_A", "median of the deviation"),
            size("largest_deviation_eV_A", "largest deviation"),
            text("ended", "how the run ended", values=("whole run", "blew up")),
            flag("converged", "whether the criterion to stop is reached"),
        ),
        key=("round", "box"),
    ),
)

VALIDATION = (
    Table(
        name="potential_validation",
        row="check",
        files={
            "tables/potential_validation.csv": "validate_potential",
            "validation_md/checks.csv": "run_validation_md",
        },
        columns=(
            text("check", "name of the check"),
            number("value", "what was measured", nullable=True, infinite=True),
            number("limit", "largest value that passes"),
            text("unit", "unit of both", nullable=True),
            flag("passed", "whether it passed"),
            text("detail", "more about it", nullable=True),
        ),
        key=("check",),
    ),
    Table(
        name="potential_nve",
        row="time of the run at constant energy",
        files={"tables/potential_nve.csv": "validate_potential"},
        columns=(
            size("time_ps", "time"),
            number("total_meV_atom", "total energy against the start", infinite=True),
            size("temperature_K", "temperature"),
            size("longest_bond", "over its mean length", nullable=True, infinite=True),
            text("bond", "which one", nullable=True),
        ),
        key=("time_ps",),
    ),
    Table(
        name="potential_scan",
        row="pair of elements and distance",
        files={"tables/potential_scan.csv": "validate_potential"},
        columns=(
            text("pair", "both elements"),
            size("distance_A", "distance"),
            number("energy_eV", "against the first distance", nullable=True, infinite=True),
            size("hole_eV", "the most that the pair gains on its way inwards", infinite=True),
        ),
        key=("pair", "distance_A"),
    ),
    Table(
        name="validation_rdf",
        row="source, pair and distance",
        files={"validation_md/rdf.csv": "run_validation_md"},
        columns=(SOURCE, PAIR, *RDF),
        key=("source", "pair", "r_A"),
    ),
)

LIQUIDS = (
    Table(
        name="potential_liquids",
        row="system and quantity",
        files={"tables/potential_liquids.csv": "tabulate_potential_liquids"},
        columns=(
            SYSTEM,
            text("quantity", "quantity"),
            text("unit", "its unit", nullable=True),
            number("classical", "in the liquid of the force field", nullable=True),
            error("classical_err"),
            number("potential", "in the liquid of the potential", nullable=True),
            error("potential_err"),
            number("difference", "potential less classical", nullable=True),
            error("difference_err"),
            error("model_err", "standard deviation of the members' differences"),
        ),
        key=("system", "quantity"),
    ),
    Table(
        name="potential_liquids_rdf",
        row="source, system, pair and distance",
        files={"tables/potential_liquids_rdf.csv": "tabulate_potential_liquids"},
        columns=(SYSTEM, PAIR, *RDF, SOURCE),
        key=("source", "system", "pair", "r_A"),
    ),
    Table(
        name="potential_liquids_shieldings",
        row="system, source and bin",
        files={"tables/potential_liquids_shieldings.csv": "tabulate_potential_liquids"},
        columns=(
            SYSTEM,
            SOURCE,
            number("low_ppm", "lower end of the bin"),
            number("high_ppm", "upper end"),
            size("density_per_ppm", "density of the shieldings"),
            number("mean_ppm", "mean shielding of the liquid"),
        ),
        key=("system", "source", "low_ppm"),
    ),
)

TABLES = (*TRAINING, *VALIDATION, *LIQUIDS)

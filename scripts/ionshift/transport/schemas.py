"""Tables of displacements and diffusion."""

from ionshift.core.schemas import Table, count, error, flag, number, size, text
from ionshift.core.table_columns import ROLE, SPECIES, SYSTEM

TABLES = (
    Table(
        name="msd",
        row="system, species and lag",
        files={"dynamics/msd_*.csv": "measure_diffusion", "tables/msd.csv": "tabulate_dynamics"},
        columns=(
            SYSTEM,
            SPECIES,
            ROLE,
            size("time_ps", "lag"),
            size("msd_A2", "mean-square displacement of the centres of mass"),
            error("msd_err_A2"),
        ),
        key=("system", "species", "time_ps"),
    ),
    Table(
        name="diffusion",
        row="system and species",
        files={
            "dynamics/diffusion_*.csv": "measure_diffusion",
            "tables/diffusion.csv": "tabulate_dynamics",
        },
        columns=(
            SYSTEM,
            SPECIES,
            ROLE,
            count("n_molecules", "molecules of the species in a box", least=1),
            count("n_replicas", "replicas", least=1),
            size("fit_from_ps", "begin of the window of the fit", nullable=True),
            size("fit_to_ps", "end of the window of the fit", nullable=True),
            number("slope", "log-log slope in the window; 1 for diffusion", nullable=True),
            error("slope_err"),
            flag("diffusive", "whether the slope is near enough to 1"),
            number("apparent_d_m2_s", "fit, whatever the regime", nullable=True),
            number("d_m2_s", "diffusion coefficient, missing unless diffusive", nullable=True),
            error("d_err_m2_s"),
            size("box_edge_A", "edge of the box, missing unless cubic", nullable=True),
            size("viscosity_mPa_s", "configured viscosity", nullable=True),
            size("correction_m2_s", "what the size of the box takes from it", nullable=True),
            number("corrected_d_m2_s", "coefficient and correction together", nullable=True),
        ),
        key=("system", "species"),
    ),
    Table(
        name="displacement_diffusion",
        row="species (`ionshift analyse diffusion`)",
        files={},
        columns=(
            SPECIES,
            count("n_replicas", "replicas", least=1),
            size("fit_from_ps", "begin of the window of the fit"),
            size("fit_to_ps", "end of the window of the fit"),
            number("slope", "log-log slope in the window; 1 for diffusion"),
            number("apparent_d_m2_s", "fit, whatever the regime"),
            number("d_m2_s", "diffusion coefficient, missing unless diffusive", nullable=True),
            error("d_err_m2_s"),
            size("correction_m2_s", "what the size of the box takes from it", nullable=True),
            number("corrected_d_m2_s", "coefficient and correction together", nullable=True),
            text("reason", "why there is no number", nullable=True),
        ),
        key=("species",),
    ),
)

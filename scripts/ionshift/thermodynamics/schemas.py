"""Tables of Kirkwood-Buff integrals and of osmotic and activity coefficients."""

from ionshift.core.schemas import Column, Table, count, error, number, size, text

QUANTITY = text(
    "quantity",
    "integral G in A^3, or derivative d ln a / d ln c",
    values=("G_A3", "dlna_dlnc"),
)
PAIR = text("pair", "pair of species; cation and anion of the salt for the derivative")
METHOD = text(
    "method",
    "how the integral ends",
    values=("truncated", "finite_volume_2013", "finite_volume_2018"),
)
REASON = text("reason", "why there is no number", nullable=True)


def solution(name: str, meaning: str) -> Column:
    """A number that is missing where the theory has no solution."""
    return number(name, meaning, nullable=True)


TABLES = (
    Table(
        name="kirkwood_buff",
        row="quantity, pair and method (`ionshift analyse kirkwood-buff`)",
        files={},
        columns=(
            QUANTITY,
            PAIR,
            METHOD,
            count("n_replicas", "replicas", least=1),
            number("reach_A", "distance at which g(r) ends", above=0.0),
            number("value", "the quantity, missing unless converged", nullable=True),
            error("value_err", "standard error over replicas"),
            size("drift", "half of the range over the last quarter of distances", nullable=True),
            number("value_cm3_mol", "the integral G", nullable=True),
            REASON,
        ),
        key=("quantity", "pair", "method"),
    ),
    Table(
        name="kirkwood_buff_running",
        row="quantity, pair, method and distance (`ionshift analyse kirkwood-buff`)",
        files={},
        columns=(
            QUANTITY,
            PAIR,
            METHOD,
            size("r_A", "distance at which the integral ends"),
            number("value", "the quantity up to there", nullable=True),
            error("value_err", "standard error over replicas"),
        ),
        key=("quantity", "pair", "method", "r_A"),
    ),
    Table(
        name="osmotic",
        row="theory, permittivity and molarity (`ionshift analyse osmotic`)",
        files={},
        columns=(
            text("route", "theory: hypernetted chain, Poisson-Boltzmann", values=("hnc", "mpb")),
            number("permittivity", "relative permittivity of the solvent", above=0.0),
            number("molarity_M", "molarity of the salt", above=0.0),
            size("molality_mol_kg", "molality", nullable=True),
            solution("phi_mm", "osmotic coefficient, scale of McMillan and Mayer"),
            error("phi_mm_sampling_err", "standard error of sampling"),
            error("phi_mm_tail_err", "change by the tails of the potentials"),
            solution("phi_compressibility_mm", "the same from the compressibility"),
            solution("ln_y_mm", "ln of the molar activity coefficient, the same scale"),
            error("ln_y_mm_sampling_err", "standard error of sampling"),
            error("ln_y_mm_tail_err", "change by the tails of the potentials"),
            solution("phi_lr", "osmotic coefficient, scale of Lewis and Randall"),
            error("phi_lr_err", "error of sampling and tail"),
            solution("ln_gamma_lr", "ln of the molal activity coefficient, the same scale"),
            error("ln_gamma_lr_err", "error of sampling and tail"),
            number("phi_limiting_mm", "osmotic coefficient of Debye and Hückel"),
            number("ln_y_limiting_mm", "ln of the activity coefficient of Debye and Hückel"),
            number("phi_measured", "measured, missing outside of its range", nullable=True),
            number("ln_gamma_measured", "measured, missing outside of its range", nullable=True),
            REASON,
        ),
        key=("route", "permittivity", "molarity_M"),
    ),
)

"""Tables of fitted laws."""

from ionshift.core.schemas import Table, count, error, number, size

TABLES = (
    Table(
        name="arrhenius",
        row="fit (`ionshift analyse arrhenius`)",
        files={},
        columns=(
            number("activation_eV", "activation energy"),
            error("activation_err_eV"),
            number("log_prefactor", "ln of the prefactor in 1/s"),
            error("log_prefactor_err"),
            size("reduced_chi2", "of the line, missing where errors are unknown", nullable=True),
            count("n_points", "temperatures of the fit", least=2),
            count("n_bounds", "tables left out, which have a bound alone"),
        ),
    ),
)

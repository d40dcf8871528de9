"""`ionshift analyse`: thermodynamics, transport, quadrupolar dynamics from a user's own files."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ionshift.cli import analyse_arrhenius, analyse_quadrupolar

app = typer.Typer(
    no_args_is_help=True,
    help="Analyses of files of your own: g(r), displacements, potentials of mean force, EFG "
    "tensors.",
)


class Length(StrEnum):
    """Units of distances."""

    A = "A"
    nm = "nm"


class Time(StrEnum):
    """Units of times."""

    ps = "ps"
    ns = "ns"
    fs = "fs"


class Square(StrEnum):
    """Units of displacements: squared, or the root of the mean square."""

    A2 = "A2"
    nm2 = "nm2"
    root_A = "root_A"
    root_nm = "root_nm"


class Energy(StrEnum):
    """Units of energies."""

    kT = "kT"
    kJ_mol = "kJ_mol"
    kcal_mol = "kcal_mol"
    eV = "eV"


Files = Annotated[
    list[str],
    typer.Argument(
        help="NAME=FILE, NAME=FILE:COLUMN or NAME=FILE:COLUMN:ERROR_COLUMN (columns by name or "
        "number); a name given again is a replica. Or a CSV with a column of names."
    ),
]
LengthUnit = Annotated[
    Length | None, typer.Option("--length-unit", help="Unit of distances that no header states.")
]
Edge = Annotated[
    float | None, typer.Option("--box-edge-A", min=1.0, help="Edge of the cubic box in A.")
]
Out = Annotated[Path, typer.Option("--out", help="CSV of the result.")]
Temperature = Annotated[float, typer.Option("--temperature-K", min=1.0, help="Temperature.")]


def _value(choice: Any) -> str | None:
    return None if choice is None else choice.value


@app.command("kirkwood-buff")
def kirkwood_buff(
    files: Files,
    length_unit: LengthUnit = None,
    box_edge_A: Edge = None,
    cation: Annotated[str | None, typer.Option(help="Name of the cation in pairs.")] = None,
    anion: Annotated[str | None, typer.Option(help="Name of the anion in pairs.")] = None,
    solvent: Annotated[str | None, typer.Option(help="Name of the solvent in pairs.")] = None,
    molarity_M: Annotated[
        float | None, typer.Option("--molarity-M", min=1e-6, help="Molarity of the salt.")
    ] = None,
    n_cations: Annotated[int, typer.Option(min=1, help="Cations a formula unit.")] = 1,
    n_anions: Annotated[int, typer.Option(min=1, help="Anions a formula unit.")] = 1,
    measured: Annotated[
        str | None, typer.Option(help="Salt to compare with, such as LiCl (25 C).")
    ] = None,
    normalise: Annotated[
        bool, typer.Option(help="Divide each g(r) by its mean at the end of its range.")
    ] = True,
    tolerance_A3: Annotated[
        float, typer.Option("--tolerance-A3", help="Drift allowed of a running integral.")
    ] = 20.0,
    tolerance: Annotated[
        float, typer.Option(help="Drift allowed of the running derivative of the activity.")
    ] = 0.1,
    out: Out = Path("kirkwood_buff.csv"),
) -> None:
    """Kirkwood-Buff integrals of g(r), and d ln a / d ln c of a salt.

    Example: `ionshift analyse kirkwood-buff Li-Li=g.dat:2 Li-Cl=g.dat:3 Cl-Cl=g.dat:4 Li-O=g.dat:5
    Cl-O=g.dat:6 --length-unit A --box-edge-A 25.05 --cation Li --anion Cl --solvent O
    --molarity-M 1.25`.
    """
    from ionshift.cli import analyse_kirkwood_buff as command

    salt = command.salt(cation, anion, solvent, molarity_M, (n_cations, n_anions))
    command.main(
        files,
        _value(length_unit),
        box_edge_A,
        salt,
        measured,
        normalise,
        (tolerance_A3, tolerance),
        out,
    )


@app.command("diffusion")
def diffusion(
    files: Files,
    time_unit: Annotated[
        Time | None, typer.Option("--time-unit", help="Unit of times that no header states.")
    ] = None,
    time_step_ps: Annotated[
        float | None,
        typer.Option("--time-step-ps", min=1e-9, help="Times are counts of this step."),
    ] = None,
    msd_unit: Annotated[
        Square | None,
        typer.Option("--msd-unit", help="Unit of displacements that no header states."),
    ] = None,
    window_ps: Annotated[
        tuple[float, float] | None, typer.Option("--window-ps", help="Times of the fit: from, to.")
    ] = None,
    slope_tolerance: Annotated[
        float, typer.Option(min=0.0, help="Deviation allowed of the log-log slope from 1.")
    ] = 0.1,
    box_edge_A: Edge = None,
    temperature_K: Annotated[
        float | None, typer.Option("--temperature-K", min=1.0, help="Temperature.")
    ] = None,
    viscosity_mPa_s: Annotated[
        float | None,
        typer.Option("--viscosity-mPa-s", min=1e-6, help="Shear viscosity of the solution."),
    ] = None,
    out: Out = Path("diffusion.csv"),
) -> None:
    """Diffusion coefficients from mean-square displacements, corrected for the size of the box.

    Example: `ionshift analyse diffusion Li=msd.dat:2 Cl=msd.dat:3 --time-unit ps --msd-unit A2
    --box-edge-A 25.05 --temperature-K 300 --viscosity-mPa-s 0.888`.
    """
    from ionshift.cli import analyse_diffusion as command

    box = command.box(box_edge_A, temperature_K, viscosity_mPa_s)
    unit = _value(time_unit)
    command.main(files, unit, time_step_ps, _value(msd_unit), window_ps, slope_tolerance, box, out)


@app.command("osmotic")
def osmotic(
    files: Files,
    length_unit: LengthUnit = None,
    energy_unit: Annotated[
        Energy | None, typer.Option("--energy-unit", help="Unit of energies that no header states.")
    ] = None,
    molarity_M: Annotated[
        list[float] | None,
        typer.Option("--molarity-M", min=1e-7, max=20.0, help="Molarity; may be given again."),
    ] = None,
    temperature_K: Temperature = 298.15,
    permittivity: Annotated[
        float, typer.Option(min=1.0, help="Relative permittivity of the solvent in the solution.")
    ] = 78.4,
    tail_permittivity: Annotated[
        str | None,
        typer.Option(help="Permittivity of the files' Coulomb part: a number, or fit."),
    ] = None,
    short_range: Annotated[
        bool, typer.Option("--short-range", help="The files come without their Coulomb part.")
    ] = False,
    align: Annotated[
        bool, typer.Option("--align", help="Shift each file so that its tail's mean is zero.")
    ] = False,
    tail_from_A: Annotated[
        float | None, typer.Option("--tail-from-A", help="Where tails begin; the last quarter.")
    ] = None,
    tail_tolerance_kT: Annotated[
        float, typer.Option("--tail-tolerance-kT", min=0.0, help="Mean allowed of a tail.")
    ] = 0.05,
    core_A: Annotated[
        float, typer.Option("--core-A", min=0.0, help="Distance below which ions never come.")
    ] = 1.6,
    charges: Annotated[tuple[int, int], typer.Option(help="Charges of cation and anion.")] = (
        1,
        -1,
    ),
    salt: Annotated[
        str | None, typer.Option(help="Salt to compare with, such as LiCl (25 C).")
    ] = None,
    volume_cm3_mol: Annotated[
        float | None,
        typer.Option("--volume-cm3-mol", help="Partial molar volume; that of --salt if left out."),
    ] = None,
    experiment: Annotated[
        Path | None, typer.Option(help="Table of Pitzer parameters in place of the shipped one.")
    ] = None,
    out: Out = Path("osmotic.csv"),
) -> None:
    """Osmotic and activity coefficients from the potentials of mean force of a salt's ion pairs.

    The names are cation-anion, cation-cation and anion-anion.

    Example: `ionshift analyse osmotic cation-cation=w.dat:2 cation-anion=w.dat:3
    anion-anion=w.dat:4 --length-unit A --energy-unit kT --tail-permittivity fit --salt LiCl`.
    """
    from ionshift.cli import analyse_osmotic as command

    treatment = command.treatment(
        charges, temperature_K, permittivity, tail_permittivity, short_range, align, tail_from_A,
        tail_tolerance_kT, core_A,
    )  # fmt: skip
    compared = command.compared(salt, experiment)
    units = (_value(length_unit), _value(energy_unit))
    command.main(files, units, molarity_M, treatment, compared, volume_cm3_mol, out)


app.command("quadrupolar")(analyse_quadrupolar.quadrupolar)
app.command("quadrupolar-figures")(analyse_quadrupolar.quadrupolar_figures)
app.command("arrhenius")(analyse_arrhenius.arrhenius)

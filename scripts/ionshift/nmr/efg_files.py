"""Reading EFG tensors of users: npz, parquet and extended XYZ, checked for what they mean.

The unit stands at the end of the name: `efg_au`, `efg_V_A2` or `efg_1e21_V_m2`.

- npz: `efg_{unit}` (n_frames, n_nuclei, 3, 3); if known `time_ps` (n_frames,), `positions_A`
  (n_frames, n_nuclei, 3) and `cell_A` (3, 3)
- parquet: one row a nucleus and frame, with `nucleus`, `frame` or `time_ps`, and the components
  `efg_xx_{unit}`, `yy`, `zz`, `xy`, `xz`, `yz`; `replica` if there are several
- extxyz: one frame a time, the column `efg_{unit}` of nine numbers; `time_ps` of the frames
"""

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from ionshift.core.errors import InputError
from ionshift.core.user_tables import read_user_table
from ionshift.nmr.efg_runs import EfgRun
from ionshift.nmr.nuclides import Nuclide
from ionshift.nmr.quadrupolar import UNITS_V_m2, to_au
from ionshift.statistics import correlation

if TYPE_CHECKING:
    from ase import Atoms

Array = NDArray[np.float64]

# Asymmetry and trace that pass as rounding, over the root mean square of all components.
TOLERANCE = 1e-3
PARTS = ("xx", "yy", "zz", "xy", "xz", "yz")
MATRIX = np.array([[0, 3, 4], [3, 1, 5], [4, 5, 2]])
NAMES = tuple(f"efg_{unit}" for unit in UNITS_V_m2)
MIN_FRAMES = 2


def read_runs(
    paths: Sequence[str | Path], nuclide: Nuclide, step_ps: float | None = None
) -> list[EfgRun]:
    """The runs of some files, each a replica (a parquet file may hold several).

    Parameters
    ----------
    nuclide : its element selects the atoms of an extxyz file
    step_ps : time between frames, where the files have no times

    Raises
    ------
    InputError
        if a file cannot be read, has no unit, no times, a wrong shape, or tensors that are not
        finite, symmetric and traceless.
    """
    return [run for path in paths for run in _read(Path(path), nuclide, step_ps)]


def _read(path: Path, nuclide: Nuclide, step_ps: float | None) -> list[EfgRun]:
    readers = {".npz": _npz, ".parquet": _parquet, ".extxyz": _extxyz, ".xyz": _extxyz}
    if path.suffix not in readers:
        raise InputError(f"{path}: EFG tensors are read from npz, parquet or extxyz files")
    if not path.is_file():
        raise InputError(f"{path}: no such file; give a file of EFG tensors")
    return readers[path.suffix](path, nuclide, step_ps)


def _npz(path: Path, _: Nuclide, step_ps: float | None) -> list[EfgRun]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path} cannot be read ({error}); write it again with numpy.savez"
        ) from None
    name = _named(arrays, NAMES, path)
    return [
        _run(
            path,
            to_au(_numbers(arrays, name, path), name.removeprefix("efg_")),
            _optional(arrays, "time_ps", path),
            step_ps,
            _optional(arrays, "positions_A", path),
            _optional(arrays, "cell_A", path),
        )
    ]


def _named(present: Iterable[str], names: Sequence[str], path: Path) -> str:
    known = list(present)
    found = [name for name in names if name in known]
    if len(found) != 1:
        raise InputError(
            f"{path}: needs one of {', '.join(names)}, the end of the name being the unit; it has "
            f"{', '.join(map(str, known)) or 'nothing'}"
        )
    return found[0]


def _numbers(arrays: Mapping[str, np.ndarray], name: str, path: Path) -> Array:
    try:
        return np.asarray(arrays[name], float)
    except (TypeError, ValueError):
        raise InputError(f"{path}: {name} holds no numbers ({arrays[name].dtype})") from None


def _optional(arrays: Mapping[str, np.ndarray], name: str, path: Path) -> Array | None:
    return _numbers(arrays, name, path) if name in arrays else None


def _parquet(path: Path, _: Nuclide, step_ps: float | None) -> list[EfgRun]:
    table = read_user_table(path, needed=["nucleus"])
    unit = _named(table.columns, [f"efg_xx_{unit}" for unit in UNITS_V_m2], path)
    unit = unit.removeprefix("efg_xx_")
    columns = [f"efg_{part}_{unit}" for part in PARTS]
    order = "time_ps" if "time_ps" in table else "frame"
    table = read_user_table(path, needed=[order, *columns], numbers=[order, *columns])
    runs = []
    for replica, part in table.groupby(
        table["replica"] if "replica" in table else np.zeros(len(table))
    ):
        part = part.sort_values([order, "nucleus"])
        times, n_nuclei = np.unique(part[order]), part["nucleus"].nunique()
        whole = part.groupby(order)["nucleus"].nunique().eq(n_nuclei).all()
        if not whole or len(part) != len(times) * n_nuclei:
            raise InputError(
                f"{path}: replica {replica}: {len(part)} rows are not {len(times)} frames of "
                f"{n_nuclei} nuclei; every nucleus needs one row a frame"
            )
        tensors = part[columns].to_numpy(float)[:, MATRIX].reshape(len(times), n_nuclei, 3, 3)
        time_ps = times if order == "time_ps" else None
        runs.append(_run(path, to_au(tensors, unit), time_ps, step_ps))
    return runs


def _extxyz(path: Path, nuclide: Nuclide, step_ps: float | None) -> list[EfgRun]:
    from ase.io import read

    try:
        frames = cast("list[Atoms]", read(path, ":", format="extxyz"))
    except Exception as error:  # whatever a reader of text raises
        raise InputError(f"{path} cannot be read ({error}); give extended XYZ") from None
    if not frames:
        raise InputError(f"{path} holds no frame")
    name = _named(frames[0].arrays, NAMES, path)
    symbols = list(frames[0].symbols)
    chosen = np.array([symbol == nuclide.element for symbol in symbols])
    if not chosen.any():
        raise InputError(f"{path}: no {nuclide.element} in it; --nuclide is {nuclide.name}")
    if any(list(one.symbols) != symbols or name not in one.arrays for one in frames):
        raise InputError(
            f"{path}: frames have other atoms, or lack {name}; all frames need the same"
        )
    tensors = np.array([one.arrays[name][chosen].reshape(-1, 3, 3) for one in frames])
    times = [one.info.get("time_ps", np.nan) for one in frames]
    periodic = all(one.pbc.all() for one in frames)
    return [
        _run(
            path,
            to_au(tensors, name.removeprefix("efg_")),
            np.array(times, float) if np.isfinite(times).all() else None,
            step_ps,
            np.array([one.positions[chosen] for one in frames]),
            np.mean([one.cell[:] for one in frames], axis=0) if periodic else None,
        )
    ]


def _run(
    path: Path,
    tensors_au: Array,
    time_ps: Array | None,
    step_ps: float | None,
    positions_A: Array | None = None,
    cell_A: Array | None = None,
) -> EfgRun:
    _check_shape(path, tensors_au)
    _check_positions(path, tensors_au.shape, positions_A, cell_A)
    step_ps = _step(path, len(tensors_au), time_ps, step_ps)
    return EfgRun(_checked(path, tensors_au), step_ps, str(path), positions_A, cell_A)


def _check_shape(path, tensors_au):
    shape = tensors_au.shape
    if tensors_au.ndim != 4 or shape[2:] != (3, 3) or shape[1] == 0:
        raise InputError(f"{path}: EFG tensors of shape {shape}, it must be (frames, nuclei, 3, 3)")
    if len(tensors_au) < MIN_FRAMES:
        raise InputError(f"{path}: {len(tensors_au)} frames; a correlation needs {MIN_FRAMES}")


def _check_positions(path, shape, positions_A, cell_A):
    if positions_A is not None and positions_A.shape != (*shape[:2], 3):
        raise InputError(
            f"{path}: positions_A of shape {positions_A.shape}, tensors of {shape}: positions are "
            "those of the nuclei, (frames, nuclei, 3)"
        )
    if cell_A is not None and cell_A.shape != (3, 3):
        raise InputError(f"{path}: cell_A of shape {cell_A.shape}, it must be (3, 3)")
    for name, values in (("positions_A", positions_A), ("cell_A", cell_A)):
        if values is not None and not np.isfinite(values).all():
            raise InputError(f"{path}: {name} holds numbers that are not finite")


def _step(path: Path, n_frames: int, time_ps: Array | None, step_ps: float | None) -> float:
    if time_ps is None:
        if step_ps is None:
            raise InputError(f"{path}: no time_ps; give the time between frames with --dt-ps")
        return step_ps
    if len(time_ps) != n_frames:
        raise InputError(f"{path}: {len(time_ps)} times for {n_frames} frames")
    found_ps = correlation.time_step(time_ps)
    if step_ps is not None and abs(found_ps - step_ps) > correlation.STEP_TOLERANCE * step_ps:
        raise InputError(
            f"{path}: frames are {found_ps:g} ps apart by time_ps, --dt-ps says {step_ps:g}; leave "
            "--dt-ps out"
        )
    return found_ps


def _checked(path: Path, tensors_au: Array) -> Array:
    """Tensors made exactly symmetric and traceless, if they are so but for rounding."""
    wrong = np.argwhere(~np.isfinite(tensors_au).all(axis=(2, 3)))
    if len(wrong):
        raise InputError(
            f"{path}: frame {wrong[0][0]}, nucleus {wrong[0][1]}: the EFG is not finite"
        )
    scale = np.sqrt(np.mean(tensors_au**2))
    traces = np.trace(tensors_au, axis1=2, axis2=3)
    skewed = np.abs(tensors_au - np.swapaxes(tensors_au, 2, 3)).max(axis=(2, 3))
    for name, size, remedy in (
        ("not symmetric", skewed, "V_xy is V_yx; check the order of the components"),
        ("not traceless", np.abs(traces), "V_xx + V_yy + V_zz is 0; is it a shielding?"),
    ):
        frame, nucleus = np.unravel_index(size.argmax(), size.shape)
        if size.max() > TOLERANCE * scale:
            raise InputError(
                f"{path}: frame {frame}, nucleus {nucleus}: the EFG is {name}, by "
                f"{size.max() / scale:.2g} of the root mean square of all components; {remedy}"
            )
    symmetric = (tensors_au + np.swapaxes(tensors_au, 2, 3)) / 2
    return symmetric - traces[..., None, None] * np.eye(3) / 3

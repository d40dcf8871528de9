"""What the MD says of its own trajectory: the part of md_summary.json that files are held to."""

from pathlib import Path

from pydantic import BaseModel, PositiveFloat, PositiveInt, ValidationError

from ionshift.core.errors import InputError


class Summary(BaseModel):
    """Frames, atoms and times that a finished MD has written, and what of.

    `counts` (molecules by name) and `box_edge_A` (cube root of the volume of the first frame)
    may be missing: a crystal has no molecules.
    """

    n_frames: PositiveInt
    n_atoms: PositiveInt
    frame_interval_ps: PositiveFloat
    counts: dict[str, int] | None = None
    box_edge_A: PositiveFloat | None = None


def read_summary(path: str | Path) -> Summary:
    """Read the summary of an MD run.

    Raises
    ------
    InputError
        if the file is missing, unreadable, or says nothing of its frames.
    """
    try:
        return Summary.model_validate_json(Path(path).read_bytes())
    except OSError as error:
        reason = error.strerror
    except ValidationError as error:
        reason = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}"
            for one in error.errors()
        )
    raise InputError(
        f"{path}: {reason}; the trajectory beside it cannot be checked without what the MD says "
        f"of it; delete the file and rerun the MD (rm {path}, then ionshift run)"
    )

"""Block `dynamics`: correlation functions of the liquid."""

from pydantic import Field, model_validator

from ionshift.config.base import Block, Count, NotNegative, Positive


class Dynamics(Block):
    frame_stride: Count = Field(
        1, description="Every n-th stored frame enters displacements and residence."
    )
    max_lag_share: float = Field(
        0.5, gt=0, lt=1, description="Longest lag, as a share of the shortest replica."
    )
    fit_share: tuple[float, float] = Field(
        (0.1, 0.3),
        description="Lags of the fit to the mean-square displacement, as shares of the shortest "
        "replica.",
    )
    slope_tolerance: Positive = Field(
        0.1,
        description="Largest deviation from 1 of the log-log slope in the fit's window; beyond it "
        "no diffusion coefficient is given.",
    )
    n_blocks: int = Field(
        3, ge=2, description="Time blocks a replica of the error of diffusion; they hold the fit."
    )
    viscosity_mPa_s: dict[str, Positive] = Field(
        {},
        description="Shear viscosity by system, for the finite-size correction; a system that is "
        "not named stays uncorrected.",
    )
    excursion_ps: NotNegative = Field(
        2.0, description="A ligand that comes back within this time has not left the shell."
    )

    @model_validator(mode="after")
    def _window_fits(self):
        start, end = self.fit_share
        if not 0 < start < end <= self.max_lag_share:
            raise ValueError(
                f"fit_share = [{start:g}, {end:g}] must rise and stay between 0 and "
                f"max_lag_share = {self.max_lag_share:g}"
            )
        if end >= 1 / self.n_blocks:
            raise ValueError(
                f"fit_share ends at {end:g}, which does not fit into a block of 1/{self.n_blocks} "
                "of the run; lower it or n_blocks"
            )
        return self

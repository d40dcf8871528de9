"""Block `spectrum`: spectra and means."""

from pydantic import Field

from ionshift.config.base import Block, Positive


class Spectrum(Block):
    reference_shielding_ppm: float | None = Field(
        None,
        description="sigma_ref of delta = sigma_ref - sigma; null takes the mean shielding of "
        "the training labels.",
    )
    larmor_MHz: Positive = Field(155.5, description="7Li Larmor frequency (155.5 MHz at 9.4 T).")
    t2_s: Positive = Field(0.05, description="Transverse relaxation time: width 1 / (pi T2).")
    range_ppm: tuple[float, float] | None = Field(
        None, description="Shift range of the distribution; null fits the data."
    )
    n_points: int = Field(801, ge=11, description="Points of each spectrum.")
    distribution_sigma_ppm: Positive = Field(0.05, description="Broadening of the distribution.")
    n_blocks: int = Field(5, ge=2, description="Time blocks a replica of the sampling error.")
    experiment: str | None = Field(
        None,
        description="CSV with a measured series to draw beside the computed changes of the shift "
        "(resources/reference/README.md); null: none.",
    )

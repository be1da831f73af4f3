import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from infra.environment.teams import PHASES, Quota, Shares, Team
from infra.units import ByteSize, Cpu, GiB, TiB

_USUAL = Shares()
_PARTS = st.integers(1, 1000)


def team(gpus: int, millis: int, memory: int, shares: Shares = _USUAL) -> Team:
    return Team(
        members=("oidc:fraud",), gpus=gpus, cpu=Cpu(f"{millis}m"), memory=ByteSize(memory), shares=shares
    )


@given(
    st.integers(0, 10_000),
    st.integers(1, 10**7),
    st.integers(2**20, 2**50),
    st.builds(Shares, exploration=_PARTS, training=_PARTS, serving=_PARTS),
)
def test_nothing_is_lost_between_phases(gpus: int, millis: int, memory: int, shares: Shares) -> None:
    parts = team(gpus, millis, memory, shares).split()
    assert tuple(parts) == PHASES
    assert sum(part.gpus for part in parts.values()) == gpus
    assert sum(part.cpu.millis for part in parts.values()) == millis
    assert sum(part.memory for part in parts.values()) == memory


@given(st.integers(0, 10_000))
def test_no_phase_is_off_its_share_by_a_whole_gpu(gpus: int) -> None:
    parts = team(gpus, 1000, GiB).split()
    shares = {"exploration": gpus / 4, "training": gpus / 2, "serving": gpus / 4}
    assert all(abs(parts[phase].gpus - shares[phase]) < 1 for phase in PHASES)


def test_a_quota_that_divides() -> None:
    assert team(64, 512_000, 4 * TiB).split() == {
        "exploration": Quota(16, Cpu(128), ByteSize(TiB)),
        "training": Quota(32, Cpu(256), ByteSize(2 * TiB)),
        "serving": Quota(16, Cpu(128), ByteSize(TiB)),
    }


def test_a_single_gpu_is_for_training() -> None:
    assert {phase: part.gpus for phase, part in team(1, 1000, GiB).split().items()} == {
        "exploration": 0,
        "training": 1,
        "serving": 0,
    }


def test_a_team_may_divide_its_quota_otherwise() -> None:
    nearly_all = Shares(training=128)
    parts = team(4160, 130_000, 130 * GiB, nearly_all).split()
    assert parts == {
        "exploration": Quota(32, Cpu(1), ByteSize(GiB)),
        "training": Quota(4096, Cpu(128), ByteSize(128 * GiB)),
        "serving": Quota(32, Cpu(1), ByteSize(GiB)),
    }


def test_a_phase_without_a_share_is_refused() -> None:
    with pytest.raises(ValidationError):
        Shares(exploration=0)

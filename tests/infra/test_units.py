import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from infra.problems import Wrong
from infra.units import DAY, ByteSize, Cpu, Duration, GiB, TiB, quantity_bytes, quantity_cpu

whole = st.integers(0, 2**63 - 1)
millis = st.integers(0, 10**9)


@pytest.mark.parametrize(
    ("written", "size"),
    [("500GiB", 500 * GiB), ("500Gi", 500 * GiB), ("1.5TiB", TiB * 3 // 2), ("1024B", 1024), ("0GiB", 0)],
)
def test_sizes(written: str, size: int) -> None:
    assert ByteSize(written) == size


@pytest.mark.parametrize(
    "wrong",
    [
        "500GB",
        "500G",
        "500",
        "GiB",
        "-1GiB",
        "0.3B",
        "1e3GiB",
        "9999999PiB",
        "\u0661GiB",
        True,
        1.5,
        None,
        -1,
        [],
        "1GiB\n",
    ],
)
def test_what_is_no_size(wrong: object) -> None:
    with pytest.raises(Wrong) as caught:
        ByteSize(wrong)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("written", "seconds"), [("30s", 30), ("30m", 1800), ("12h", 43200), ("7d", 7 * DAY)]
)
def test_durations(written: str, seconds: int) -> None:
    assert Duration(written) == seconds


@pytest.mark.parametrize(
    "wrong",
    [
        "12",
        "1.5h",
        "h",
        "-1h",
        "1w",
        "9" * 18 + "d",
        "9" * 20 + "s",
        "9" * 5000 + "s",
        True,
        1.5,
        None,
        "1h\n",
    ],
)
def test_what_is_no_duration(wrong: object) -> None:
    with pytest.raises(Wrong):
        Duration(wrong)


@pytest.mark.parametrize(("written", "cpu"), [(16, 16.0), (16.5, 16.5), ("500m", 0.5), (0.001, 0.001)])
def test_processors(written: object, cpu: float) -> None:
    assert Cpu(written) == cpu


@pytest.mark.parametrize(
    "wrong", ["16", "x", "1.5m", -1, True, None, 0.0001, float("inf"), float("nan"), 1e300, []]
)
def test_what_is_no_number_of_processors(wrong: object) -> None:
    with pytest.raises(Wrong):
        Cpu(wrong)


def test_no_number_is_too_large_to_be_refused() -> None:
    with pytest.raises(Wrong):
        Cpu(10**5000)


@given(whole)
def test_sizes_survive_being_written(size: int) -> None:
    assert ByteSize(ByteSize(size).written()) == size


@given(whole)
def test_durations_survive_being_written(seconds: int) -> None:
    assert Duration(Duration(seconds).written()) == seconds


@given(millis)
def test_processors_survive_being_written(thousandths: int) -> None:
    cpu = Cpu(f"{thousandths}m")
    assert Cpu(cpu.written()) == cpu
    assert cpu.millis == thousandths


@given(whole)
def test_quantities_of_bytes_are_exact(size: int) -> None:
    scale = {"": 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50}
    quantity = quantity_bytes(size)
    number = quantity.rstrip("KMGTPi")
    assert int(number) * scale[quantity[len(number) :]] == size


@pytest.mark.parametrize(
    ("size", "quantity"), [(4 * TiB, "4Ti"), (500 * GiB, "500Gi"), (1000, "1000"), (0, "0")]
)
def test_quantities_of_bytes(size: int, quantity: str) -> None:
    assert quantity_bytes(size) == quantity


@given(millis)
def test_quantities_of_processors_are_exact(thousandths: int) -> None:
    quantity = quantity_cpu(Cpu(f"{thousandths}m"))
    assert (int(quantity[:-1]) if quantity.endswith("m") else int(quantity) * 1000) == thousandths


@pytest.mark.parametrize(("cpu", "quantity"), [(16.5, "16500m"), (16.0, "16"), (0.5, "500m")])
def test_quantities_of_processors(cpu: float, quantity: str) -> None:
    assert quantity_cpu(cpu) == quantity


@pytest.mark.parametrize(("kind", "written"), [(ByteSize, "500GiB"), (Duration, "7d"), (Cpu, 16.5)])
def test_pydantic_reads_and_writes_them(kind: type, written: object) -> None:
    adapter: TypeAdapter[object] = TypeAdapter(kind)
    assert adapter.dump_python(adapter.validate_python(written), mode="json") == written


@pytest.mark.parametrize("kind", [ByteSize, Duration])
def test_files_have_units(kind: type) -> None:
    adapter: TypeAdapter[object] = TypeAdapter(kind)
    assert adapter.validate_python(kind(60)) == 60
    with pytest.raises(ValidationError, match="such as"):
        adapter.validate_python(60)

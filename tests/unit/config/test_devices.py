from pathlib import Path

import pytest

from tprune.config.devices import Device, check_targets, read_devices, reference_device
from tprune.config.latency import Latency
from tprune.errors import TPruneError

HEADER = "name\tkind\taddress\tengine\tthreads\tbeam\tdtype\tnotes"
LOCAL = "local\tlocal"
ROOT = Path(__file__).parents[3]


def sheet(tmp_path: Path, *rows: str, header: str = HEADER) -> Path:
    path = tmp_path / "devices.tsv"
    path.write_text("\n".join(["# a comment", header, "", *rows]) + "\n", encoding="utf-8")
    return path


def test_the_shipped_sheet_has_this_machine_alone() -> None:
    assert read_devices(ROOT / "config/devices.tsv", Latency()) == [
        Device("local", "local", "", "ctranslate2", 1, (1, 4), ("float32", "int8"))
    ]


def test_the_examples_in_the_shipped_sheet_are_right(tmp_path: Path) -> None:
    text = (ROOT / "config/devices.tsv").read_text(encoding="utf-8")
    examples = [
        line.removeprefix("# ") for line in text.splitlines() if line.startswith("# ") and "\t" in line
    ]
    path = tmp_path / "devices.tsv"
    path.write_text("\n".join([*examples, LOCAL]), encoding="utf-8")
    devices = read_devices(path, Latency())
    assert [device.kind for device in devices] == ["local", "ssh", "adb", "browser", "local"]


def test_empty_cells_have_their_defaults(tmp_path: Path) -> None:
    latency = Latency(beams=[1, 3], dtypes=["int8", "float32"], threads=2)
    rows = [
        LOCAL,
        "pi\tssh\tme@pi:2222\t\t4\t1\tint8\tin the drawer",
        "page\tbrowser",
        "onnx\tlocal\t\tonnxruntime",
    ]
    assert read_devices(sheet(tmp_path, *rows), latency) == [
        Device("local", "local", "", "ctranslate2", 2, (1, 3), ("int8", "float32")),
        Device("pi", "ssh", "me@pi:2222", "ctranslate2", 4, (1,), ("int8",), "in the drawer"),
        Device("page", "browser", "", "onnxruntime-web", 2, (1,), ("int8", "float32")),
        Device("onnx", "local", "", "onnxruntime", 2, (1,), ("int8", "float32")),
    ]


def test_columns_may_stand_in_any_order_and_lines_end_as_on_windows(tmp_path: Path) -> None:
    header = "\t".join(reversed(HEADER.split("\t"))) + "\r"
    path = sheet(tmp_path, "here\t\t1,2\t\t\t\tlocal\tlocal\r", header=header)
    assert read_devices(path, Latency())[0].beams == (1, 2)
    assert read_devices(path, Latency())[0].notes == "here"


def test_the_first_local_device_is_the_reference(tmp_path: Path) -> None:
    devices = read_devices(sheet(tmp_path, "pi\tssh\tpi", "one\tlocal", "two\tlocal"), Latency())
    assert reference_device(devices).name == "one"


def test_a_target_of_a_device_that_the_sheet_lacks_is_told(tmp_path: Path) -> None:
    path = sheet(tmp_path, LOCAL, "pi\tssh\tpi")
    devices = read_devices(path, Latency())
    check_targets(["all", "latency_pi", "latency_budget", "results/latency/x/summary.csv"], devices, path)
    with pytest.raises(TPruneError, match=r"latency_phone: .* has no device 'phone', only local, pi"):
        check_targets(["all", "latency_phone"], devices, path)


@pytest.mark.parametrize(
    "word",
    [
        "latency_x:mem_mb=9000",
        "latency_x=2",
        "latency_x.yaml",
        "latency_x/tables/headline.csv",
        "latency_there",
    ],
)
def test_what_is_no_target_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "latency_there").mkdir()
    path = sheet(tmp_path, LOCAL)
    check_targets([word], read_devices(path, Latency()), path)


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ("Pi\tlocal", "line 5, column name: found 'Pi', must be lower-case letters"),
        ("\tlocal", "line 5, column name: found nothing"),
        ("budget\tlocal", "column name: found 'budget', which the rule latency_budget has already"),
        ("local\tlocal", "column name: found 'local', which stands further up"),
        ("local\tssh\tpi", "column name: found 'local', which is for kind local"),
        ("pi\ttelnet", "column kind: found 'telnet', allowed: local, ssh, adb, browser"),
        ("pi\t", "column kind: found nothing"),
        ("pi\tssh", "column address: found nothing, must be a host"),
        ("pi\tssh\t-oProxyCommand=x", "column address: .* not begin with -"),
        ("pi\tssh\ta b", "column address: .* no blank"),
        ("web\tbrowser\tphone", "column address: found 'phone', must be empty"),
        ("pi\tlocal\thost", "column address: found 'host', must be empty"),
        ("pi\tssh\tpi\ttorch", "column engine: found 'torch', allowed: ctranslate2, onnxruntime"),
        ("pi\tadb\t\tonnxruntime", "column engine: found 'onnxruntime', allowed: ctranslate2"),
        ("pi\tssh\tpi\t\t0", "column threads: found '0', must be a whole number, at least 1"),
        ("pi\tssh\tpi\t\t1,2", "column threads: found '1,2', must be one number"),
        ("pi\tssh\tpi\t\t\t1,x", "column beam: found '1,x', must be a whole number"),
        ("pi\tssh\tpi\t\t\t1,1", "column beam: found '1,1', list each value once"),
        ("pi\tssh\tpi\t\t\t1,", "column beam: found '1,'"),
        ("pi\tssh\tpi\tonnxruntime\t\t4", "column beam: found '4', must be 1, as engine onnxruntime"),
        ("pi\tbrowser\tfirefox", "column address: found 'firefox', must be empty"),
        ("pi\tbrowser\t\t\t\t1,4", "column beam: found '1,4', must be 1"),
        ("pi\tssh\tpi\t\t\t\tint4", "column dtype: found 'int4', must be in latency.dtypes: float32, int8"),
        ("pi    ssh    pi", "line 5: has no tab; separate columns by one tab each"),
        ("pi\tssh\tpi\t\t\t\t\tnote\tmore", "line 5: 9 cells, but 8 columns"),
    ],
)
def test_a_wrong_cell_is_named_with_line_and_column(tmp_path: Path, row: str, text: str) -> None:
    path = sheet(tmp_path, LOCAL, row)
    with pytest.raises(TPruneError, match=text) as caught:
        read_devices(path, Latency())
    assert str(path) in str(caught.value)


def test_a_sheet_of_another_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TPruneError, match=r"cannot be read .*devices\.sheet"):
        read_devices(tmp_path / "absent.tsv", Latency())
    with pytest.raises(TPruneError, match=r"line 2: the columns are name kind; must be .* separated by tabs"):
        read_devices(sheet(tmp_path, header="name kind"), Latency())
    (tmp_path / "empty.tsv").write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(TPruneError, match="has no line with the columns"):
        read_devices(tmp_path / "empty.tsv", Latency())
    with pytest.raises(TPruneError, match="no device of kind local"):
        read_devices(sheet(tmp_path, "pi\tssh\tpi"), Latency())

"""The configuration of one appliance: ``steelyard.toml``.

Rules this file obeys:

* Every key has a type, a unit and a range; an unknown key is refused and the nearest known one named.
* Nothing secret stands here: keys live in the data directory.
* Relative paths are relative to the file that names them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from firmware_app import settings_file
from firmware_app.ledger.county.cosigned import MOST_WITNESSES, BadWitnesses, read_witnesses
from firmware_app.ledger.county.note import VerifierKey
from firmware_app.ledger.signing.signers import SignerKind, check_options
from firmware_app.ledger.slip.image import SLIP_FACE, SLIP_FONT
from firmware_app.rules.publisher import BadPublisher, read_publisher
from hardware.ean13 import Carries, Ean13Error, Layout

DEFAULT_PATH = Path("/etc/steelyard/steelyard.toml")

Name = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$",
        description="1 to 32 letters, digits, dots, dashes, beginning with a letter or digit",
    ),
]
Option = str | int | float | bool


class Device(msgspec.Struct, frozen=True):
    """Who the appliance is, where it keeps things, and what holds its key."""

    id: Name
    data_dir: str = "/var/lib/steelyard"
    run_dir: str = "/run/steelyard"
    time_zone: Annotated[str, Meta(max_length=40, description="IANA name")] = "Asia/Shanghai"
    signer: SignerKind = "file"
    signer_options: dict[str, Option] = {}

    def __post_init__(self) -> None:
        check_options(self.signer, self.signer_options)


class Pan(msgspec.Struct, frozen=True):
    """The appliance's own pan: a driver by name, its options, and the calibration file."""

    driver: Name
    calibration: str
    rate_hz: Annotated[int, Meta(ge=1, le=400, description="nominal conversions per second")] = 80
    options: dict[str, Option] = {}


class Lead(msgspec.Struct, frozen=True):
    """The lead to the scale under test: a transport by name and its options; absent where none is.

    ``ask``: scales that only answer are asked by the harmless request of their protocol.
    """

    transport: Name
    options: dict[str, Option] = {}
    profile: Annotated[
        str, Meta(max_length=40, description="fixes the protocol; else the scale's own is used")
    ] = ""
    ask: bool = False


Prefix = Annotated[str, Meta(pattern=r"^2[0-9]$", description="two digits, 20 to 29")]


class LabelLayout(msgspec.Struct, frozen=True):
    """How the labels of the shops' scales are laid out; see hardware.ean13.Layout."""

    prefixes: Annotated[tuple[Prefix, ...], Meta(min_length=1)]
    carries: Literal["price", "weight"]
    decimals: Annotated[int, Meta(ge=0, le=9, description="places of the value; a weight is in kilograms")]
    item_digits: Annotated[int, Meta(ge=1, le=9)] = 5
    value_digits: Annotated[int, Meta(ge=1, le=9)] = 5
    inner_check: bool = False

    def __post_init__(self) -> None:
        try:
            self.layout()
        except Ean13Error as error:
            raise ValueError(str(error)) from error

    def layout(self) -> Layout:
        """The layout as the decoder takes it."""
        return Layout(
            prefixes=self.prefixes,
            carries=Carries(self.carries),
            item_digits=self.item_digits,
            value_digits=self.value_digits,
            decimals=self.decimals,
            inner_check=self.inner_check,
        )


class Scanner(msgspec.Struct, frozen=True):
    """The barcode scanner: a driver by name and its options; absent where none is fitted."""

    driver: Name
    options: dict[str, Option] = {}
    labels: tuple[LabelLayout, ...] = ()


class Printer(msgspec.Struct, frozen=True):
    """The slip printer: a driver by name and its options; absent where none is fitted.

    ``automatic``: every verdict is printed without being asked. ``font``, ``face``: what slips are set in.
    """

    driver: Name
    options: dict[str, Option] = {}
    automatic: bool = False
    font: str = str(SLIP_FONT)
    face: Annotated[int, Meta(ge=0, le=63, description="face in the font collection")] = SLIP_FACE


class Camera(msgspec.Struct, frozen=True):
    """The camera for what an inspector looks at: a driver by name and its options; absent where none."""

    driver: Name
    options: dict[str, Option] = {}


class Control(msgspec.Struct, frozen=True):
    """The daily check of the pan: the weight kept for it alone, and how long a check counts."""

    weight: Annotated[str, Meta(pattern=r"\S", max_length=80, description="id of a weight in that file")]
    every_h: Annotated[float, Meta(ge=1, le=168, description="hours")] = 24.0


class County(msgspec.Struct, frozen=True):
    """Where the record is delivered. ``ca``: PEM file of the only authorities whose certificates count.

    ``witnesses``: keys of second bodies, ``witnesses_needed`` of which must have cosigned its log; see
    docs/transparency-log.md. Where too few have, it is shown and recorded, and nothing is refused.
    """

    url: Annotated[str, Meta(pattern=r"^https?://[^\s]{1,200}$", description="http(s) address")]
    ca: Annotated[str, Meta(max_length=200, description="file, relative to this one")] = ""
    witnesses: Annotated[tuple[str, ...], Meta(max_length=MOST_WITNESSES)] = ()
    witnesses_needed: Annotated[int, Meta(ge=1, le=MOST_WITNESSES)] = 1

    def __post_init__(self) -> None:
        try:
            self.keys()
        except BadWitnesses as error:
            raise ValueError(str(error)) from error

    def keys(self) -> tuple[VerifierKey, ...]:
        """The keys by which the witnesses' cosignatures are known."""
        return read_witnesses(self.witnesses, self.witnesses_needed)


Phone = Annotated[str, Meta(pattern=r"^[0-9+() -]{0,24}$", description="a telephone number")]


class Stick(msgspec.Struct, frozen=True):
    """USB sticks that carry the record and what the county gives where there is no network.

    ``directory``: below it they are mounted (provisioning/udev); ``simulated``: a plain directory below it
    counts as a stick, for demonstrations.
    """

    directory: Annotated[str, Meta(min_length=1, max_length=200, description="a directory")]
    simulated: bool = False


class Complaints(msgspec.Struct, frozen=True):
    """Who takes complaints: the national line for consumers, and the market's office."""

    hotline: Phone = "12315"
    market: Phone = ""


class People(msgspec.Struct, frozen=True):
    """Those who sign in. ``sign_out_after_visit``: an inspector's session ends with the visit."""

    idle_s: Annotated[int, Meta(ge=60, le=3600, description="seconds without a touch until signed out")] = 300
    sign_out_after_visit: bool = False


class Law(msgspec.Struct, frozen=True):
    """Whose law packs are taken: the publishers' public keys, as ``steelyard law sign`` prints them."""

    publishers: Annotated[tuple[str, ...], Meta(max_length=8)] = ()

    def __post_init__(self) -> None:
        try:
            names = [key.name for key in self.keys()]
        except BadPublisher as error:
            raise ValueError(str(error)) from error
        if len(set(names)) != len(names):
            raise ValueError("publishers: each has a name of its own")

    def keys(self) -> tuple[VerifierKey, ...]:
        """The keys by which packs are believed."""
        return tuple(read_publisher(each) for each in self.publishers)


class Screen(msgspec.Struct, frozen=True):
    """The touchscreen."""

    language: Literal["zh", "bo", "en"] = "zh"
    size: Annotated[
        str, Meta(pattern=r"^\d{3,4}x\d{3,4}$", description="width x height in pixels, e.g. 800x480")
    ] = "800x480"
    fullscreen: bool = True
    idle_s: Annotated[int, Meta(ge=10, le=3600, description="seconds until the warning")] = 60


class Config(msgspec.Struct, frozen=True):
    """The whole file."""

    device: Device
    pan: Pan
    registry: str
    weights: str
    lead: Lead | None = None
    control: Control | None = None
    scanner: Scanner | None = None
    printer: Printer | None = None
    camera: Camera | None = None
    county: County | None = None
    stick: Stick | None = None
    screen: Screen = Screen()
    law: Law = Law()
    people: People = People()
    complaints: Complaints = Complaints()


class Loaded(msgspec.Struct, frozen=True):
    """A configuration with the place it came from and its SHA-256 (for the record)."""

    config: Config
    path: Path
    sha256: str

    def resolve(self, name: str) -> Path:
        """A path of the configuration, relative to the file."""
        return (self.path.parent / name).resolve()

    @property
    def data_dir(self) -> Path:
        return self.resolve(self.config.device.data_dir)

    @property
    def run_dir(self) -> Path:
        return self.resolve(self.config.device.run_dir)


def load(path: Path = DEFAULT_PATH) -> Loaded:
    """The configuration in ``path``; raises settings_file.BadSettings."""
    try:
        data = settings_file.read(path)
    except OSError as error:
        raise settings_file.BadSettings(f"{path}: cannot be read: {error.strerror}") from error
    config = settings_file.parse(data, Config, str(path))
    return Loaded(config, path.resolve(), settings_file.sha256(data))

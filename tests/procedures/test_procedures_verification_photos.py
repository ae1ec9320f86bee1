"""Photos of the appearance list: taken where there is a camera, never needed, all of them on record."""

import pytest
from examiner import Bench, Examiner

from firmware_app.procedures.events import GoBack, PhotoFailed, PhotoTaken, Picked
from firmware_app.procedures.page import Shot
from firmware_app.procedures.verification.photos import MOST_FAILED, MOST_PHOTOS
from firmware_app.procedures.verification.procedure import Verification

AT = "2026-11-23T09:00:00+08:00"


def photo(number: int = 7) -> PhotoTaken:
    return PhotoTaken(sha256=f"{number:064x}", size=212_345, at=AT, clock="battery")


def examiner(camera="simulated", **facts) -> Examiner:
    made = Examiner(Bench(), camera=camera, **facts)
    made.until("verif_look_all")
    return made


def beside(made) -> list[str]:
    return [option.id for option in made.visit.prompt.beside]


def take(made, event) -> None:
    """From the aim: the shutter, and what came of it."""
    made.tell(Picked("take_photo"))
    assert isinstance(made.visit.prompt.wants, Shot)
    made.tell(event)
    assert made.visit.prompt.key == "verif_photo"


def test_without_a_camera_none_is_offered_and_the_record_says_so() -> None:
    made = examiner(camera="")
    assert beside(made) == ["other"]
    made.tell(Picked("photo"))
    assert made.visit.prompt.key == "verif_look_all"
    made.run()
    body = made.visit.outcome.body
    assert (body["camera"], body["photos"], body["photos_failed"]) == ("none", [], [])


def test_a_photo_of_all_and_one_of_a_single_point_stand_on_record_with_hash_size_and_time() -> None:
    made = examiner()
    made.tell(Picked("photo"))
    take(made, photo(1))
    made.tell(Picked("photos_done"))
    made.tell(Picked("one_by_one"))
    while made.visit.state.step.what != "seal":
        made.tell(Picked("yes"))
    assert beside(made) == ["photo", "other"]
    made.tell(Picked("photo"))
    take(made, photo(2))
    made.tell(GoBack())
    assert made.visit.prompt.key == "verif_look" and made.visit.state.step.what == "seal"
    made.run()
    body = made.visit.outcome.body
    cited = {"bytes": 212_345, "at": AT, "clock": "battery"}
    assert body["camera"] == "simulated"
    assert body["photos"] == [
        {"of": "", "sha256": f"{1:064x}", **cited},
        {"of": "seal", "sha256": f"{2:064x}", **cited},
    ]


def test_a_camera_that_fails_is_said_and_the_verdict_is_as_without_it() -> None:
    made = examiner()
    made.tell(Picked("photo"))
    for why, problem in (
        ("silent", "silent"),
        ("disk_full", "disk_full"),
        ("no_camera", "failed"),
        ("?", "failed"),
    ):
        take(made, PhotoFailed(why))
        assert made.visit.prompt.problem == f"verif_photo_{problem}"
    made.tell(Picked("photos_done"))
    assert made.run().verdict == Examiner(Bench()).run().verdict
    assert made.visit.outcome.body["photos_failed"] == ["silent", "disk_full", "no_camera", "?"]


def test_what_fails_for_ever_has_a_bound_and_so_has_what_succeeds() -> None:
    made = examiner()
    made.tell(Picked("photo"))
    for _ in range(MOST_FAILED + 3):
        take(made, PhotoFailed("silent"))
    for number in range(MOST_PHOTOS):
        take(made, photo(number))
    take_it, done = made.visit.prompt.wants.options
    assert take_it.why_not and not done.why_not
    made.tell(Picked("take_photo"))
    assert made.visit.prompt.key == "verif_photo"
    assert (len(made.visit.state.photos), len(made.visit.state.photos_failed)) == (MOST_PHOTOS, MOST_FAILED)


def test_whoever_does_not_want_to_wait_goes_back_and_what_comes_later_is_nobodys() -> None:
    made = examiner()
    made.tell(Picked("photo"))
    made.tell(Picked("take_photo"))
    made.tell(GoBack())
    made.tell(photo())
    assert made.visit.state.photos == ()


def test_after_a_power_cut_nobody_takes_a_photo_of_what_is_no_longer_there() -> None:
    made = examiner()
    made.tell(Picked("photo"))
    take(made, photo())
    made.tell(Picked("take_photo"))
    again = Verification.restore(made.context, made.visit.snapshot())
    assert again.prompt.key == "verif_photo" and again.prompt.problem == "verif_photo_failed"
    assert again.state.photos == made.visit.state.photos


@pytest.mark.parametrize("camera", ["", "simulated"])
def test_a_camera_changes_nothing_else_of_the_record(camera) -> None:
    made, plain = Examiner(Bench(), camera=camera), Examiner(Bench())
    made.run()
    plain.run()
    own = ("camera",)
    one, other = made.visit.outcome.body, plain.visit.outcome.body
    assert {k: v for k, v in one.items() if k not in own} == {k: v for k, v in other.items() if k not in own}

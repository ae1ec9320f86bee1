"""What must hold of the weights and of the pan before anything is judged by them.

Rules this file obeys:

* Pure: what the appliance senses, and what its keeper has said, comes with the context.
* The order is that of the answer: the first condition that fails is the reason that is given.
* Codes of reasons are those the screens know already (``way_why_not``, ``reason``).
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from firmware_app.procedures.capability.answer import Condition, Held, Looked
from firmware_app.procedures.context import Context
from firmware_app.quantity import Grams, plain
from firmware_app.standards.sets import Piece
from firmware_app.uncertainty.decision import CAPABILITY, capable
from hardware.loadcell.contract import Fault

LOWEST_C, HIGHEST_C = -10.0, 40.0
"""Where a weighing instrument that states no range must work (OIML R 76-1:2006 3.9.2.1)."""
HELP_FOR = {
    "control_due": "do_control_check",
    "control_failed": "call_keeper",
    "control_weight_expired": "renew_certificate",
    "control_unreadable": "call_keeper",
}
TENTH = Decimal("0.1")


def weights_at_hand(context: Context, pieces: tuple[Piece, ...], limit_g: Grams | None) -> tuple[Looked, ...]:
    """There, in date, and fine enough: the sum of the tolerances within ``limit_g``, where one is given.

    ``limit_g``: a third of the initial MPE of the load (OIML R 76-1:2006 3.7.1).
    """
    there = (
        _held(Condition.WEIGHTS_AT_HAND)
        if pieces
        else _failed(Condition.WEIGHTS_AT_HAND, "no_weights", "bring_weights")
    )
    late = sorted(piece.id for piece in pieces if piece.unusable(context.on))
    dated = (
        _failed(Condition.WEIGHTS_IN_DATE, "weights_expired", "renew_certificate", ", ".join(late))
        if late
        else _held(Condition.WEIGHTS_IN_DATE)
    )
    if not pieces:
        return (there,)
    if limit_g is None:
        return there, dated
    sum_g = sum((piece.tolerance_g for piece in pieces), Decimal(0))
    value = f"{plain(sum_g)} g"
    fine = (
        _held(Condition.WEIGHTS_FINE_ENOUGH, value)
        if sum_g <= limit_g
        else _failed(Condition.WEIGHTS_FINE_ENOUGH, "weights_unfit", "finer_weights", value)
    )
    return there, dated, fine


def pan_ready(context: Context, fault: Fault | None = None, unfit: str = "") -> tuple[Looked, ...]:
    """The appliance's own pan: fitted, working, fit, in control, warm, level, inside its range.

    ``fault`` and ``unfit``: what the pan says now, where that is newer than the context.
    """
    if context.pan is None:
        return (_failed(Condition.PAN_AT_HAND, "no_pan", "use_weights"),)
    fault = fault or context.pan_fault
    works = (
        _held(Condition.PAN_WORKS)
        if fault is None
        else _failed(Condition.PAN_WORKS, "pan_fault", "use_weights", fault.value)
    )
    fit = _failed(Condition.PAN_FIT, "pan_unfit", "use_weights", unfit) if unfit else _held(Condition.PAN_FIT)
    return _held(Condition.PAN_AT_HAND), works, fit, _control(context), *surroundings(context)


def surroundings(context: Context) -> tuple[Looked, ...]:
    """Warm, level, inside the temperature range; what nobody can tell is said to be not observed."""
    around = context.surroundings
    if around.on_s is None:
        warm = Looked(condition=Condition.WARM, held=Held.NOT_OBSERVED)
    else:
        minutes = f"{around.on_s / 60:.0f} min"
        warm = (
            _held(Condition.WARM, minutes)
            if around.on_s >= around.warm_up_s
            else _failed(Condition.WARM, "not_warm", "wait_warm", minutes)
        )
    if around.level is None:
        level = Looked(condition=Condition.LEVEL, held=Held.NOT_OBSERVED)
    else:
        level = _held(Condition.LEVEL) if around.level else _failed(Condition.LEVEL, "not_level", "level_it")
    if around.temperature_c is None:
        range_ = Looked(condition=Condition.TEMPERATURE, held=Held.NOT_OBSERVED)
    else:
        value = f"{around.temperature_c:.1f} °C"
        inside = LOWEST_C <= around.temperature_c <= HIGHEST_C
        range_ = (
            _held(Condition.TEMPERATURE, value)
            if inside
            else _failed(Condition.TEMPERATURE, "outside_temperature", "use_weights", value)
        )
    return warm, level, range_


def known_well_enough(expanded_g: Grams, limit_g: Grams) -> Looked:
    """U(k = 2) of the reference side at most a third of the limit (JCGM 106:2012 8.2.3)."""
    value = f"{plain(expanded_g)} g"
    if capable(expanded_g, limit_g):
        return _held(Condition.UNCERTAINTY, value)
    return _failed(Condition.UNCERTAINTY, "reference_not_capable", "finer_reference", value)


def ratio(expanded_g: Grams, limit_g: Grams) -> str:
    """Limit over U, rounded down to a tenth so that what fails 3 never reads 3.0; empty for no U."""
    if not expanded_g:
        return ""
    exact = limit_g / expanded_g
    # A thousand times finer than asked is said as such: more digits would say nothing.
    return plain(min(exact, CAPABILITY * 1000).quantize(TENTH, ROUND_DOWN))


def _control(context: Context) -> Looked:
    controlled = context.controlled
    if controlled.lock:
        return _failed(
            Condition.PAN_IN_CONTROL, controlled.lock, HELP_FOR.get(controlled.lock, "call_keeper")
        )
    if controlled.state == "not_configured":
        return Looked(condition=Condition.PAN_IN_CONTROL, held=Held.NOT_OBSERVED)
    return _held(Condition.PAN_IN_CONTROL, controlled.state)


def _held(condition: Condition, value: str = "") -> Looked:
    return Looked(condition=condition, held=Held.HELD, value=value)


def _failed(condition: Condition, reason: str, help_: str, value: str = "") -> Looked:
    return Looked(condition=condition, held=Held.NOT_HELD, value=value, reason=reason, help=help_)

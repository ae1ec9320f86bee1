"""What the evaluation of budgets raises."""

from __future__ import annotations

from firmware_app.errors import SteelyardError


class BudgetError(SteelyardError):
    """A budget has no answer: root of everything that its evaluation raises."""


class BadExpression(BudgetError):
    """The model is no expression of ours; the message says at which character and what to write instead."""


class NoValue(BudgetError):
    """The model has no value for these inputs: a division by zero, the root of a negative number."""


class BadBudget(BudgetError):
    """A budget file cannot be used; the message names file and key and says what is expected."""


class NotDifferentiable(BudgetError):
    """The model has a value but no slope there, so that there is no first order."""

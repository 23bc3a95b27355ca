"""Timers: renew subscriptions, send what a crash left behind, ask what no event told, settle and forget."""

import azure.functions as func

from shared.telemetry import Event, log
from shared.wiring import connector

blueprint = func.Blueprint()


@blueprint.function_name("renew_subscriptions")
@blueprint.timer_trigger(arg_name="timer", schedule="0 */10 * * * *", run_on_startup=False)
def renew_subscriptions(timer: func.TimerRequest) -> None:
    """Every ten minutes: prolong subscriptions at half life, make missing ones anew."""
    connector().upkeep.renew_subscriptions()
    done("renew_subscriptions", timer)


@blueprint.function_name("sweep_writebacks")
@blueprint.timer_trigger(arg_name="timer", schedule="30 * * * * *", run_on_startup=False)
def sweep_writebacks(timer: func.TimerRequest) -> None:
    """Every minute: send batons that were lost with their message."""
    connector().upkeep.sweep()
    done("sweep_writebacks", timer)


@blueprint.function_name("reconcile_visits")
@blueprint.timer_trigger(arg_name="timer", schedule="45 */5 * * * *", run_on_startup=False)
def reconcile_visits(timer: func.TimerRequest) -> None:
    """Every five minutes: ask Microsoft who was in calls that are over, and add what no event told."""
    done("reconcile_visits", timer, connector().reconcile.run())


@blueprint.function_name("settle_visits")
@blueprint.timer_trigger(arg_name="timer", schedule="15 */5 * * * *", run_on_startup=False)
def settle_visits(timer: func.TimerRequest) -> None:
    """Every five minutes: forget the people of visits that are over."""
    connector().upkeep.settle()
    done("settle_visits", timer)


@blueprint.function_name("remove_orphans")
@blueprint.timer_trigger(arg_name="timer", schedule="45 20 2 * * *", run_on_startup=False)
def remove_orphans(timer: func.TimerRequest) -> None:
    """Every day: delete blobs of notifications that no queue message points to any more."""
    parts = connector()
    done("remove_orphans", timer, parts.batches.remove_orphans(parts.now()))


@blueprint.function_name("forget_departed")
@blueprint.timer_trigger(arg_name="timer", schedule="40 */5 * * * *", run_on_startup=False)
def forget_departed(timer: func.TimerRequest) -> None:
    """Every five minutes: delete what is left of organisations that leave."""
    done("forget_departed", timer, connector().leaving.go_on())


@blueprint.function_name("rotate_keys")
@blueprint.timer_trigger(arg_name="timer", schedule="15 40 2 * * *", run_on_startup=False)
def rotate_keys(timer: func.TimerRequest) -> None:
    """Every day: see whether signing keys or the certificate are old, and whether older ones may go."""
    parts = connector()
    parts.keys.rotate(parts.now())
    done("rotate_keys", timer)


def done(name: str, timer: func.TimerRequest, count: int = 0) -> None:
    """Log that a timer's work is done, and how much of it there was where that is counted."""
    log(Event.UPKEEP_DONE, function=name, reason="past due" if timer.past_due else "on time", count=count)

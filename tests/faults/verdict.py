"""Whether the EHRs were told right: while they are told, and when all is quiet.

The rules are those of `docs/presence.md`, written down here a second time and looked at from outside.
"""

from __future__ import annotations

import itertools
from datetime import timedelta

from shared.identifiers import PEOPLE, ConnectionKey
from shared.presence.model import LATE, OVERTAKEN, THERE, TOO_OLD, Participant, State, Status, Writeback
from shared.visits.model import Phase, Visit
from shared.visits.ports import StatusMessage
from tests.faults.stage import TELLS, Heard, Meeting, Stage
from tests.faults.truth import Story, facts_known_of, story
from tests.support.fakes import START
from tests.support.house import DEBOUNCE

A_MOMENT = timedelta(minutes=5)
HALF_A_DAY = timedelta(hours=12)
NOTED = frozenset({Status.DELIVERED, Status.GIVEN_UP})


class Verdict:
    """Looks at a stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._seen = 0
        stage.teller.rule = self.while_telling

    # While it is told

    def while_telling(self, connection: ConnectionKey, message: StatusMessage) -> None:
        """A status call leaves: it is for this tenant, true as far as anybody knows, in order, and not misleading."""
        meeting = self._stage.meetings[message.session_id]
        assert meeting.connection == connection, "the EHR of another tenant hears of a visit"
        assert message.user.external_id.startswith(connection.tenant.tenant[:4]), "… or of a person"
        person = self._stored(meeting, message.user.external_id)
        visit = self._stage.visits.kept[meeting.key]
        steps = story(facts_known_of(person, visit.ends), DEBOUNCE)
        mine = (message.state, message.at)
        assert mine in steps, f"told what is not so: {mine} of {steps}"
        assert message.state in self._stage.teller.words[connection], "told in a word that the EHR does not have"
        if TELLS[connection]:
            self._check_chronicle(meeting, person, steps, message)
        else:
            self._check_present(meeting, person, steps, message)

    def _check_chronicle(self, meeting: Meeting, person: Participant, steps: Story, message: StatusMessage) -> None:
        fates = {(one.state, one.at) for one in person.writebacks if one.status in NOTED}
        before = [step for step in steps if step[1] < message.at and step not in fates]
        assert not before, f"{message.state} is told before {before}"
        others = [one for one in self.heard(meeting, message.user.external_id) if one.message.key != message.key]
        again = [one for one in others if (one.message.state, one.message.at) == (message.state, message.at)]
        assert not again or steps[-1] == (message.state, message.at), f"{message.state} is told twice"

    def _check_present(self, meeting: Meeting, person: Participant, steps: Story, message: StatusMessage) -> None:
        now = self._stage.clock()
        mine = (message.state, message.at)
        position = steps.index(mine)
        assert message.state not in THERE or now - message.at <= HALF_A_DAY, "somebody is shown who left long ago"
        words = self._stage.teller.words[meeting.connection]
        following = [one for one in steps[position + 1 :] if message.state in THERE or one[0] in words]
        if following:
            state, at = following[0]
            held = DEBOUNCE if state is State.DISCONNECTED else timedelta()
            assert now - message.at <= A_MOMENT or at + held > now, "told what something else followed long ago"
        later = [one for one in person.writebacks if one.at > message.at and one.status in NOTED]
        assert not later or mine == steps[-1], "told the past, and not as a correction"
        fates = {(one.state, one.at) for one in person.writebacks if one.is_settled}
        before = [step for step in steps[:position] if step not in fates]
        assert not before, f"{message.state} is told before {before}"

    # After every step

    def look_at_writes(self) -> None:
        """Every write since the last look: what is not told has a reason that holds; tenants stay apart."""
        history = self._stage.visits.history
        for before, after in history[self._seen :]:
            keys = {meeting.key for meeting in self._stage.meetings.values()}
            assert after.key in keys
            for key, person in after.participants.items():
                old = before.participants.get(key) if before else None
                for one in person.writebacks[len(old.writebacks) if old else 0 :]:
                    self._check_reason(one)
                for one, was in zip(person.writebacks, old.writebacks if old else (), strict=False):
                    if was.status is not one.status:
                        self._check_reason(one)
                    assert (was.state, was.at, was.sequence) == (one.state, one.at, one.sequence)
                    assert was.status is not Status.DELIVERED or one == was, "what was delivered is rewritten"
                ours = person.external_id.startswith(after.key.connection.tenant.tenant[:4])
                assert ours or not person.external_id
        self._seen = len(history)
        for pointer, _ in self._stage.house.pointers.sent:
            assert pointer.participant in self._stage.visits.kept[pointer.visit].participants

    def _check_reason(self, one: Writeback) -> None:
        age = self._stage.clock() - one.at
        assert one.reason != OVERTAKEN or age > A_MOMENT
        assert one.reason != TOO_OLD or age > HALF_A_DAY

    # When all is quiet

    def pronounce(self) -> None:
        """Of all visits that are not forgotten."""
        for meeting in self._stage.meetings.values():
            visit = self._stage.visits.kept.get(meeting.key)
            if visit and visit.phase is not Phase.SETTLED:
                assert not any(one.baton for one in visit.participants.values())
                self.pronounce_on(meeting, visit)

    def pronounce_on(self, meeting: Meeting, visit: Visit) -> None:
        """Every person of a visit: what is on record is what happened, and the EHR has heard it."""
        people = {one.external_id: one for one in visit.participants.values() if one.role in PEOPLE}
        if meeting.reopened > START:
            # Of somebody who was forgotten before, nobody can say any more whom the EHR heard of.
            people.pop("", None)
        for name, person in people.items():
            facts = {fact for fact in meeting.known.get(name, ()) if fact.at >= meeting.reopened}
            steps = story(facts, DEBOUNCE)
            assert steps == story(facts_known_of(person, visit.ends), DEBOUNCE), "not all that was told is kept"
            assert all(one.is_settled for one in person.writebacks)
            assert person.state is (steps[-1][0] if steps else person.state)
            missing = [step for step in steps if not any((one.state, one.at) == step for one in person.writebacks)]
            assert not missing, f"nowhere on record: {missing}"
            heard = self.heard(meeting, name)
            keys = {one.message.key for one in heard}
            for one in person.writebacks:
                key = f"{meeting.key.session}.{person.key}.{one.sequence}"
                assert one.status is not Status.DELIVERED or key in keys, "delivered, they say"
            if TELLS[meeting.connection]:
                self._judge_chronicle(steps, heard, person)
            else:
                self._judge_present(meeting, steps, heard, person)

    def _judge_chronicle(self, steps: Story, heard: list[Heard], person: Participant) -> None:
        told = {(one.message.state, one.message.at) for one in heard}
        given_up = [one for one in person.writebacks if one.status is Status.GIVEN_UP]
        told |= {(one.state, one.at) for one in given_up}
        assert [step for step in steps if step not in told] == []
        refuted = {one for one in told if one not in steps and one[1] >= (steps[0][1] if steps else one[1])}
        # What was taken back when it had been due for a while may have been heard: then the truth is told once more.
        doubts = any(one.status is Status.NOT_NEEDED and one.last_try for one in person.writebacks)
        by_key = {one.message.key: (one.message.state, one.message.at) for one in heard}
        words = list(by_key.values())
        again = [position for position, what in enumerate(words) if what in words[:position]]
        if not refuted and not given_up and not doubts:
            once = sorted({what for what in words if what in steps}, key=lambda what: what[1])
            assert once == steps, "not each of them"
            # What is told once more takes something back that was told in between.
            for position in again:
                since = words[words.index(words[position]) + 1 : position]
                assert any(state is not words[position][0] for state, _ in since), "told twice without a reason"
        if steps and not given_up:
            newest = max(range(len(words)), key=lambda position: (words[position][1], position))
            last_word = max([newest, *again])
            late = [state for state, _ in words[last_word:] if state is steps[-1][0]]
            assert late, "the last word is not the truth"

    def _judge_present(self, meeting: Meeting, steps: Story, heard: list[Heard], person: Participant) -> None:
        now = self._stage.clock()
        last = self._last_word(meeting, person, heard)
        for position, (state, at) in enumerate(steps):
            fates = [one for one in person.writebacks if (one.state, one.at) == (state, at)]
            final = fates[-1]
            if final.reason == OVERTAKEN:
                assert position + 1 < len(steps)
            if final.reason == LATE:
                assert any(one.message.at >= at for one in heard) or any(
                    one.at >= at for one in person.writebacks if one.status is Status.GIVEN_UP
                )
        words = self._stage.teller.words[meeting.connection]
        said = [step for step in steps if step[0] in words]
        if not said or said[-1][0] is last:
            return
        state, at = said[-1]
        assert now - at > HALF_A_DAY, f"the last word is {last}, and the truth {state}"
        assert state in THERE or last is None

    def _last_word(self, meeting: Meeting, person: Participant, heard: list[Heard]) -> State | None:
        """What the EHR heard last, or would have if it had not refused for good."""
        keys = {one.message.key for one in heard}
        keys |= {
            f"{meeting.key.session}.{person.key}.{one.sequence}"
            for one in person.writebacks
            if one.status is Status.GIVEN_UP
        }
        calls = [one.message for one in self._stage.teller.asked[meeting.connection] if one.message.key in keys]
        return calls[-1].state if calls else None

    def heard(self, meeting: Meeting, person: str) -> list[Heard]:
        """What the EHR of that visit has heard of that person in it."""
        return [
            one
            for one in self._stage.teller.heard[meeting.connection]
            if one.message.session_id == meeting.session and one.message.user.external_id == person
        ]

    def _stored(self, meeting: Meeting, person: str) -> Participant:
        people = self._stage.visits.kept[meeting.key].participants.values()
        return next(one for one in people if one.external_id == person)


def in_effect(heard: list[Heard]) -> list[State]:
    """What is left of a log for an EHR that shows the last state: the same state twice in a row is one."""
    return [state for state, _ in itertools.groupby(one.message.state for one in heard)]

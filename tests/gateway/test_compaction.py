"""`argent sessions compact` and `argent sessions compactions`."""

from tests.gateway.shared import Argent, Ask, Record


def _filled(argent: Argent, record: Record, messages: int = 12) -> str:
    lines = [
        {"session": "ann", "at": f"2020-01-01T00:{number:02}:00Z", "text": f"{number}: " + "word " * 60}
        for number in range(messages)
    ]
    assert argent("replay", record(*lines))[0] == 0
    return "ann"


def test_a_compaction_is_listed_with_what_came_of_it(argent: Argent, ask: Ask, record: Record) -> None:
    session = _filled(argent, record)
    assert argent("sessions", "compactions", session) == (0, "No compaction was tried.\n", "")
    status, out, _ = argent("sessions", "compact", session)
    assert status == 0
    assert "tokens, by extractive, in" in out
    (attempt,) = ask("sessions", "compactions", session)
    assert attempt["status"] == "compacted"
    assert attempt["after"] < attempt["before"]
    head, row = argent("sessions", "compactions", session)[1].splitlines()
    assert head.split() == ["TIME", "(UTC)", "STATUS", "TOKENS", "METHOD", "SECONDS", "REASON"]
    assert f"compacted  {attempt['before']} → {attempt['after']}  extractive" in row
    assert ask("sessions", "info", session)["compaction"] == attempt
    assert f"{attempt['before']} → {attempt['after']} tokens" in argent("sessions", "info", session)[1]


def test_one_that_gains_nothing_fails_with_a_sentence_and_is_listed_too(
    argent: Argent, ask: Ask, record: Record
) -> None:
    session = _filled(argent, record, 1)
    status, out, err = argent("sessions", "compact", session)
    assert (status, out) == (1, "")
    assert "was not compacted: there are no" in err
    assert [each["status"] for each in ask("sessions", "compactions", session)] == ["nothing_to_compact"]
    assert "nothing to compact" in argent("sessions", "compactions", session)[1]


def test_a_preview_shows_the_summary_and_changes_nothing(argent: Argent, ask: Ask, record: Record) -> None:
    session = _filled(argent, record)
    before = ask("sessions", "info", session)
    status, out, err = argent("sessions", "compact", session, "--preview", "--keep", "4")
    assert (status, err) == (0, "")
    assert "8 messages would be replaced, 4 messages kept" in out or "would be replaced, 4 messages kept" in out
    assert "Nothing was changed." in out
    assert "in quotes chosen without a model" in out
    assert ask("sessions", "info", session) == before
    shown = ask("sessions", "compact", session, "--preview", "--keep", "4")
    assert shown["kept"] == 4


def test_the_latest_messages_are_kept_as_was_asked(argent: Argent, ask: Ask, record: Record) -> None:
    session = _filled(argent, record)
    before = ask("sessions", "history", session)
    assert argent("sessions", "compact", session, "--keep", "5", "--focus", "boats")[0] == 0
    assert ask("sessions", "history", session) == before[-5:]
    assert ask("sessions", "compactions", session)[0]["focus"] == "boats"

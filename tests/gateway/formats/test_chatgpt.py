"""The export of ChatGPT."""

import base64
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.formats.shared import ABOUT_MASTS, SAMPLES, WHICH, Write, blocks, read_all, times, told

SAMPLE = SAMPLES / "chatgpt.json"


def node(parent: str | None, role: str = "", text: Any = "", at: float | None = None, **more: Any) -> dict[str, Any]:
    content = {"content_type": "text", "parts": [text]}
    message = {"author": {"role": role}, "content": content, "create_time": at, **more} if role else None
    return {"parent": parent, "message": message, "children": []}


def conversation(current: str | None, **nodes: Any) -> dict[str, Any]:
    return {"title": "T", "conversation_id": "c", "current_node": current, "mapping": nodes}


def test_the_branch_of_the_current_node_is_read_in_order_with_its_times() -> None:
    masts, which = read_all(SAMPLE).found
    assert (told(masts), told(which)) == (ABOUT_MASTS, WHICH)
    assert times(masts) == [
        "2026-03-02T09:01:00+00:00",
        "2026-03-02T09:01:05.123456+00:00",
        "2026-03-02T09:01:20+00:00",
        "2026-03-02T09:01:21+00:00",
    ]
    assert [each.transcript.title for each in (masts, which)] == ["Masts", "Taller"]
    assert masts.transcript.session == "69a55555-0000-8000-8000-000000000001"
    assert masts.transcript.messages[0].id == "u1"


def test_thoughts_calls_and_results_are_kept() -> None:
    masts = read_all(SAMPLE).found[0]
    assert blocks(masts)[1:3] == [["thinking", "tool_use"], ["tool_result"]]
    assert masts.transcript.messages[1].content[1] == {
        "type": "tool_use",
        "id": "call",
        "name": "python",
        "input": {"code": "print(open('mast.txt').read())"},
    }


def test_what_is_left_out_is_listed_by_line_and_reason() -> None:
    assert read_all(SAMPLE).left_out == [
        (2, "a message of another branch"),
        (2, "a message of another branch"),
        (2, "a note of the program"),
        (2, "an attachment that is not in the file: 'masts.pdf'"),
        (2, "an image that is not in the file: 'file-service://file-1'"),
    ]


def test_the_system_message_before_all_others_is_the_system_prompt(write: Write) -> None:
    nodes = {
        "s": node(None, "system", "Be brief."),
        "a": node("s", "user", "a", 1),
        "t": node("a", "system", "Be kind.", 2),
        "b": node("t", "assistant", "b", 3),
    }
    reading = read_all(write(conversation("b", **nodes)))
    assert reading.only.transcript.system == "Be brief."
    assert told(reading.only) == [("user", "a"), ("assistant", "b")]
    assert reading.left_out == [(1, "a further system message")]


def test_without_a_current_node_the_latest_message_is_where_the_conversation_stands(write: Write) -> None:
    nodes = {"r": node(None), "a": node("r", "user", "a", 1), "b": node("a", "assistant", "b", 3)}
    other = {"c": node("a", "assistant", "c", 2)}
    reading = read_all(write(conversation(None, **nodes, **other)))
    assert told(reading.only) == [("user", "a"), ("assistant", "b")]


def test_a_node_whose_parent_is_missing_follows_what_was_said_before_it(write: Write) -> None:
    nodes = {"a": node(None, "user", "a", 1), "b": node("a", "assistant", "b", 2), "c": node("lost", "user", "c", 3)}
    assert told(read_all(write(conversation("c", **nodes))).only) == [("user", "a"), ("assistant", "b"), ("user", "c")]


def test_nodes_in_a_circle_are_read_once(write: Write) -> None:
    nodes = {"a": node("b", "user", "a", 1), "b": node("a", "assistant", "b", 2)}
    assert told(read_all(write(conversation("b", **nodes))).only) == [("user", "a"), ("assistant", "b")]


def test_damaged_nodes_cost_themselves(write: Write) -> None:
    nodes: dict[str, Any] = {
        "a": node(None, "user", "a", 1),
        "b": {"parent": "a", "message": "text"},
        "c": node("b", "assistant", "c", 2, content=None),
        "d": {"parent": "c", "message": {"author": 7, "content": {"parts": ["x"]}}},
        "e": node("d", "assistant", {"content_type": "holograph"}, 3),
        "f": node("e", "assistant", "f", "soon"),  # type: ignore[arg-type]
        "g": 17,
    }
    reading = read_all(write(conversation("f", **nodes)))
    assert told(reading.only) == [("user", "a"), ("assistant", "f")]
    assert [reason for _, reason in reading.left_out] == [
        "a message that is no object",
        "a message of the role ''",
        "a part of a message of the type 'holograph'",
        "a time that is the text 'soon'",
    ]


def test_of_an_export_that_is_cut_off_what_came_before_is_taken(write: Write) -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    masts, which = read_all(write(text[: text.index("The first, by")], name="cut.json")).found
    assert (told(masts), told(which)) == (ABOUT_MASTS, WHICH[:1])


def test_several_answers_of_a_tool_are_one_result(write: Write) -> None:
    nodes = {
        "a": node(None, "user", "a", 1),
        "b": node("a", "assistant", json.dumps({"prompt": "a mast"}), 2, recipient="dalle.text2im", id="b"),
        "c": node("b", "tool", "one", 3),
        "d": node("c", "tool", "two", 4),
        "e": node("d", "assistant", "e", 5),
    }
    found = read_all(write(conversation("e", **nodes))).only
    assert found.transcript.messages[1].content[0]["input"] == {"prompt": "a mast"}
    assert found.transcript.messages[2].content == (
        {"type": "tool_result", "tool_use_id": "b", "content": "one\n\ntwo"},
    )


def test_conversations_in_an_object_and_thoughts_that_are_a_text_are_taken(write: Write) -> None:
    thoughts = node("a", "assistant", None, 2, content={"content_type": "thoughts", "thoughts": "hm"})
    nodes = {"a": node(None, "user", "a", 1), "b": thoughts, "c": node("b", "assistant", "c", 3)}
    found = read_all(write({"conversations": [conversation("c", **nodes)], "version": 1})).only
    assert blocks(found) == ["a", ["thinking", "text"]]


PNG = b"\x89PNG\r\n\x1a\n and so on"
PDF = b"%PDF-1.4 and so on"


def image(pointer: str) -> dict[str, Any]:
    return {"content_type": "image_asset_pointer", "asset_pointer": pointer}


def base64_of(data: bytes, media_type: str) -> dict[str, str]:
    return {"type": "base64", "media_type": media_type, "data": base64.b64encode(data).decode()}


@pytest.mark.parametrize("packed", [True, False], ids=["archive", "folder"])
def test_pictures_and_documents_of_the_export_are_taken(tmp_path: Path, *, packed: bool) -> None:
    shown = {"content_type": "multimodal_text", "parts": [image("file-service://file-Ab1"), "Look:"]}
    came = [
        {"id": "file-Ab1", "name": "mast.png"},
        {"id": "file-Cd2", "name": "masts.pdf"},
        {"id": "file-Ef3", "name": "masts.docx"},
        {"id": "file-C", "name": "other.pdf"},
    ]
    drawn = {"content_type": "multimodal_text", "parts": [image("sediment://file_0001")]}
    nodes = {
        "a": node(None, "user", "", 1, metadata={"attachments": came}),
        "b": node("a", "assistant", "Draw a mast", 2, recipient="dalle.text2im"),
        "c": node("b", "tool", "", 3),
        "d": node("c", "assistant", "Here it is.", 4),
    }
    nodes["a"]["message"]["content"], nodes["c"]["message"]["content"] = shown, drawn
    files = {
        "conversations.json": json.dumps([conversation("d", **nodes)]).encode(),
        "file-Ab1-mast.png": PNG,
        "file-Cd2-masts.pdf": PDF,
        "file-Ef3-masts.docx": b"PK of an office",
        "dalle-generations/file_0001-x.webp": b"RIFF....WEBP and so on",
    }
    path = tmp_path / "conversations.json"
    if packed:
        path = tmp_path / "export.zip" / "conversations.json"
        with zipfile.ZipFile(path.parent, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
    else:
        (tmp_path / "dalle-generations").mkdir()
        for name, data in files.items():
            (tmp_path / name).write_bytes(data)
    reading = read_all(path)
    asked, _, answered, _ = reading.only.transcript.messages
    assert list(asked.content) == [
        {"type": "document", "source": base64_of(PDF, "application/pdf"), "title": "masts.pdf"},
        {"type": "image", "source": base64_of(PNG, "image/png")},
        {"type": "text", "text": "Look:"},
    ]
    (result,) = answered.content
    assert result["content"] == [{"type": "image", "source": base64_of(b"RIFF....WEBP and so on", "image/webp")}]
    assert [reason for _, reason in reading.left_out] == [
        "an attachment that is not in the file: 'masts.docx'",
        "an attachment that is not in the file: 'other.pdf'",
    ]

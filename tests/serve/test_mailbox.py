"""What waits for a slow client, and in which order it goes."""

from __future__ import annotations

from headrace.serve.sse import Mailbox


def test_the_first_epoch_does_not_overtake_the_tiles_left_before_it() -> None:
    mailbox = Mailbox(interval=0.1, spacing={"epoch": 1.0}, clock=lambda: 0.0)
    mailbox.put("a", b"a")
    assert mailbox._take(0.0)[0] == b"a"
    mailbox.put("b", b"b")
    mailbox.put("epoch", b"1")
    assert mailbox._take(0.05)[0] == b""
    assert mailbox._take(0.1)[0] == b"b1"


def test_later_epochs_do_not_wait_for_tiles() -> None:
    mailbox = Mailbox(interval=10.0, spacing={"epoch": 1.0}, clock=lambda: 0.0)
    mailbox.put("a", b"a")
    mailbox.put("epoch", b"1")
    assert mailbox._take(0.0)[0] == b"a1"
    mailbox.put("a", b"b")
    mailbox.put("epoch", b"2")
    assert mailbox._take(0.5)[0] == b""
    assert mailbox._take(1.0)[0] == b"2"

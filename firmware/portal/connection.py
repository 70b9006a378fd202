"""A client of the pages, from its connection to its end."""

TYPE_CHECKING = False  # as the type checker reads it
if TYPE_CHECKING:
    from asyncio import Task

BUSY = b"HTTP/1.0 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
_LATE = b"HTTP/1.0 408 Too slow\r\nContent-Length: 0\r\n\r\n"


class Connection:
    """A client, and the address it has. `due`: the tick at which it is cut, None for never;
    `began`: the tick at which its turn came, None if it has none; `waits`: for its turn; `asked`:
    there is a request that is being answered; `feed`: it is to last, and has a place of its own;
    `lent`: (module, arguments of its run() behind the server and the connection) that answers when
    the application has done its part, and is out of the way.
    """

    late = asked = told = feed = waits = False
    task: "Task | None" = None
    began = lent = None

    def __init__(self, stream, address, due):
        self.stream = stream
        self.address = address
        self.due = due

    def cut(self, words=_LATE) -> None:
        """End it, and say why if nothing has been said yet."""
        self.late = True
        if not self.told:
            self.say(words)
        self.task.cancel()

    def say(self, words) -> None:
        """Send this if it can be sent at once."""
        try:
            self.stream.s.write(words)
        except OSError:
            pass

"""A webhook receiver that uses as little CPU as possible: `python -m bench.receiver FILE`; prints its port.

Answers every POST with 200 and notes path, webhook-id and body's `data` name in the file, a line each.
`GET /` answers when all that came before is in the file.
"""

import asyncio
import re
import sys
from typing import IO

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
MESSAGE = re.compile(rb"webhook-id: *(\S+)", re.IGNORECASE)
NAME = re.compile(rb'"name": ?"([^"]*)"')
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Receiver(asyncio.Protocol):
    """One connection."""

    def __init__(self, file: IO[bytes]):
        self.file, self.got = file, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport                  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self.got += data
        while (end := self.got.find(b"\r\n\r\n")) >= 0:
            head = self.got[:end]
            found = LENGTH.search(head)
            whole = end + 4 + (int(found[1]) if found else 0)
            if len(self.got) < whole:
                return
            self.note(head, self.got[end + 4 : whole])
            self.got = self.got[whole:]
            self.transport.write(ANSWER)

    def note(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET"):
            self.file.flush()
            return
        message, name = MESSAGE.search(head), NAME.search(body)
        path = head.split(b" ", 2)[1]
        self.file.write(b"\t".join((path, message[1] if message else b"", name[1] if name else b"")) + b"\n")


async def main(path: str) -> None:
    with open(path, "ab") as file:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Receiver(file), "127.0.0.1", 0, backlog=512)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

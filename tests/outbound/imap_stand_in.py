"""A server that speaks as much IMAP as the mailbox needs."""

import re
import socketserver
import threading
from contextlib import contextmanager


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self, mails):
        super().__init__(("127.0.0.1", 0), Session)
        self.mails = {str(uid): content for uid, content in enumerate(mails, 1)}
        self.flags = {uid: set() for uid in self.mails}
        self.password = "secret"
        self.forgets = False                        # closes the connection instead of marking a mail


class Session(socketserver.StreamRequestHandler):
    def say(self, *lines):
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def handle(self):
        self.say("* OK ready")
        for raw in self.rfile:
            tag, _, command = raw.decode().strip().partition(" ")
            if self.answer(tag, command) is False:
                return

    def answer(self, tag, command):
        server, word = self.server, command.upper()
        if word.startswith("CAPABILITY"):
            self.say("* CAPABILITY IMAP4rev1", f"{tag} OK done")
        elif word.startswith("LOGIN"):
            self.say(f"{tag} OK signed in" if server.password in command else f"{tag} NO wrong password")
        elif word.startswith("SELECT"):
            self.say(f"* {len(server.mails)} EXISTS", f"{tag} OK done")
        elif word.startswith("UID SEARCH"):
            new = [uid for uid, flags in server.flags.items() if "\\Seen" not in flags]
            self.say(f"* SEARCH {' '.join(new)}", f"{tag} OK done")
        elif word.startswith("UID FETCH"):
            content = server.mails[re.match(r"UID FETCH (\d+)", command)[1]]
            self.wfile.write(f"* 1 FETCH (UID 1 BODY[]<0> {{{len(content)}}}\r\n".encode() + content + b")\r\n")
            self.say(f"{tag} OK done")
        elif word.startswith("UID STORE"):
            if server.forgets:
                return False
            uid, flags = re.match(r"UID STORE (\d+) \+FLAGS \((.*)\)", command).groups()
            server.flags[uid] |= set(flags.split())
            self.say(f"{tag} OK done")
        else:
            self.say("* BYE", f"{tag} OK done")
            return False
        return True


@contextmanager
def serving(mails):
    with Server(mails) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()

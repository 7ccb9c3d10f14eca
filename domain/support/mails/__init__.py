"""The mails of tickets: answers that go out, replies that come in."""

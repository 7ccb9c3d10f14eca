"""Finds the words of a reply: without the mail that it quotes, and without the signature.

What is cut off is known by how mail programs write it: marks at the beginning of lines, a line that says who wrote
when, or a block of headers. An answer between the lines of what it answers stays as it is. Where nothing would be
left, all of it stays.
"""

import re
from collections.abc import Sequence

LONGEST_SIGNATURE = 12                  # lines
LONGEST_ATTRIBUTION = 4                 # lines over which "On … wrote:" may run
LONGEST_LINE = 400                      # characters of a line that may say who wrote
LOOK_AHEAD = 7                          # lines in which the headers of a quoted mail stand

WROTE = (
    r"wrote|writes|schrieb|a\s+écrit|écrit|escribió|escreveu|ha\s+scritto|scrisse|schreef|skrev|napisał(?:\(a\)|a)?|"
    r"kirjoitti|написал(?:\(а\)|а)?|napsal(?:\(a\)|a)?|a\s+scris|yazdı|έγραψε|írta|пише|写道|寫道"
)
BEGINS = r"On|Am|Le|El|Em|Il|Op|Den|På|W dniu|Dnia|Dne|Pe|Στις|Le\s+\w+|At"
ATTRIBUTION = re.compile(
    rf"^\s*(?:(?:{BEGINS})\b.{{4,300}}?(?:{WROTE})\b.{{0,120}}?|.{{2,300}}?<[^<>\s]+@[^<>\s]+>.{{0,60}}?(?:{WROTE})|"
    rf".{{2,200}}?(?:写道|寫道|のメール|さんは書きました))\s*[:：]?\s*$", re.IGNORECASE | re.DOTALL)
DATED = re.compile(r"\d{1,4}[./:\-年,]|\d{4}|@")
ORIGINAL = re.compile(
    r"^\s*[-_*]{2,}\s*(?:Original[ -]?(?:Message|Appointment|Nachricht)|Ursprüngliche Nachricht|Reply message|"
    r"Message d['’]origine|Message original|Mensaje original|Mensagem original|Messaggio originale|"
    r"Oorspronkelijk bericht|Oprindelig meddelelse|Ursprungligt meddelande|Opprinnelig melding|"
    r"Wiadomość oryginalna|Původní zpráva|Исходное сообщение|Alkuperäinen viesti|原始邮件|元のメッセージ)\s*[-_*]{2,}",
    re.IGNORECASE)
FROM = re.compile(r"^\s*\*?(?:From|Von|De|Da|Van|Från|Fra|Od|Lähettäjä|От|发件人|差出人)\s*:\*?\s*\S", re.IGNORECASE)
OTHER = re.compile(
    r"^\s*\*?(?:Sent|Date|To|Cc|Subject|Gesendet|Datum|An|Betreff|Envoyé|Date|À|A|Objet|Enviado(?: el)?|Fecha|Para|"
    r"Asunto|Assunto|Data|Inviato|Oggetto|Verzonden|Aan|Onderwerp|Skickat|Till|Ämne|Sendt|Til|Emne|Wysłano|Do|Temat|"
    r"Odesláno|Komu|Předmět|Дата|Кому|Тема|发送时间|收件人|主题)\s*:", re.IGNORECASE)
RULE = re.compile(r"^\s*_{20,}\s*$")
FORWARDED = re.compile(
    r"^\s*[-_]{2,}\s*(?:Forwarded message|Weitergeleitete Nachricht|Message transféré|Mensaje reenviado|"
    r"Messaggio inoltrato|Doorgestuurd bericht)|^\s*Begin forwarded message:", re.IGNORECASE)
FORWARDS = re.compile(r"\s*(?:fwd?|wg|tr|rv|enc|doorst|vs|vb|i)\s*:", re.IGNORECASE)
SENT_FROM = re.compile(
    r"^\s*(?:Sent (?:from|with|via) (?:my |mail|outlook|yahoo|the |proton|samsung|gmail|\w+ ?(?:mail|app)\b).{0,80}|"
    r"Get Outlook for \S+.*|Von meinem .{1,60} gesendet|Gesendet (?:von|mit) .{1,60}|Envoyé (?:de|depuis) .{1,60}|"
    r"Enviado (?:desde|do|de) .{1,60}|Inviato da .{1,60}|Verstuurd vanaf .{1,60}|Verzonden vanaf .{1,60}|"
    r"Skickat från .{1,60}|Sendt fra .{1,60}|Wysłane z .{1,60}|Отправлено с .{1,60})\s*$", re.IGNORECASE)


def is_forward(subject: str) -> bool:
    """Whether a subject says that the mail forwards another one, which then belongs to it."""
    return FORWARDS.match(subject) is not None


def words_of(text: str) -> str:
    """What the sender wrote. What is said to be forwarded belongs to it."""
    lines = [line.rstrip() for line in text.replace("\u00a0", " ").split("\n")]
    if any(FORWARDED.match(line) for line in lines):
        return text.strip()
    kept = _without_signature(_without_trailing_quote(_before_original(lines)))
    kept = _without_leading_quote(_without_signature(_without_trailing_quote(kept)))
    return "\n".join(kept).strip() or text.strip()


def _before_original(lines: Sequence[str]) -> list[str]:
    """The lines before the mail that is quoted whole, with its headers instead of marks."""
    for place, line in enumerate(lines):
        if ORIGINAL.match(line) or _is_header_block(lines, place):
            before = list(lines[:place])
            while before and (not before[-1] or RULE.match(before[-1])):
                before.pop()
            if any(one and not one.startswith(">") for one in before):
                return before
    return _before_unmarked(lines)


def _is_header_block(lines: Sequence[str], place: int) -> bool:
    """Whether the headers of a quoted mail begin here: From, and at least two others."""
    if not FROM.match(lines[place]):
        return False
    following = [line for line in lines[place + 1:place + 1 + LOOK_AHEAD] if line]
    return sum(bool(OTHER.match(line)) for line in following) >= 2


def _before_unmarked(lines: Sequence[str]) -> list[str]:
    """The lines before "On … wrote:" behind which the quote has no marks."""
    for place in range(len(lines)):
        length = _attribution(lines, place)
        if not length:
            continue
        following = next((line for line in lines[place + length:] if line), "")
        if not following.startswith(">") and DATED.search(" ".join(lines[place:place + length])) and any(lines[:place]):
            return list(lines[:place])
    return list(lines)


def _attribution(lines: Sequence[str], place: int) -> int:
    """How many lines from here say who wrote when; 0 where none does."""
    if not lines[place] or lines[place].startswith(">") or len(lines[place]) > LONGEST_LINE:
        return 0
    for length in range(1, LONGEST_ATTRIBUTION + 1):
        part = lines[place:place + length]
        said = " ".join(part)
        if len(part) < length or not all(part) or len(said) > LONGEST_LINE:
            return 0
        if said.endswith((":", "：")) and ATTRIBUTION.match(said):
            return length
    return 0


def _without_trailing_quote(lines: Sequence[str]) -> list[str]:
    """Without marked lines at the end, and the line before them that says who wrote."""
    kept = _stripped(lines)
    end = len(kept)
    while end and (kept[end - 1].startswith(">") or not kept[end - 1]):
        end -= 1
    if end == len(kept):
        return kept
    return _stripped(_without_attribution_at_end(kept[:end]))


def _without_attribution_at_end(lines: list[str]) -> list[str]:
    for length in range(1, min(LONGEST_ATTRIBUTION, len(lines)) + 1):
        if _attribution(lines, len(lines) - length) == length:
            return lines[:-length]
    return lines


def _without_leading_quote(lines: Sequence[str]) -> list[str]:
    """Without what is quoted above the answer; where there are answers between quotes, all of it stays."""
    kept = _stripped(lines)
    start = _attribution(kept, 0) if kept else 0
    place = start
    while place < len(kept) and (kept[place].startswith(">") or not kept[place]):
        place += 1
    rest = kept[place:]
    if not any(line.startswith(">") for line in kept[start:place]) or any(line.startswith(">") for line in rest):
        return kept
    return rest or kept


def _without_signature(lines: Sequence[str]) -> list[str]:
    """Without a signature at the end: behind the line of two dashes, or what a phone adds."""
    kept = _stripped(lines)
    for place in range(len(kept) - 1, max(-1, len(kept) - 2 - LONGEST_SIGNATURE), -1):
        if kept[place] == "--" and any(kept[:place]):
            kept = _stripped(kept[:place])
            break
    while len(kept) > 1 and SENT_FROM.match(kept[-1]):
        kept = _stripped(kept[:-1])
    return kept


def _stripped(lines: Sequence[str]) -> list[str]:
    """Without empty lines at both ends."""
    kept = list(lines)
    while kept and not kept[-1]:
        kept.pop()
    while kept and not kept[0]:
        del kept[0]
    return kept

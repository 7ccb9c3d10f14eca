"""What a reader sees of a page, without markup."""

import re


def text_of(page):
    """The words of a part of a page; of a whole page, of what it shows in `main`."""
    main = page[page.index("<main"):] if "<main" in page else page
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"<svg.*?</svg>", "", main, flags=re.DOTALL)))

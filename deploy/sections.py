"""docs/benchmarks.md as a list of sections, each written by the script that measures it and by no other."""

import os
import platform
import time

PAGE = "docs/benchmarks.md"
HEAD = """# Benchmarks

Each section names the command that measured and wrote it. Shared machines vary from minute to minute: compare
ratios within one run, not figures between runs.
"""


def machine():
    """Where and when, for the head of a section."""
    return (f"{os.cpu_count()} cores, {platform.machine()}, Linux {platform.release()}; nodes and load generator "
            f"share them; {time.strftime('%Y-%m-%d')}")


def sections(text):
    """Title and body of every section, in order."""
    found = []
    for part in ("\n" + text).split("\n## ")[1:]:
        title, _, body = part.partition("\n")
        found.append((title.strip(), body.strip()))
    return found


def write_section(title, body):
    """Replaces the section of that title, or adds it at the end."""
    known = sections(open(PAGE).read()) if os.path.exists(PAGE) else []
    body = body.strip()
    if title in [known_title for known_title, _ in known]:
        known = [(other, body if other == title else text) for other, text in known]
    else:
        known.append((title, body))
    with open(PAGE, "w") as page:
        page.write(HEAD + "".join(f"\n## {title}\n\n{body}\n" for title, body in known))

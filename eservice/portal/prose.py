"""Long texts of the office, e.g. the privacy notice: headings, paragraphs and lists from plain lines."""

from dataclasses import dataclass, field
from enum import StrEnum


class BlockKind(StrEnum):
    """What a block is shown as."""

    TITLE = "title"
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST = "list"


@dataclass
class Block:
    """A heading or paragraph with one line, or a list with its items."""

    kind: BlockKind
    lines: list[str] = field(default_factory=list)


def read_blocks(text: str) -> list[Block]:
    """Reads `# title`, `## heading`, `- item` and plain lines; nothing else is markup."""
    blocks: list[Block] = []
    for raw in text.splitlines():
        line = raw.strip()
        if not line:
            continue
        if line.startswith("- "):
            if not blocks or blocks[-1].kind is not BlockKind.LIST:
                blocks.append(Block(BlockKind.LIST))
            blocks[-1].lines.append(line[2:].strip())
        elif line.startswith("# "):
            blocks.append(Block(BlockKind.TITLE, [line[2:].strip()]))
        elif line.startswith("## "):
            blocks.append(Block(BlockKind.HEADING, [line[3:].strip()]))
        else:
            blocks.append(Block(BlockKind.PARAGRAPH, [line]))
    return blocks
